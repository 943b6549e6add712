#include "farm/master/image-lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/cli.h"

/* QEMU's bytes: from PERMITTED on for what one does, from UNSHARED on for what no other may do.
 * The numbers are those of its BLK_PERM_…. */
enum { PERMITTED = 100, UNSHARED = 200 };
enum { READ = 0, WRITE = 1, WRITE_UNCHANGED = 2, RESIZE = 3, N_PERMISSIONS };

static struct flock lock_of(short type, off_t byte)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
}

/* Take a byte: shared by all who say the same of themselves. */
static int take(int fd, off_t byte)
{
	struct flock lock = lock_of(F_RDLCK, byte);

	return fcntl(fd, F_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

/* Does another hold that byte? */
static int is_held(int fd, off_t byte)
{
	struct flock lock = lock_of(F_WRLCK, byte);

	if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
		return -errno;
	return lock.l_type != F_UNLCK;
}

static int take_all(int fd, bool write)
{
	int r = take(fd, PERMITTED + READ);

	if (r == 0 && write)
		r = take(fd, PERMITTED + WRITE);
	if (r == 0 && write)
		r = take(fd, UNSHARED + READ);
	for (int p = WRITE; r == 0 && p < N_PERMISSIONS; p++)
		r = take(fd, UNSHARED + p);
	return r;
}

/* 1: what another does or forbids is not compatible with that. */
static int conflicts(int fd, bool write)
{
	int r = write ? is_held(fd, PERMITTED + READ) : 0;

	for (int p = WRITE; r == 0 && p < N_PERMISSIONS; p++)
		r = is_held(fd, PERMITTED + p);
	if (r == 0)
		r = is_held(fd, UNSHARED + READ);
	return r == 0 && write ? is_held(fd, UNSHARED + WRITE) : r;
}

/* --- loop devices --- */

/* Xen has no such locks: a guest's disk is a loop device there. So are our own mounts, of which the
 * kernel may take a moment to remove the last one. Not even two readers can each mount one. */
#define LOOP_TRIES 20
static const struct timespec loop_pause = { 0, 100000000 };

static bool is_loop_of(const char *name, const struct stat *image)
{
	char path[64];
	AUTO_CLOSE int fd = -1;
	struct loop_info64 info;

	snprintf(path, sizeof(path), "/dev/%.40s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && ioctl(fd, LOOP_GET_STATUS64, &info) == 0 &&
	       info.lo_device == image->st_dev && info.lo_inode == image->st_ino;
}

/* The name of one that has the file; "" if none has. */
static void find_loop(const struct stat *image, char name[static 64])
{
	AUTO_CLOSEDIR DIR *devices = opendir("/sys/block");
	const struct dirent *d;

	name[0] = '\0';
	while (!name[0] && devices && (d = readdir(devices)) != NULL)
		if (strncmp(d->d_name, "loop", 4) == 0 && is_loop_of(d->d_name, image))
			snprintf(name, 64, "%.40s", d->d_name);
}

static int check_loops(int fd, const char *path)
{
	struct stat image;
	char name[64];

	if (fstat(fd, &image) < 0)
		return cli_error(-errno, "%s", path);
	find_loop(&image, name);
	for (int i = 0; name[0] && i < LOOP_TRIES; i++) {
		nanosleep(&loop_pause, NULL);
		find_loop(&image, name);
	}
	return name[0] ? -cli_error(EBUSY,
				 "%s is in use by /dev/%s: a guest of Xen has it, or it is "
				 "mounted; "
				 "stop that first",
				 path, name)
		       : 0;
}

/* --- who --- */

static bool has_open(const char *process, const struct stat *image)
{
	char path[300];
	AUTO_CLOSEDIR DIR *dir = NULL;
	struct dirent *d;
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%s/fd", process);
	dir = opendir(path);
	while (dir && (d = readdir(dir)) != NULL)
		if (fstatat(dirfd(dir), d->d_name, &st, 0) == 0 && st.st_ino == image->st_ino &&
			st.st_dev == image->st_dev)
			return true;
	return false;
}

static void name_of(const char *process, char name[static 64])
{
	char path[300];
	AUTO_CLOSE int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/comm", process);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, name, 63);
	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
}

/* Owners of such locks are not recorded: look for one who has the file open. */
static int say_user(int fd, const char *path)
{
	AUTO_CLOSEDIR DIR *processes = opendir("/proc");
	struct dirent *d;
	struct stat image;
	char name[64];

	if (fstat(fd, &image) < 0)
		return cli_error(-errno, "%s", path);
	while (processes && (d = readdir(processes)) != NULL) {
		if (d->d_name[0] < '1' || d->d_name[0] > '9' || atoi(d->d_name) == getpid() ||
			!has_open(d->d_name, &image))
			continue;
		name_of(d->d_name, name);
		return -cli_error(EBUSY, "%s is in use by %s, process %s; stop it first", path,
			name, d->d_name);
	}
	return -cli_error(EBUSY, "%s is in use, by a process that cannot be seen from here", path);
}

int image_lock(const char *path, bool write)
{
	int fd = open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC), r;

	if (fd < 0)
		return cli_error(-errno, "%s", path);
	/* First say what we do, then look at others: of two at once, at least one gives way. */
	r = take_all(fd, write);
	if (r == 0)
		r = conflicts(fd, write);
	if (r == 0)
		r = check_loops(fd, path);
	else
		r = r > 0 ? say_user(fd, path) : cli_error(r, "%s cannot be locked", path);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}
