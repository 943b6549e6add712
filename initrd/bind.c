#include "initrd/bind.h"

#include "initrd/fail.h"
#include "initrd/file.h"
#include "initrd/log.h"
#include "initrd/root.h"
#include "lib/paths.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define ISLAND_DIR "/island" /* where an island waits while the directory around it is bound */
#define PATH_BYTES (LAYOUT_PATH_MAX + MOUNTED_TREE_MAX)

/* A bound file needs a file to be bound on. */
static int make_mount_point(const char *from, const char *to)
{
	char parent[PATH_BYTES];
	struct stat st;

	if (stat(from, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return file_make_dirs(to);
	snprintf(parent, sizeof(parent), "%s", to);
	*strrchr(parent, '/') = '\0';
	file_make_dirs(parent);
	return access(to, F_OK) == 0 ? 0 : file_write(to, 0644, "");
}

static int bind_one(
	const struct mounted_share *share, const char *dir, const struct layout_entry *entry)
{
	char from[PATH_BYTES], to[PATH_BYTES];
	int rc;

	snprintf(from, sizeof(from), "%s/%s", share->tree, entry->path);
	snprintf(to, sizeof(to), "%s/%s", dir, entry->path);
	rc = make_mount_point(from, to);
	if (rc == 0 && mount(from, to, NULL, MS_BIND, NULL) < 0)
		rc = -errno;
	if (rc < 0)
		return fail_note(
			rc, "the layout names it: is it in the share?", "bind %s on %s", from, to);
	return 0;
}

/* Without a target the link leads into the share's tree, which may be a pinned generation. */
static void link_target(
	const struct mounted_share *share, const struct layout_entry *entry, char *target)
{
	if (entry->target[0])
		snprintf(target, PATH_BYTES, "%s", entry->target);
	else
		snprintf(target, PATH_BYTES, "%s/%s", share->tree, entry->path);
}

static int link_one(
	const struct mounted_share *share, const char *dir, const struct layout_entry *entry)
{
	char target[PATH_BYTES], old[PATH_BYTES], path[PATH_BYTES];
	ssize_t n;

	link_target(share, entry, target);
	snprintf(path, sizeof(path), "%s/%s", dir, entry->path);
	n = readlink(path, old, sizeof(old) - 1);
	if (n >= 0) {
		old[n] = '\0';
		if (!strcmp(old, target))
			return 0;
		unlink(path);
	}
	if (symlink(target, path) == 0)
		return 0;
	if (errno == EEXIST) {
		log_warn("/%s is in the client's root and stays; the layout wants a link to %s",
			entry->path, target);
		return 0;
	}
	return fail_note(-errno, NULL, "link %s -> %s", path, target);
}

int bind_layout(const struct mounted_share *share, const char *dir)
{
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < share->layout.n; i++) {
		const struct layout_entry *entry = &share->layout.entry[i];

		if (entry->kind == LAYOUT_BIND)
			rc = bind_one(share, dir, entry);
		else if (entry->kind == LAYOUT_LINK)
			rc = link_one(share, dir, entry);
	}
	return rc;
}

/*
 * An island is on the client's disk, under the directory that is going to be covered: it is mounted
 * aside before, and moved into place afterwards.
 */
static int island_aside(unsigned int i, const struct layout_entry *entry)
{
	char own[PATH_BYTES], aside[64];
	int rc;

	snprintf(own, sizeof(own), ROOT_DIR "/%s", entry->path);
	snprintf(aside, sizeof(aside), ISLAND_DIR "/%u", i);
	rc = file_make_dirs(own);
	if (rc == 0)
		rc = file_make_dirs(aside);
	if (rc == 0 && mount(own, aside, NULL, MS_BIND, NULL) < 0)
		rc = -errno;
	return rc < 0 ? fail_note(rc, NULL, "keep %s writeable", own) : 0;
}

static int island_back(unsigned int i, const struct layout_entry *entry)
{
	char place[PATH_BYTES], aside[64];

	snprintf(place, sizeof(place), ROOT_DIR "/%s", entry->path);
	snprintf(aside, sizeof(aside), ISLAND_DIR "/%u", i);
	if (mount(aside, place, NULL, MS_MOVE, NULL) < 0)
		return fail_note(-errno, "a writeable island needs its directory in the share",
			"move %s to %s", aside, place);
	return 0;
}

static int each_island(
	const struct layout *layout, int (*act)(unsigned int, const struct layout_entry *))
{
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < layout->n; i++)
		if (layout->entry[i].kind == LAYOUT_WRITEABLE)
			rc = act(i, &layout->entry[i]);
	return rc;
}

/* Mounts that are moved here from the initramfs, and those that the system's init mounts first. */
static int own_mount_points(void)
{
	static const char *const dirs[] = { PATH_SHARE, "/dev", "/proc", "/sys", "/run" };
	char path[64];
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), ROOT_DIR "%s", dirs[i]);
		rc = file_make_dirs(path);
		if (rc < 0)
			fail_note(rc, NULL, "make %s", path);
	}
	return rc;
}

int bind_root(const struct mounted_share *share)
{
	int rc = own_mount_points();

	if (rc == 0)
		rc = each_island(&share->layout, island_aside);
	if (rc == 0)
		rc = bind_layout(share, ROOT_DIR);
	if (rc == 0)
		rc = each_island(&share->layout, island_back);
	return rc;
}
