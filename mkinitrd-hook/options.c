#include "mkinitrd-hook/options.h"

#include "mkinitrd-hook/command.h"

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char options_help[] =
	"      --root DIR           tree that holds lib/modules/VERSION and boot (default: /)\n"
	"      --platform LIST      xen, kvm, all (default: all)\n"
	"      --fs LIST            file systems of roots: ext4, xfs, btrfs (default: ext4)\n"
	"      --add LIST           more modules\n"
	"      --firmware           what these modules name, from ROOT/lib/firmware\n"
	"      --tree DIR           more files, laid out as in the initrd (default:\n"
	"                           ROOT/etc/xenfarm/initrd.d, if it is there)\n"
	"      --pub FILE           the share's public key\n"
	"      --init FILE          xf-init to use\n"
	"      --shutdown FILE      xf-shutdown to use\n"
	"      --busybox FILE|none  static busybox for debug shells (default: ROOT/bin/busybox,\n"
	"                           else /bin/busybox, if static)\n"
	"      --compress NAME      gzip, xz, zstd, lz4, none\n"
	"      --level N            of compression (default: gzip 9, xz 6, zstd 19, lz4 9)\n"
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
	OPT_KERNEL,
	OPT_PLATFORM,
	OPT_FS,
	OPT_ADD,
	OPT_FIRMWARE,
	OPT_TREE,
	OPT_PUB,
	OPT_INIT,
	OPT_SHUTDOWN,
	OPT_BUSYBOX,
	OPT_COMPRESS,
	OPT_LEVEL,
	OPT_KEEP_COMPRESSED,
	OPT_DRY_RUN,
	OPT_JSON,
	OPT_END
};

static const struct option long_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "platform", required_argument, NULL, OPT_PLATFORM },
	{ "fs", required_argument, NULL, OPT_FS },
	{ "add", required_argument, NULL, OPT_ADD },
	{ "firmware", no_argument, NULL, OPT_FIRMWARE },
	{ "tree", required_argument, NULL, OPT_TREE },
	{ "pub", required_argument, NULL, OPT_PUB },
	{ "init", required_argument, NULL, OPT_INIT },
	{ "shutdown", required_argument, NULL, OPT_SHUTDOWN },
	{ "busybox", required_argument, NULL, OPT_BUSYBOX },
	{ "compress", required_argument, NULL, OPT_COMPRESS },
	{ "level", required_argument, NULL, OPT_LEVEL },
	{ "keep-compressed", no_argument, NULL, OPT_KEEP_COMPRESSED },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL },
};

/* A whole decimal number in [low, high]. */
static bool number(const char *text, unsigned long low, unsigned long high, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *value >= low && *value <= high;
}

static bool set_codec(struct options *options, const char *name)
{
	options->codec_given = name != NULL;
	options->initrd.codec = codec_named(name ? name : "gzip");
	if (options->initrd.codec || !strcmp(name, "none"))
		return true;
	warnx("--compress %s: unknown; expected gzip, xz, zstd, lz4 or none", name);
	return false;
}

/* Without --compress, exchange takes what is there: the lowest of the codecs' highest levels. */
static bool set_level(struct options *options, const char *text)
{
	const struct codec *codec = options->initrd.codec;
	unsigned long level = 0, high = codec ? (unsigned long)codec->level_max : 9;

	if (text && !number(text, 1, high, &level)) {
		warnx("--level %s: a number from 1 to %lu is expected", text, high);
		return false;
	}
	options->initrd.level = (int)level;
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

static bool set_mtime(struct options *options)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	unsigned long value = 0;

	if (text && !number(text, 0, UINT32_MAX, &value)) {
		warnx("SOURCE_DATE_EPOCH=%s: seconds since 1970 are expected", text);
		return false;
	}
	options->initrd.mtime = (uint32_t)value;
	return true;
}

bool options_check_version(const struct options *options)
{
	if (names_version_ok(options->initrd.version))
		return true;
	warnx("\"%s\": not a kernel's version; `uname -r` gives one, like 6.1.0-18-amd64",
		options->initrd.version);
	return false;
}

static void set_plain(struct options *options, char *const arg[static OPT_END])
{
	*options = (struct options){
		.output = arg['o'],
		.dry_run = arg[OPT_DRY_RUN],
		.json = arg[OPT_JSON],
		.quiet = arg['q'],
		.verbose = arg['v'],
		.initrd = {
			.root = without_slashes(arg[OPT_ROOT]),
			.version = arg[OPT_KERNEL],
			.init = arg[OPT_INIT],
			.shutdown = arg[OPT_SHUTDOWN],
			.busybox = arg[OPT_BUSYBOX],
			.pub = arg[OPT_PUB],
			.keep_compressed = arg[OPT_KEEP_COMPRESSED],
			.firmware = arg[OPT_FIRMWARE],
			.tree = arg[OPT_TREE] ? without_slashes(arg[OPT_TREE]) : NULL,
		},
	};
}

int options_parse(
	int argc, char **argv, const char *usage, const char *argument, struct options *options)
{
	static char given[] = "";
	char *arg[OPT_END] = { NULL }; /* by option: its argument, or "given" */
	int option;
	bool good = true;

	while ((option = getopt_long(argc, argv, "o:qvh", long_options, NULL)) != -1) {
		if (option == '?')
			good = false;
		else
			arg[option] = optarg ? optarg : given;
	}
	if (good && arg['h']) {
		printf("%s%s", usage, options_help);
		return EXIT_SUCCESS;
	}
	set_plain(options, arg);
	if (good && argc - optind != 1) {
		warnx("one %s is expected", argument);
		good = false;
	}
	options->argument = argv[optind];
	if (good && set_codec(options, arg[OPT_COMPRESS]) && set_level(options, arg[OPT_LEVEL]) &&
		set_mtime(options) &&
		set_names(&options->initrd.wanted, arg[OPT_PLATFORM], arg[OPT_FS], arg[OPT_ADD]))
		return -1;
	fprintf(stderr, "`xf-mkinitrd %s --help` tells the options.\n", argv[0]);
	return EXIT_USAGE;
}
