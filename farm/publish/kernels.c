#include "farm/publish/kernels.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/output.h"
#include "farm/publish/keeptime.h"
#include "farm/publish/same-file.h"
#include "farm/share/treelist.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/spawn.h"

/* --- modules that clients still need --- */

/* lib/modules, with a merged /usr or without: an fd, or -errno. */
static int open_modules(int tree)
{
	int fd = fsroot_open(tree, "usr/lib/modules", O_RDONLY | O_DIRECTORY, 0);

	return fd == -ENOENT ? fsroot_open(tree, "lib/modules", O_RDONLY | O_DIRECTORY, 0) : fd;
}

static int link_modules(int from, int to, const char *version)
{
	AUTO_TREELIST struct treelist tree = { 0 };
	AUTO_FREE char *where = NULL;
	AUTO_CLOSE int top = openat(from, version, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = top < 0 ? -errno : treelist_read(top, &tree, &where);

	return r < 0 ? r : treelist_link(&tree, &tree.entry[0], top, to, version);
}

/* Find them in the newest generation that has them. */
static int open_modules_of(const struct share_store *share, const char *version)
{
	for (size_t i = share->n; i-- > 0;) {
		AUTO_CLOSE int tree = share_open_generation(share, share->generation[i]);
		int fd = tree < 0 ? tree : open_modules(tree);

		if (fd < 0)
			continue;
		if (faccessat(fd, version, F_OK, 0) == 0)
			return fd;
		close(fd);
	}
	return -ENOENT;
}

static int keep_modules(const struct share_store *share, const char *version, int to)
{
	AUTO_CLOSE int modules = open_modules(to), from = -1;
	int r;

	if (!*version || strchr(version, '/') || *version == '.')
		return -cli_error(EINVAL, "\"%s\" is not a kernel version", version);
	if (modules < 0)
		return cli_error(
			modules, "lib/modules of the new generation, for kernel %s", version);
	if (faccessat(modules, version, F_OK, 0) == 0)
		return 0;
	from = open_modules_of(share, version);
	if (from < 0)
		return -cli_error(
			ENOENT, "kernel %s is in use, but no generation has its modules", version);
	KEEPTIME(modules);
	r = link_modules(from, modules, version);
	return r < 0 ? cli_error(r, "keeping the modules of kernel %s", version) : 0;
}

int kernels_keep_modules(const struct share_store *share, const char *versions, int to)
{
	AUTO_FREE char *copy = strdup(versions);
	char *rest = copy, *version;
	int r = copy ? 0 : -ENOMEM;

	while (r == 0 && (version = strsep(&rest, ",")) != NULL)
		r = keep_modules(share, version, to);
	return r;
}

/* --- initrds --- */

#define ARGUMENTS_MAX 64

/* The program in our own directory, as after a build; otherwise the one in PATH. */
static const char *mkinitrd(char path[static PATH_MAX])
{
	static const char name[] = "xf-mkinitrd";
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - sizeof(name));
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return name;
	strcpy(slash + 1, name);
	return access(path, X_OK) == 0 ? path : name;
}

static int run_mkinitrd(const struct kernels_initrds *in, const char *version)
{
	char program[PATH_MAX];
	AUTO_FREE char *options = strdup(in->options);
	char *rest = options, *word;
	const char *argv[ARGUMENTS_MAX] = { mkinitrd(program), "build", "--quiet", "--root",
		in->tree, "--pub", in->pub };
	const struct spawn spawn = {
		.argv = argv, .out = -1, .kept = in->share->lock, .dies_with_parent = true
	};
	size_t n = 7;
	int status, r;

	if (!options)
		return -ENOMEM;
	while (n < ARGUMENTS_MAX - 2 && (word = strsep(&rest, " \t")) != NULL)
		if (*word)
			argv[n++] = word;
	argv[n] = version;
	r = spawn_run(&spawn, &status);
	if (r < 0)
		return cli_error(r, "cannot run xf-mkinitrd");
	if (status > 0)
		return -cli_error(EIO,
			"nothing was published: kernel %s has no initrd (--no-initrd publishes "
			"without initrds)",
			version);
	return 0;
}

static int make_initrd(const struct kernels_initrds *in, int modules, const char *version)
{
	char path[NAME_MAX + 32];
	int r;

	if (modules < 0 || faccessat(modules, version, F_OK, 0) < 0) {
		cli_error(0, "boot/vmlinuz-%s has no modules: no initrd is made for it", version);
		return 0;
	}
	r = run_mkinitrd(in, version);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "boot/xf-initrd-%s.img", version);
	r = same_file_link(in->previous, in->to, path);
	return r < 0 ? cli_error(r, "%s", path) : 0;
}

int kernels_make_initrds(const struct kernels_initrds *in)
{
	static const char prefix[] = "vmlinuz-";
	AUTO_CLOSE int modules = open_modules(in->to);
	int boot = openat(in->to, "boot", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	AUTO_CLOSEDIR DIR *dir = boot < 0 ? NULL : fdopendir(boot);
	size_t kernels = 0;
	struct dirent *d;

	if (dir) {
		KEEPTIME(boot);
		while (r == 0 && (d = readdir(dir)) != NULL) {
			if (strncmp(d->d_name, prefix, strlen(prefix)) != 0)
				continue;
			kernels++;
			r = make_initrd(in, modules, d->d_name + strlen(prefix));
		}
	}
	if (r == 0 && kernels == 0)
		output_line("no kernel in boot/: no initrd is made");
	return r;
}
