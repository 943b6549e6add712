#include "initrd/test/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* AddressSanitizer asks for it; its search for leaks needs a /proc, which is not there. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* mount(2) itself: a test may have one of its own. */
static int kernel_mount(const char *source, const char *target, const char *type,
	unsigned long flags, const char *data)
{
	return (int)syscall(SYS_mount, source, target, type, flags, data);
}

static bool write_to(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0644);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

static void die(const char *what)
{
	printf("Bail out! sandbox: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void make_parents(const char *path)
{
	char part[256];

	for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		if (mkdir(part, 0755) && errno != EEXIST)
			die(part);
	}
}

void sandbox_file(const char *path, const char *text)
{
	make_parents(path);
	if (!write_to(path, O_CREAT | O_TRUNC, text ? text : ""))
		die(path);
}

/* Nodes cannot be made in a user namespace. */
static void bind_device(const char *path)
{
	char inside[64];

	snprintf(inside, sizeof(inside), "/tmp%s", path);
	sandbox_file(inside, NULL);
	if (kernel_mount(path, inside, NULL, MS_BIND, NULL))
		die(path);
}

const char *sandbox_enter(void)
{
	char uid[32], gid[32];

	snprintf(uid, sizeof(uid), "0 %u 1", getuid());
	snprintf(gid, sizeof(gid), "0 %u 1", getgid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS) ||
		!write_to("/proc/self/setgroups", 0, "deny") ||
		!write_to("/proc/self/uid_map", 0, uid) || !write_to("/proc/self/gid_map", 0, gid))
		return "user namespaces are not permitted here";
	if (kernel_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		kernel_mount("sandbox", "/tmp", "tmpfs", 0, "mode=755"))
		return "no tmpfs as root here";
	bind_device("/dev/null");
	bind_device("/dev/random");
	return chroot("/tmp") || chdir("/") ? "no chroot here" : NULL;
	return NULL;
}

void sandbox_mount(const char *directory)
{
	make_parents(directory);
	if ((mkdir(directory, 0755) && errno != EEXIST) ||
		kernel_mount("sandbox", directory, "tmpfs", 0, "mode=755"))
		die(directory);
}

const char *sandbox_read(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

bool sandbox_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind;
	while (syscall(SYS_umount2, path, MNT_DETACH) == 0)
		;
	if (at->level > 0)
		remove(path);
	return 0;
}

void sandbox_empty(const char *directory)
{
	nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
