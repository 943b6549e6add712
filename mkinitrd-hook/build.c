/* xf-mkinitrd build: options, and the three steps: make, publish, report. */
#include "mkinitrd-hook/initrd.h"
#include "mkinitrd-hook/report.h"
#include "mkinitrd-hook/xf-mkinitrd.h"

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: xf-mkinitrd build [OPTION…] VERSION\n"
	"\n"
	"Make the initrd that boots a client from its share with the kernel VERSION.\n"
	"\n"
	"  -o, --output FILE        where to (default: ROOT/boot/xf-initrd-VERSION.img)\n"
	"      --root DIR           tree that holds lib/modules/VERSION and boot (default: /)\n"
	"      --platform LIST      xen, kvm, all (default: all)\n"
	"      --fs LIST            file systems of roots: ext4, xfs, btrfs (default: ext4)\n"
	"      --add LIST           more modules\n"
	"      --pub FILE           the share's public key\n"
	"      --init FILE          xf-init to use\n"
	"      --shutdown FILE      xf-shutdown to use\n"
	"      --busybox FILE|none  static busybox for debug shells (default: ROOT/bin/busybox,\n"
	"                           else /bin/busybox, if static)\n"
	"      --level N            gzip level, 1 … 9 (default: 9)\n"
	"      --keep-compressed    leave compressed modules as they are\n"
	"      --dry-run            make it, report, write nothing\n"
	"      --json               report as JSON\n"
	"  -q, --quiet              no report\n"
	"  -v, --verbose            also report the largest files\n"
	"  -h, --help               this text\n"
	"\n"
	"A LIST has commas. SOURCE_DATE_EPOCH sets the files' time (default: 0).\n";

enum {
	OPT_ROOT = 256,
	OPT_PLATFORM,
	OPT_FS,
	OPT_ADD,
	OPT_PUB,
	OPT_INIT,
	OPT_SHUTDOWN,
	OPT_BUSYBOX,
	OPT_LEVEL,
	OPT_KEEP_COMPRESSED,
	OPT_DRY_RUN,
	OPT_JSON,
	OPT_END
};

static const struct option long_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "platform", required_argument, NULL, OPT_PLATFORM },
	{ "fs", required_argument, NULL, OPT_FS },
	{ "add", required_argument, NULL, OPT_ADD },
	{ "pub", required_argument, NULL, OPT_PUB },
	{ "init", required_argument, NULL, OPT_INIT },
	{ "shutdown", required_argument, NULL, OPT_SHUTDOWN },
	{ "busybox", required_argument, NULL, OPT_BUSYBOX },
	{ "level", required_argument, NULL, OPT_LEVEL },
	{ "keep-compressed", no_argument, NULL, OPT_KEEP_COMPRESSED },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL },
};

/* What the command line asks for. */
struct request {
	struct initrd_options initrd;
	const char *output; /* NULL: the default */
	bool dry_run, json, quiet, verbose, help;
};

/* A whole decimal number in [low, high]. */
static bool number(const char *text, unsigned long low, unsigned long high, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *value >= low && *value <= high;
}

static bool set_level(struct request *request, const char *text)
{
	unsigned long level = 9;

	if (text && !number(text, 1, 9, &level)) {
		warnx("--level %s: a number from 1 to 9 is expected", text);
		return false;
	}
	request->initrd.level = (int)level;
	return true;
}

static const char *without_slashes(char *root)
{
	size_t length = root ? strlen(root) : 0;

	while (length && root[length - 1] == '/')
		root[--length] = '\0';
	return root ? root : "";
}

static bool add_groups(struct names *names, enum names_kind kind, char *list, const char *expected)
{
	for (char *word; (word = strsep(&list, ","));)
		if (names_add_group(names, kind, word)) {
			warnx("\"%s\": unknown; expected %s", word, expected);
			return false;
		}
	return true;
}

static bool add_modules(struct names *names, char *list)
{
	for (char *word; (word = strsep(&list, ","));) {
		int rc = names_add(names, word);

		if (rc) {
			warnx("--add \"%s\": %s", word,
				rc == -E2BIG ? "too many modules" : "not the name of a module");
			return false;
		}
	}
	return true;
}

static bool set_names(struct names *names, char *platforms, char *filesystems, char *modules)
{
	static char all[] = "all", ext4[] = "ext4";

	return !names_add_group(names, NAMES_BASE, NULL) &&
	       add_groups(names, NAMES_PLATFORM, platforms ? platforms : all,
		       "a platform: xen, kvm, all") &&
	       add_groups(names, NAMES_FILESYSTEM, filesystems ? filesystems : ext4,
		       "a file system: ext4, xfs, btrfs") &&
	       add_modules(names, modules);
}

static bool set_mtime(struct request *request)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	unsigned long value = 0;

	if (text && !number(text, 0, UINT32_MAX, &value)) {
		warnx("SOURCE_DATE_EPOCH=%s: seconds since 1970 are expected", text);
		return false;
	}
	request->initrd.mtime = (uint32_t)value;
	return true;
}

static bool set_version(struct request *request, int count, char **words)
{
	if (count != 1) {
		warnx("one kernel VERSION is expected, as `uname -r` gives it");
		return false;
	}
	request->initrd.version = words[0];
	if (names_version_ok(words[0]))
		return true;
	warnx("\"%s\": not a kernel's version; `uname -r` gives one, like 6.1.0-18-amd64",
		words[0]);
	return false;
}

/* Fill in the request. Returns false after a message if the command line is wrong. */
static bool parse(int argc, char **argv, struct request *request)
{
	static char given[] = "";
	char *arg[OPT_END] = { NULL }; /* by option: its argument, or "given" */
	int option;

	while ((option = getopt_long(argc, argv, "o:qvh", long_options, NULL)) != -1) {
		if (option == '?')
			return false;
		arg[option] = optarg ? optarg : given;
	}
	*request = (struct request){
		.output = arg['o'],
		.dry_run = arg[OPT_DRY_RUN],
		.json = arg[OPT_JSON],
		.quiet = arg['q'],
		.verbose = arg['v'],
		.help = arg['h'],
		.initrd = {
			.root = without_slashes(arg[OPT_ROOT]),
			.init = arg[OPT_INIT],
			.shutdown = arg[OPT_SHUTDOWN],
			.busybox = arg[OPT_BUSYBOX],
			.pub = arg[OPT_PUB],
			.keep_compressed = arg[OPT_KEEP_COMPRESSED],
		},
	};
	return request->help || (set_version(request, argc - optind, argv + optind) &&
					set_level(request, arg[OPT_LEVEL]) && set_mtime(request) &&
					set_names(&request->initrd.wanted, arg[OPT_PLATFORM],
						arg[OPT_FS], arg[OPT_ADD]));
}

static int publish(const struct request *request, const char *path, const struct initrd *initrd)
{
	int rc = request->dry_run ? 0 : blob_publish(&initrd->packed, path, 0644);

	if (rc)
		warnx("%s: not written: %s; what was there is kept", path, strerror(-rc));
	return rc;
}

static int report(const struct request *request, const char *path, const struct initrd *initrd)
{
	if (request->json)
		report_json(path, request->initrd.version, initrd);
	else if (!request->quiet)
		report_text(path, initrd, request->verbose, request->initrd.level);
	if (fflush(stdout) || ferror(stdout)) {
		warn("report");
		return -1;
	}
	return 0;
}

static int build(const struct request *request, const char *path)
{
	struct initrd initrd = { 0 };
	bool done = !initrd_make(&request->initrd, &initrd) && !publish(request, path, &initrd) &&
		    !report(request, path, &initrd);

	initrd_free(&initrd);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

int cmd_build(int argc, char **argv)
{
	struct request request;
	char path[PATH_MAX];

	if (!parse(argc, argv, &request)) {
		fputs("`xf-mkinitrd build --help` tells the options.\n", stderr);
		return EXIT_USAGE;
	}
	if (request.help) {
		fputs(help, stdout);
		return EXIT_SUCCESS;
	}
	if (request.output)
		return build(&request, request.output);
	if (snprintf(path, sizeof(path), "%s/boot/xf-initrd-%s.img", request.initrd.root,
		    request.initrd.version) >= PATH_MAX) {
		warnx("%s: path too long", request.initrd.root);
		return EXIT_FAILURE;
	}
	return build(&request, path);
}
