#include "mkinitrd-hook/image/unpack.h"

#include "lib/cleanup.h"
#include "lib/fsroot.h"
#include "lib/io.h"
#include "mkinitrd-hook/image/index.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Where one entry goes: a name in an open directory. */
struct place {
	int directory;
	const char *name;
	const struct cpio_entry *entry;
};

/* Directories without an entry of their own are made as they are needed. */
static int make_parent(int root, const char *path, const char **name)
{
	int directory = fsroot_open(root, "", O_PATH | O_DIRECTORY, 0);
	char part[NAME_MAX + 1];

	for (size_t n; directory >= 0 && path[n = strcspn(path, "/")]; path += n + 1) {
		int above = directory;

		snprintf(part, sizeof(part), "%.*s", (int)n, path);
		if (n > NAME_MAX)
			directory = -ENAMETOOLONG;
		else if (mkdirat(above, part, 0755) && errno != EEXIST)
			directory = -errno;
		else
			directory = fsroot_open(above, part, O_PATH | O_DIRECTORY, 0);
		close(above);
	}
	*name = path;
	return directory;
}

static int open_parent(int root, const char *path, const char **name)
{
	int directory = fsroot_parent(root, path, name);

	return directory == -ENOENT ? make_parent(root, path, name) : directory;
}

/* As the kernel does: a file of another type is removed, a regular one is overwritten. */
static int clear_place(const struct place *at)
{
	struct stat st;

	if (fstatat(at->directory, at->name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	if (!((st.st_mode ^ at->entry->mode) & S_IFMT) &&
		(S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)))
		return 0;
	return unlinkat(at->directory, at->name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) ? -errno
											 : 0;
}

static int write_file(const struct place *at)
{
	AUTO_CLOSE int fd = openat(at->directory, at->name,
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : io_write(fd, at->entry->data, at->entry->size);
}

static int make_link(const struct place *at)
{
	char target[PATH_MAX];

	snprintf(target, sizeof(target), "%.*s", (int)at->entry->size,
		(const char *)at->entry->data);
	return symlinkat(target, at->directory, at->name) ? -errno : 0;
}

static int make_node(const struct place *at, struct unpack_result *result)
{
	const struct cpio_entry *entry = at->entry;

	if (!mknodat(at->directory, at->name, entry->mode,
		    makedev(entry->rdev_major, entry->rdev_minor)))
		return 0;
	if (errno != EPERM)
		return -errno;
	result->skipped++;
	return 1;
}

/* Returns 1 for a node that could not be made. */
static int make(const struct place *at, struct unpack_result *result)
{
	int rc = clear_place(at);

	if (rc)
		return rc;
	switch (at->entry->mode & S_IFMT) {
	case S_IFREG:
		return write_file(at);
	case S_IFDIR:
		/* To be written into, until set_directories_metadata() gives it its own mode. */
		return mkdirat(at->directory, at->name, 0700) && errno != EEXIST ? -errno : 0;
	case S_IFLNK:
		return make_link(at);
	default:
		return make_node(at, result);
	}
}

/* Owner first: chown takes setuid away. */
static int set_metadata(const struct place *at)
{
	const struct cpio_entry *entry = at->entry;
	const struct timespec times[2] = { { entry->mtime, 0 }, { entry->mtime, 0 } };

	if (geteuid() == 0 &&
		fchownat(at->directory, at->name, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (!S_ISLNK(entry->mode) && fchmodat(at->directory, at->name, entry->mode & 07777, 0))
		return -errno;
	return utimensat(at->directory, at->name, times, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

/* Hard links of the archive that is being read: a tree of tsearch(3), by inode. */
struct link {
	struct cpio_entry entry;
	char path[];
};

static int by_inode(const void *a, const void *b)
{
	return cpio_compare_inodes(
		&((const struct link *)a)->entry, &((const struct link *)b)->entry);
}

static void forget_links(void **links)
{
	tdestroy(*links, free);
	*links = NULL;
}

static int remember_link(void **links, const struct cpio_entry *entry, const char *path)
{
	struct link *link = malloc(sizeof(*link) + strlen(path) + 1);

	if (!link)
		return -ENOMEM;
	link->entry = *entry;
	strcpy(link->path, path);
	if (tsearch(link, links, by_inode))
		return 0;
	free(link);
	return -ENOMEM;
}

static const char *find_link(void *const *links, const struct cpio_entry *entry)
{
	const struct link wanted = { .entry = *entry };
	struct link *const *found = tfind(&wanted, links, by_inode);

	return found ? (*found)->path : NULL;
}

/* The first name creates the file, others are linked to it; the entry with the data writes it. */
static int link_to_first(int root, const struct place *at, void **links, const char *path)
{
	const char *first = find_link(links, at->entry), *name;
	AUTO_CLOSE int directory = -1;

	if (!first)
		return remember_link(links, at->entry, path);
	if (!strcmp(first, path))
		return 0;
	directory = fsroot_parent(root, first, &name);
	if (directory < 0)
		return directory;
	if (unlinkat(at->directory, at->name, 0) && errno != ENOENT)
		return -errno;
	return linkat(directory, name, at->directory, at->name, 0) ? -errno : 1;
}

static int extract_entry(
	int root, const struct cpio_entry *entry, void **links, struct unpack_result *result)
{
	AUTO_CLOSE int directory = -1;
	struct place at = { .entry = entry };
	char path[PATH_MAX];
	int rc;

	if (!index_path(entry->name, path))
		return -EXDEV;
	if (!*path) /* the root directory */
		return 0;
	directory = at.directory = open_parent(root, path, &at.name);
	if (directory < 0)
		return directory;
	if (S_ISREG(entry->mode) && entry->nlink > 1) {
		rc = link_to_first(root, &at, links, path);
		if (rc < 0 || (rc == 1 && !entry->size))
			return rc < 0 ? rc : 0;
	}
	rc = make(&at, result);
	if (rc || S_ISDIR(entry->mode))
		return rc < 0 ? rc : 0;
	return set_metadata(&at);
}

/* In reverse order: a directory's contents are complete by then. */
static int set_directories_metadata(const struct segments *segments, int root)
{
	struct initrd_index index;
	int rc = index_read(segments, &index);

	for (size_t i = index.n; i-- > 0 && !rc;) {
		const struct index_file *file = &index.file[i];
		AUTO_CLOSE int directory = -1;
		struct place at = { .entry = &file->entry };

		if (!*file->path || !S_ISDIR(file->entry.mode) ||
			index_find(&index, file->path) != file)
			continue;
		directory = at.directory = fsroot_parent(root, file->path, &at.name);
		rc = directory < 0 ? directory : set_metadata(&at);
	}
	index_free(&index);
	return rc;
}

int unpack_tree(const struct segments *segments, int directory, struct unpack_result *result)
{
	void *links = NULL;
	int rc = 0;

	*result = (struct unpack_result){ 0 };
	for (size_t i = 0; i < segments->n && !rc; i++) {
		struct cpio_reader reader = segments_reader(&segments->segment[i]);
		struct cpio_entry entry;
		int kind;

		while (!rc && (kind = cpio_read(&reader, &entry)) > 0) {
			if (kind == CPIO_TRAILER)
				forget_links(&links);
			else if ((rc = extract_entry(directory, &entry, &links, result)))
				result->name = entry.name;
		}
		forget_links(&links);
	}
	return rc ? rc : set_directories_metadata(segments, directory);
}
