#include "initrd/switch.h"

#include "initrd/fail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* <linux/magic.h>; the rootfs is a ramfs if root= is on the command line, and a tmpfs if not */
#define RAMFS_MAGIC 0x858458f6
#define TMPFS_MAGIC 0x01021994

static bool runs_there(const char *dir, const char *path)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(chroot(dir) < 0 || chdir("/") < 0 || access(path, X_OK) < 0);
	if (pid > 0)
		waitpid(pid, &status, 0);
	return status == 0;
}

const char *switch_find_init(const char *dir, const char *wanted)
{
	/* init/main.c, kernel_init() */
	static const char *const names[] = { "/sbin/init", "/etc/init", "/bin/init", "/bin/sh" };

	if (wanted[0]) {
		if (runs_there(dir, wanted))
			return wanted;
		fail_note(-ENOENT, "check init= and that the share has it", "init=%s", wanted);
		return NULL;
	}
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (runs_there(dir, names[i]))
			return names[i];
	fail_note(-ENOENT, "the share or its layout lacks it", "no init in the root: /sbin/init");
	return NULL;
}

bool switch_is_initramfs(void)
{
	struct statfs fs;

	return statfs("/", &fs) == 0 &&
	       ((unsigned long)fs.f_type == RAMFS_MAGIC || (unsigned long)fs.f_type == TMPFS_MAGIC);
}

int switch_check(const char *dir)
{
	struct stat here, there, init;

	if (getpid() != 1)
		return fail_note(-EPERM, NULL, "not pid 1");
	if (stat("/", &here) < 0 || stat(dir, &there) < 0)
		return fail_note(-errno, NULL, "stat / and %s", dir);
	if (here.st_dev == there.st_dev)
		return fail_note(-EXDEV, NULL, "%s is not a mount point", dir);
	if (stat("/init", &init) < 0 || !S_ISREG(init.st_mode))
		return fail_note(-ENOENT, NULL, "no /init: / is not an initramfs");
	if (!switch_is_initramfs())
		return fail_note(-EINVAL, NULL, "/ is neither tmpfs nor ramfs");
	return 0;
}

static void delete_at(int dirfd, const char *name, dev_t device);

/* Closes fd when done. */
static void delete_inside(int fd, dev_t device)
{
	DIR *dir = fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		close(fd);
		return;
	}
	while ((d = readdir(dir)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			delete_at(fd, d->d_name, device);
	closedir(dir);
}

/* Never across a mount: only what is on the initramfs's own device. */
static void delete_at(int dirfd, const char *name, dev_t device)
{
	struct stat st;
	int fd;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != device)
		return;
	if (S_ISDIR(st.st_mode)) {
		fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			delete_inside(fd, device);
		unlinkat(dirfd, name, AT_REMOVEDIR);
	} else {
		unlinkat(dirfd, name, 0);
	}
}

int switch_root(const char *dir, const char *init, char **argv)
{
	struct stat here;
	int rootfs, console;

	if (chdir(dir) < 0 || stat("/", &here) < 0)
		return fail_note(-errno, NULL, "%s", dir);
	rootfs = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rootfs >= 0)
		delete_inside(rootfs, here.st_dev);
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return fail_note(-errno, NULL, "mount --move %s /", dir);
	if (chroot(".") < 0 || chdir("/") < 0)
		return fail_note(-errno, NULL, "chroot");
	console = open("/dev/console", O_RDWR);
	if (console >= 0) {
		dup2(console, STDIN_FILENO);
		dup2(console, STDOUT_FILENO);
		dup2(console, STDERR_FILENO);
		if (console > STDERR_FILENO)
			close(console);
	}
	argv[0] = (char *)init;
	execv(init, argv);
	return fail_note(-errno, "its dynamic loader must be in the root too: lib64 in the layout",
		"exec %s", init);
}
