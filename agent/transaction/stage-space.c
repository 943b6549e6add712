/* Is there space for what a transaction stages, on each file system? */
#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>

#include "agent/transaction/stage.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"

#define SPARE (4u << 20) /* bytes that are left for others */
#define BLOCK 4096u
#define NAME  64u /* bytes of a name in a directory, mostly */

struct need {
	uint64_t bytes, inodes;
};

static void add_need(struct need *need, uint64_t size)
{
	need->inodes++;
	need->bytes += ((size + BLOCK - 1) & ~(uint64_t)(BLOCK - 1)) + NAME;
}

/* What will be written to the state directory before the first change, and what the commit adds. */
static struct need count_records(const struct stage *g)
{
	const struct changes *changes = g->changes;
	const size_t record[] = { g->journal.size, g->entries.size, g->records.base.size,
		g->records.conflicts.size, g->records.status.size, 32 * changes->n,
		16 * changes->n };
	struct need need = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(record); i++)
		add_need(&need, record[i]);
	/* If something has to be deferred, base, conflicts and status are written once more. */
	for (size_t i = 2; i < 5; i++)
		add_need(&need, record[i]);
	for (size_t i = 0; i < g->n_keep; i++)
		add_need(&need, g->keep[i]->size);
	for (size_t i = 0; i < changes->n; i++)
		if (changes->change[i].group && stage_makes(&changes->change[i]))
			add_need(&need, changes->change[i].after->size);
	return need;
}

/* Of the objects of one volume; NULL: the state directory's. */
static void count_objects(const struct stage *g, const struct volume *volume, struct need *need)
{
	for (size_t i = 0; i < g->changes->n; i++) {
		const struct change *c = &g->changes->change[i];
		const struct volume *of = volumes_of(&g->t->journal.volumes, c->pending, c->path);

		if (stage_makes(c) && (of && !of->state ? of : NULL) == volume)
			add_need(need, c->after->type == MANIFEST_DIR ? BLOCK : c->after->size);
	}
}

static int check_need(const struct stage *g, int fd, const char *top, const struct need *need)
{
	struct statvfs fs;

	if (fstatvfs(fd, &fs) < 0)
		return transaction_failed(g->t, top, "free space cannot be determined", -errno);
	if (need->bytes + SPARE > (uint64_t)fs.f_bavail * fs.f_frsize)
		return transaction_failed(
			g->t, top, "the disk has not enough free space for the new files", -ENOSPC);
	if (fs.f_files && need->inodes + 64 > fs.f_favail)
		return transaction_failed(g->t, top,
			"the disk has not enough free inodes for the new files", -ENOSPC);
	return 0;
}

int stage_check_space(const struct stage *g)
{
	struct transaction *t = g->t;
	struct need need = count_records(g);
	int r;

	count_objects(g, NULL, &need);
	r = check_need(g, t->state, NULL, &need);
	for (size_t i = 0; r == 0 && i < t->journal.volumes.n; i++) {
		const struct volume *v = &t->journal.volumes.volume[i];

		if (v->state)
			continue;
		AUTO_CLOSE int fd = fsroot_open(t->root, v->top, O_RDONLY | O_DIRECTORY, 0);

		need = (struct need){ 0 };
		count_objects(g, v, &need);
		if (need.inodes)
			r = check_need(g, fd, v->top, &need);
	}
	return r;
}
