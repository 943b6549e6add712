#include "agent/transaction.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/file.h"
#include "agent/journal.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"

#define KEEP_RECORDS 8 /* transactions that can be rolled back */

/* STATE/pending has the folders that its offers need, and no more is known of them. */
static int make_folders(int pending, const char *path)
{
	char folder[MANIFEST_PATH_MAX + 1];
	const char *name;

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		AUTO_CLOSE int parent = fsroot_parent(pending, folder, &name);
		if (parent < 0)
			return parent;
		if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

int transaction_parent(int root, int pending, const struct step *step, const char **name)
{
	int r = step->pending ? make_folders(pending, step->path) : 0;

	return r < 0 ? r : fsroot_parent(step->pending ? pending : root, step->path, name);
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int transaction_records(int state, uint32_t **serial, size_t *n)
{
	int fd = openat(state, "trash", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	*serial = NULL;
	*n = 0;
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((d = readdir(dir))) {
		uint32_t *grown, number = (uint32_t)strtoul(d->d_name, NULL, 10);

		if (number == 0)
			continue;
		grown = reallocarray(*serial, *n + 1, sizeof(**serial));
		if (!grown) {
			free(*serial);
			return -ENOMEM;
		}
		*serial = grown;
		grown[(*n)++] = number;
	}
	if (*n)
		qsort(*serial, *n, sizeof(**serial), by_number);
	return 0;
}

static int fsync_at(int dir, const char *path)
{
	AUTO_CLOSE int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* The oldest records go; one that cannot be removed is tried again by the next transaction. */
static void prune(int state, const uint32_t *serial, size_t n)
{
	char path[32];

	for (size_t i = 0; i + KEEP_RECORDS < n; i++) {
		snprintf(path, sizeof(path), "trash/%u", serial[i]);
		file_remove_tree(state, path);
	}
}

int transaction_keep(int state)
{
	AUTO_FREE uint32_t *serial = NULL;
	char path[32];
	size_t n;
	int r;

	if (mkdirat(state, "trash", 0700) < 0 && errno != EEXIST)
		return -errno;
	r = transaction_records(state, &serial, &n);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "trash/%u", n ? serial[n - 1] + 1 : 1);
	if (renameat(state, TRANSACTION_DIR, state, path) < 0)
		return -errno;
	r = fsync_at(state, "trash");
	r = r < 0 ? r : fsync(state) < 0 ? -errno : 0;
	prune(state, serial, n);
	return r;
}

int transaction_close(struct transaction *t)
{
	if (t->steps->n == 0)
		return 0;
	close(t->dir);
	close(t->pending);
	t->dir = t->pending = -1;
	return transaction_keep(t->state);
}
