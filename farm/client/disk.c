#include "farm/client/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/ssh/keygen.h"
#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/paths.h"
#include "lib/spawn.h"

#define MAKE_LIMIT 300 /* seconds for mke2fs(8) */

char *disk_path(const char *directory, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s" DISK_SUFFIX, directory, name) < 0 ? NULL : path;
}

/* --- what a file is --- */

/* The superblock of ext2, ext3 and ext4 (kernel: Documentation/filesystems/ext4/super.rst). */
enum {
	SUPERBLOCK = 1024, /* bytes from the start of the device */
	MOUNTED = 0x2c,    /* time of the last mount, 4 bytes */
	MAGIC = 0x38,      /* 0xef53, little-endian */
	UUID = 0x68,       /* 16 bytes */
	LABEL = 0x78,      /* 16 bytes */
};

static void format_uuid(const unsigned char *b, char text[static RECORD_UUID_SIZE])
{
	for (size_t i = 0; i < 16; i++)
		text += sprintf(
			text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
}

static enum disk_kind kind_of(const unsigned char *block, char uuid[static RECORD_UUID_SIZE])
{
	static const unsigned char never[4] = { 0 };
	char label[16] = DISK_LABEL;

	if (block[MAGIC] != 0x53 || block[MAGIC + 1] != 0xef ||
		memcmp(block + LABEL, label, sizeof(label)) != 0)
		return DISK_FOREIGN;
	format_uuid(block + UUID, uuid);
	return memcmp(block + MOUNTED, never, sizeof(never)) == 0 ? DISK_BLANK : DISK_USED;
}

int disk_look(const char *path, enum disk_kind *kind, char uuid[static RECORD_UUID_SIZE])
{
	unsigned char block[256];
	struct stat st;
	AUTO_CLOSE int fd = -1;

	*kind = DISK_ABSENT;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	*kind = DISK_FOREIGN;
	if (!S_ISREG(st.st_mode)) /* opening a device or a fifo can do something */
		return 0;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (pread(fd, block, sizeof(block), SUPERBLOCK) == sizeof(block))
		*kind = kind_of(block, uuid);
	return 0;
}

/* --- making one --- */

/* Not the name of any client's disk: one begins with a letter or digit. */
static char *unfinished_path(const char *path, const char *suffix)
{
	size_t n = (size_t)(strrchr(path, '/') + 1 - path);
	char *to;

	return asprintf(&to, "%.*s.%s.%s", (int)n, path, path + n, suffix) < 0 ? NULL : to;
}

/* --- what is on it --- */

static int read_host_key(const char *path, char key[static RECORD_HOST_KEY_SIZE])
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : buf_read(&text, fd, 4096);

	buf_add(&text, "", 1);
	if (r == 0 && text.failed)
		r = -ENOMEM;
	if (r == 0)
		snprintf(key, RECORD_HOST_KEY_SIZE, "%s", text.data);
	if (r == 0 && !record_is_host_key(key))
		r = -EINVAL;
	return r < 0 ? cli_error(r, "%s", path) : 0;
}

/*
 * What `ssh-keygen -A` makes, and sshd_config(5) takes by default: a client would make those that
 * it does not get, and an emulated one takes long for a pair of RSA keys. The last is the one that
 * the farm knows the client by.
 */
static const char *const key_types[] = { "rsa", "ecdsa", "ed25519" };

static int make_key(const char *directory, const char *type, const char *name,
	char key[static RECORD_HOST_KEY_SIZE])
{
	AUTO_FREE char *private = NULL;
	AUTO_FREE char *public = NULL;
	int r;

	if (asprintf(&private, "%s/ssh_host_%s_key", directory, type) < 0 ||
		asprintf(&public, "%s.pub", private) < 0)
		return cli_error(-ENOMEM, "%s", directory);
	r = ssh_keygen((const char *[]){
		"ssh-keygen", "-q", "-t", type, "-N", "", "-C", name, "-f", private, NULL });
	return r == 0 && strcmp(type, "ed25519") == 0 ? read_host_key(public, key) : r;
}

/* The keys are in a directory that only its owner can enter, here and on the disk. */
static int make_content(
	const char *content, const char *name, char key[static RECORD_HOST_KEY_SIZE])
{
	AUTO_FREE char *directory = NULL;
	int r = 0;

	if (asprintf(&directory, "%s/" PATH_HANDED_KEYS, content) < 0)
		return cli_error(-ENOMEM, "%s", content);
	if (mkdir(content, 0755) < 0 || mkdir(directory, 0700) < 0)
		return cli_error(-errno, "%s", directory);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(key_types); i++)
		r = make_key(directory, key_types[i], name, key);
	return r;
}

/* --- its file system --- */

static int make_file_system(const char *path, uint32_t size, const char *uuid, const char *content)
{
	char mib[16];
	/*
	 * The root directory is root's, whoever makes it. The file is new and has holes only:
	 * nobody has to write zeros, now or later.
	 */
	const char *const argv[] = { "mke2fs", "-q", "-F", "-t", "ext4", "-L", DISK_LABEL, "-U",
		uuid, "-E", "root_owner=0:0,assume_storage_prezeroed=1", "-d", content, path, mib,
		NULL };
	const struct spawn spawn = {
		.argv = argv, .out = -1, .kept = -1, .limit = MAKE_LIMIT, .dies_with_parent = true
	};
	int status, r;

	snprintf(mib, sizeof(mib), "%uM", size);
	r = spawn_run(&spawn, &status);
	if (r < 0)
		return cli_error(r, "mke2fs");
	return status > 0 ? -cli_error(EIO, "no disk was made: mke2fs failed for %s", path) : 0;
}

static int sync_file(int fd)
{
	return fsync(fd) < 0 ? -errno : 0;
}

/* On the disk before it has its name. */
static int make_unfinished(const char *path, uint32_t size, const char *uuid, const char *content)
{
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 || ftruncate(fd, (off_t)size << 20) < 0 ? -errno : 0;

	if (r < 0)
		return cli_error(r, "%s", path);
	r = make_file_system(path, size, uuid, content);
	if (r == 0 && (r = sync_file(fd)) < 0)
		cli_error(r, "%s", path);
	return r;
}

/* The directory of a path that has a slash; an fd or -errno. */
static int open_directory(const char *path)
{
	AUTO_FREE char *directory = strndup(path, (size_t)(strrchr(path, '/') - path) + 1);
	int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	return fd < 0 ? -errno : fd;
}

static int sync_directory(const char *path)
{
	AUTO_CLOSE int fd = open_directory(path);

	return fd < 0 ? fd : sync_file(fd);
}

int disk_make(const char *path, uint32_t size, const char *uuid, const char *name,
	char key[static RECORD_HOST_KEY_SIZE])
{
	AUTO_FREE char *unfinished = unfinished_path(path, "new");
	AUTO_FREE char *content = unfinished_path(path, "content");
	int r;

	if (!unfinished || !content)
		return cli_error(-ENOMEM, "%s", path);
	disk_sweep(path);
	r = make_content(content, name, key);
	if (r == 0)
		r = make_unfinished(unfinished, size, uuid, content);
	/* Not rename(2): that would replace a file that somebody made since it was looked for. */
	if (r == 0 && link(unfinished, path) < 0)
		r = cli_error(-errno, "%s", path);
	disk_sweep(path);
	if (r == 0 && (r = sync_directory(path)) < 0)
		cli_error(r, "%s", path);
	return r;
}

/* --- other names, and none --- */

int disk_sweep(const char *path)
{
	AUTO_FREE char *unfinished = unfinished_path(path, "new");
	AUTO_FREE char *content = unfinished_path(path, "content");
	bool found = unfinished && unlink(unfinished) == 0;

	if (!content || access(content, F_OK) < 0)
		return found;
	return fsroot_remove(AT_FDCWD, content) == 0 || found;
}

static bool is_disk_name(const char *name)
{
	size_t n = strlen(name), suffix = strlen(DISK_SUFFIX);

	return n > suffix && strcmp(name + n - suffix, DISK_SUFFIX) == 0;
}

/* Names of disks only, and of this very file: a copy is somebody's backup. */
static int remove_other_names(const char *path)
{
	const char *own = strrchr(path, '/') + 1;
	int fd = open_directory(path), r = fd < 0 ? fd : 0;
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct stat disk, st;
	struct dirent *d;

	if (r == 0 && lstat(path, &disk) < 0)
		return -errno;
	while (dir && r == 0 && disk.st_nlink > 1 && (d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, own) != 0 && is_disk_name(d->d_name) &&
			fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			st.st_ino == disk.st_ino && st.st_dev == disk.st_dev &&
			unlinkat(fd, d->d_name, 0) < 0)
			r = -errno;
	return r;
}

int disk_remove(const char *path, const char *uuid)
{
	char found[RECORD_UUID_SIZE] = "";
	enum disk_kind kind;
	int r = disk_look(path, &kind, found);

	disk_sweep(path);
	if (r < 0)
		return cli_error(r, "%s", path);
	if (kind == DISK_ABSENT)
		return 0;
	if (kind == DISK_FOREIGN || strcmp(found, uuid) != 0)
		return -cli_error(EPERM,
			"%s is left there: it is not the disk of this client (its file system is "
			"another one)",
			path);
	r = remove_other_names(path);
	return r < 0 ? cli_error(r, "%s", path) : disk_unlink(path);
}

int disk_link(const char *path, const char *name)
{
	struct stat a, b;

	if (link(path, name) == 0)
		return 0;
	if (errno == EEXIST && stat(path, &a) == 0 && lstat(name, &b) == 0 &&
		a.st_ino == b.st_ino && a.st_dev == b.st_dev)
		return 0;
	return cli_error(-errno, "%s", name);
}

int disk_unlink(const char *path)
{
	int r;

	if (unlink(path) < 0 && errno != ENOENT)
		return cli_error(-errno, "%s", path);
	r = sync_directory(path);
	return r < 0 ? cli_error(r, "%s", path) : 0;
}
