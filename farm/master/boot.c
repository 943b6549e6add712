#include "farm/master/boot.h"

#include <blkid/blkid.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/master/boot-choice.h"
#include "farm/publish/disk-image.h"
#include "farm/publish/origin.h"
#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/publish.h"

#define KEY_MAX 4096 /* bytes of a public host key */

/* --- names in a directory --- */

struct names {
	char **name;
	size_t n;
};

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i]);
	free(names->name);
}

/* Of a directory that need not be there. */
static int read_names(int root, const char *path, struct names *names)
{
	int fd = fsroot_open(root, path, O_RDONLY | O_DIRECTORY, 0);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir)
		return fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP ? 0 : fd < 0 ? fd : -ENOMEM;
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		if (!ARRAY_GROW(names->name, names->n))
			return -ENOMEM;
		names->name[names->n] = strdup(d->d_name);
		if (!names->name[names->n++])
			return -ENOMEM;
	}
	return 0;
}

/* --- files --- */

/* Read one of the tree, which other hands have written: no link is followed, and it is not long. */
static int read_file(int root, const char *path, size_t limit, struct buf *text)
{
	AUTO_CLOSE int fd = fsroot_open(root, path, O_RDONLY | O_NONBLOCK, 0);

	return fd < 0 ? fd : buf_read(text, fd, limit);
}

static int copy_bytes(int from, int to)
{
	struct stat st;
	ssize_t n = 0;

	if (fstat(from, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	while (st.st_size > 0 && (n = sendfile(to, from, NULL, (size_t)st.st_size)) > 0)
		st.st_size -= n;
	return n < 0 ? -errno : st.st_size ? -EIO : 0;
}

static int copy_file(int root, const char *path, int to, const char *name)
{
	AUTO_CLOSE int from = fsroot_open(root, path, O_RDONLY | O_NONBLOCK, 0);
	struct publish out;
	int r = from < 0 ? from : publish_begin(&out, to, name, 0644);

	if (r < 0)
		return r;
	r = copy_bytes(from, out.fd);
	if (r < 0) {
		publish_abort(&out);
		return r;
	}
	return publish_commit(&out);
}

/* --- what is taken --- */

/* The file system that is mounted there: from its superblock its UUID, and which subvolume of btrfs
 * it is ("" or "rootflags=subvol=… "). */
static int read_root(const char *mounted, char uuid[static 64], char flags[static 300])
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const struct mntent *m;
	const char *value = NULL, *subvolume;
	blkid_probe probe = NULL;

	flags[0] = '\0';
	while (mounts && (m = getmntent(mounts)) != NULL) {
		if (strcmp(m->mnt_dir, mounted) != 0 || probe)
			continue;
		probe = blkid_new_probe_from_filename(m->mnt_fsname);
		subvolume = strcmp(m->mnt_type, "btrfs") == 0 ? hasmntopt(m, "subvol") : NULL;
		if (subvolume)
			snprintf(flags, 300, "rootflags=%.*s ", (int)strcspn(subvolume, ", "),
				subvolume);
	}
	if (mounts)
		endmntent(mounts);
	if (probe && blkid_do_safeprobe(probe) == 0 &&
		blkid_probe_lookup_value(probe, "UUID", &value, NULL) == 0)
		snprintf(uuid, 64, "%s", value);
	if (probe)
		blkid_free_probe(probe);
	return value ? 0 : -ENOENT;
}

/* What of a UUID is words of a command line is refused: XFS and btrfs have those of ext4, vfat does
 * not. */
static int write_cmdline(const struct master_boot *b, const struct origin *tree, int to)
{
	AUTO_BUF struct buf text = { 0 };
	char uuid[64], flags[300];
	int r = read_root(tree->path, uuid, flags);

	if (r == 0 && strspn(uuid, "0123456789abcdefABCDEF-") != strlen(uuid))
		r = -EINVAL;
	if (r < 0)
		return cli_error(r, "the UUID of the file system in %s", b->disk);
	buf_printf(&text, "root=UUID=%s %sro console=%s\n", uuid, flags, b->console);
	r = text.failed ? -ENOMEM : publish_file(to, "cmdline", 0644, text.data, text.size);
	return r < 0 ? cli_error(r, "%s/cmdline", b->directory) : 0;
}

/* SUSE's boot/vmlinuz-V is a link to the kernel beside its modules. */
static int copy_kernel(const struct boot_choice *c, int root, int to)
{
	char path[PATH_MAX];
	int r = copy_file(root, c->kernel, to, "vmlinuz");

	if (r != -ELOOP)
		return r;
	snprintf(path, sizeof(path), "usr/lib/modules/%s/vmlinuz", c->version);
	return copy_file(root, path, to, "vmlinuz");
}

static int take_kernel(const struct master_boot *b, const struct origin *tree, int to)
{
	struct names boot = { 0 }, modules = { 0 };
	struct boot_choice choice;
	int r = read_names(tree->dir, "boot", &boot);

	if (r == 0)
		r = read_names(tree->dir, "usr/lib/modules", &modules);
	if (r == 0)
		r = boot_choose((const char *const *)boot.name, boot.n,
			(const char *const *)modules.name, modules.n, &choice);
	if (r == 0) {
		r = copy_kernel(&choice, tree->dir, to);
		if (r == 0)
			r = copy_file(tree->dir, choice.initrd, to, "initrd");
		r = r < 0 ? cli_error(r, "kernel %s of %s", choice.version, b->disk)
			  : write_cmdline(b, tree, to);
	}
	free_names(&boot);
	free_names(&modules);
	return r == -ENOENT ? 0 : r;
}

static int take_host_keys(const struct master_boot *b, int root, int to)
{
	struct names names = { 0 };
	AUTO_BUF struct buf text = { 0 };
	int r = read_names(root, "etc/ssh", &names);

	for (size_t i = 0; i < names.n && r == 0; i++) {
		AUTO_BUF struct buf key = { 0 };
		char path[PATH_MAX];
		size_t n = strlen(names.name[i]);

		if (strncmp(names.name[i], "ssh_host_", 9) != 0 || n < 4 ||
			strcmp(names.name[i] + n - 4, ".pub") != 0)
			continue;
		snprintf(path, sizeof(path), "etc/ssh/%s", names.name[i]);
		r = read_file(root, path, KEY_MAX, &key);
		if (r < 0 || memchr(key.data, '\n', key.size) != key.data + key.size - 1)
			continue;
		buf_printf(&text, "%s %.*s", b->name, (int)key.size, key.data);
	}
	free_names(&names);
	if (text.failed)
		return cli_error(-ENOMEM, "host keys of %s", b->name);
	r = publish_file(to, "known_hosts", 0644, text.data ? text.data : "", text.size);
	return r < 0 ? cli_error(r, "%s/known_hosts", b->directory) : 0;
}

static int take_os(const struct master_boot *b, int root, int to)
{
	AUTO_BUF struct buf text = { 0 };
	int r = read_file(root, "usr/lib/os-release", OS_RELEASE_MAX, &text);

	if (r == -ENOENT)
		r = read_file(root, "etc/os-release", OS_RELEASE_MAX, &text);
	if (r < 0 && r != -ENOENT)
		return cli_error(r, "os-release of %s", b->disk);
	r = publish_file(to, "os-release", 0644, text.data ? text.data : "", text.size);
	return r < 0 ? cli_error(r, "%s/os-release", b->directory) : 0;
}

static int take_all(const struct master_boot *b, int to)
{
	AUTO_ORIGIN struct origin tree = { .dir = -1 };
	int r = origin_open(b->disk, 0, &tree);

	if (r == 0)
		r = take_kernel(b, &tree, to);
	if (r == 0)
		r = take_host_keys(b, tree.dir, to);
	return r == 0 ? take_os(b, tree.dir, to) : r;
}

/* --- the directory --- */

/* What it is until it is whole. */
static char *unfinished_path(const char *directory)
{
	char *path;

	return asprintf(&path, "%s.new", directory) < 0 ? NULL : path;
}

/* In the place of what is there. */
static int put_in_place(const char *made, const char *path)
{
	if (renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
		return fsroot_remove(AT_FDCWD, made);
	return errno == ENOENT && rename(made, path) == 0 ? 0 : -errno;
}

int master_boot_take(void *arg)
{
	const struct master_boot *b = arg;
	AUTO_FREE char *made = unfinished_path(b->directory);
	AUTO_CLOSE int to = -1;
	int r;

	if (!made)
		return cli_error(-ENOMEM, "%s", b->directory);
	r = fsroot_make_parents(b->directory);
	if (r < 0)
		return cli_error(r, "the directory of %s (xenfarm.conf: boot)", b->directory);
	r = fsroot_remove(AT_FDCWD, made);
	if (r == 0 && mkdir(made, 0755) < 0)
		r = -errno;
	if (r == 0)
		to = open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r < 0 || to < 0)
		return cli_error(r < 0 ? r : -errno, "%s", made);
	r = take_all(b, to);
	if (r < 0) {
		fsroot_remove(AT_FDCWD, made);
		return r;
	}
	r = put_in_place(made, b->directory);
	return r < 0 ? cli_error(r, "%s", b->directory) : 0;
}

bool master_boot_has_loader(const char *disk)
{
	AUTO_CLOSE int fd = open(disk, O_RDONLY | O_CLOEXEC);
	char magic[4] = "";
	struct disk_image image;

	/* What is in qcow2 is not looked into here. */
	if (fd >= 0 && pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
		memcmp(magic, "QFI\xfb", sizeof(magic)) == 0)
		return true;
	return fd >= 0 && disk_image_probe(fd, &image) == 0 && image.n > 0 &&
	       image.part[0].number > 0;
}

static int open_directory(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool master_boot_has_kernel(const char *directory)
{
	AUTO_CLOSE int dir = open_directory(directory);

	return dir >= 0 && faccessat(dir, "vmlinuz", F_OK, 0) == 0 &&
	       faccessat(dir, "cmdline", F_OK, 0) == 0;
}

char *master_boot_cmdline(const char *directory)
{
	AUTO_CLOSE int dir = open_directory(directory);
	AUTO_BUF struct buf text = { 0 };

	if (dir < 0 || read_file(dir, "cmdline", 4096, &text) < 0 || !text.size)
		return NULL;
	return strndup(text.data, text.size - (text.data[text.size - 1] == '\n'));
}

void master_boot_os(const char *directory, struct os_release *os)
{
	AUTO_CLOSE int dir = open_directory(directory);
	AUTO_BUF struct buf text = { 0 };

	if (dir >= 0)
		read_file(dir, "os-release", OS_RELEASE_MAX, &text);
	os_release_parse(text.data ? text.data : "", text.size, os);
}

int master_boot_remove(const char *directory)
{
	AUTO_FREE char *unfinished = unfinished_path(directory);
	int r = unfinished ? fsroot_remove(AT_FDCWD, unfinished) : -ENOMEM;

	if (r == 0)
		r = fsroot_remove(AT_FDCWD, directory);
	return r < 0 ? cli_error(r, "%s", directory) : 0;
}
