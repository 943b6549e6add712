#include "farm/publish/boot-links.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/publish/keeptime.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/paths.h"

static int open_boot(int tree)
{
	return openat(tree, "boot", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool has_initrd(int boot, const char *version)
{
	char name[NAME_MAX + 16];
	struct stat st;

	snprintf(name, sizeof(name), "xf-initrd-%s.img", version);
	return fstatat(boot, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* Its version; "" if there is none. */
static int find_newest(int boot, char newest[static NAME_MAX + 1])
{
	static const char prefix[] = "vmlinuz-";
	int fd = openat(boot, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	newest[0] = '\0';
	if (!dir)
		return -errno;
	while ((d = readdir(dir)) != NULL) {
		const char *version = d->d_name + strlen(prefix);

		if (strncmp(d->d_name, prefix, strlen(prefix)) == 0 && has_initrd(boot, version) &&
			strverscmp(version, newest) > 0)
			strcpy(newest, version);
	}
	return 0;
}

static bool leads_to(int boot, const char *name, const char *target)
{
	char text[NAME_MAX + 32];
	ssize_t n = boot < 0 ? -1 : readlinkat(boot, name, text, sizeof(text));

	return n >= 0 && (size_t)n == strlen(target) && memcmp(text, target, (size_t)n) == 0;
}

static int make_link(int boot, int previous, const char *path, const char *target)
{
	const char *name = path + strlen("boot/");
	/* As a hard link, it is no change. */
	int r = leads_to(previous, name, target) ? linkat(previous, name, boot, name, 0)
						 : symlinkat(target, boot, name);

	return r < 0 ? -errno : 0;
}

int boot_links_make(int to, int previous)
{
	AUTO_CLOSE int boot = open_boot(to);
	AUTO_CLOSE int old = boot < 0 || previous < 0 ? -1 : open_boot(previous);
	char newest[NAME_MAX + 1], target[NAME_MAX + 32];
	int r;

	if (boot < 0)
		return 0;
	KEEPTIME(boot);
	r = find_newest(boot, newest);
	if (r < 0 || !*newest)
		return r < 0 ? cli_error(r, "boot/") : 0;
	snprintf(target, sizeof(target), "vmlinuz-%s", newest);
	r = make_link(boot, old, PATH_BOOT_KERNEL, target);
	if (r == 0) {
		snprintf(target, sizeof(target), "xf-initrd-%s.img", newest);
		r = make_link(boot, old, PATH_BOOT_INITRD, target);
	}
	return r < 0 ? cli_error(r, "links to kernel %s, in boot/", newest) : 0;
}
