#include "farm/publish/kernel-names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/publish/keeptime.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"

static void drop(struct treelist *list, const char *path)
{
	struct treelist_entry *e = treelist_find(list, path, strlen(path));

	if (e)
		treelist_drop(list, (size_t)(e - list->entry));
}

static int make_name(int boot, int modules, const char *version, struct treelist *list)
{
	char kernel[NAME_MAX + 16], path[NAME_MAX + 16];
	const char *name = path + strlen("boot/");
	struct stat st;

	snprintf(kernel, sizeof(kernel), "%s/vmlinuz", version);
	snprintf(path, sizeof(path), "boot/vmlinuz-%s", version);
	if (fstatat(modules, kernel, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (fstatat(boot, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISLNK(st.st_mode))
			return 0;
		if (unlinkat(boot, name, 0) < 0)
			return cli_error(-errno, "%s", path);
		drop(list, path);
	}
	return linkat(modules, kernel, boot, name, 0) < 0 ? cli_error(-errno, "%s", path) : 0;
}

int kernel_names_make(int tree, struct treelist *list)
{
	AUTO_CLOSE int boot = fsroot_open(tree, "boot", O_RDONLY | O_DIRECTORY, 0);
	int modules = fsroot_open(tree, "usr/lib/modules", O_RDONLY | O_DIRECTORY, 0), r = 0;
	AUTO_CLOSEDIR DIR *dir = modules < 0 ? NULL : fdopendir(modules);
	struct dirent *d;

	if (boot < 0 || !dir)
		return 0;
	KEEPTIME(boot);
	while (r == 0 && (d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.')
			r = make_name(boot, modules, d->d_name, list);
	return r;
}
