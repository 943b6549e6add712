#include "agent/transaction/records.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/merge/offers.h"
#include "lib/cleanup.h"
#include "lib/io.h"
#include "lib/sorted.h"

#define NEXT "next/"

/* --- staging --- */

int records_encode(struct records *r, struct records_encoded *encoded)
{
	struct manifest_error error;
	int result = manifest_encode(r->base, &encoded->base, &error);

	r->status.conflicts = conflicts_waiting(r->conflicts);
	conflicts_format(r->conflicts, &encoded->conflicts);
	state_status_format(&r->status, &encoded->status);
	if (encoded->conflicts.failed || encoded->status.failed)
		return -ENOMEM;
	return result;
}

void records_encoded_free(struct records_encoded *encoded)
{
	buf_free(&encoded->base);
	buf_free(&encoded->conflicts);
	buf_free(&encoded->status);
}

static int write_new(int dir, const char *path, mode_t mode, const struct buf *data)
{
	AUTO_CLOSE int fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || fchmod(fd, mode) < 0)
		return -errno;
	return io_write(fd, data->data, data->size);
}

int records_stage(
	int state, int dir, const struct records *records, const struct records_encoded *encoded)
{
	int r = mkdirat(dir, NEXT, 0700) < 0 ? -errno : 0;

	r = r < 0 ? r : write_new(dir, NEXT STATE_BASE, 0644, &encoded->base);
	r = r < 0 ? r : write_new(dir, NEXT STATE_CONFLICTS, 0644, &encoded->conflicts);
	r = r < 0 ? r : write_new(dir, NEXT STATE_STATUS, 0644, &encoded->status);
	if (r == 0 && records->fetched && renameat(state, STATE_NEXT, dir, NEXT STATE_NEW) < 0)
		r = -errno;
	/* The base as it was stays with the transaction: rollback puts it back. */
	if (r == 0 && linkat(state, STATE_BASE, dir, "base", 0) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

/* --- the base, less what was not made --- */

/* A path of the next or of the old base, or of both. */
struct pick {
	const char *path;
	const struct manifest_entry *next, *old, *chosen;
};

struct picks {
	struct pick *pick;
	size_t n;
};

static int add_pick(const struct manifest_entry *next, const struct manifest_entry *old, void *arg)
{
	struct picks *p = arg;

	p->pick[p->n++] = (struct pick){ next ? next->path : old->path, next, old, next };
	return 0;
}

static int by_path(const void *key, const void *member)
{
	const struct pick *p = member;

	return strcmp(key, p->path);
}

static struct pick *find_pick(const struct picks *p, const char *path, size_t n)
{
	char key[MANIFEST_PATH_MAX + 1];

	memcpy(key, path, n);
	key[n] = '\0';
	return p->n ? bsearch(key, p->pick, p->n, sizeof(*p->pick), by_path) : NULL;
}

static struct pick *parent_of(const struct picks *p, const struct pick *pick)
{
	const char *slash = strrchr(pick->path, '/');

	return find_pick(p, pick->path, slash ? (size_t)(slash - pick->path) : 0);
}

static const char *path_at(const void *picks, size_t i)
{
	return ((const struct pick *)picks)[i].path;
}

static void take_back(const struct picks *p, const struct change *c)
{
	struct pick *pick = find_pick(p, c->path, strlen(c->path));
	size_t from, to;

	if (pick)
		pick->chosen = pick->old;
	if (c->kind == CHANGE_META)
		return;
	sorted_below(p->pick, p->n, path_at, c->path, &from, &to);
	for (size_t i = from; i < to; i++)
		p->pick[i].chosen = p->pick[i].old;
}

static bool is_directory(const struct manifest_entry *e)
{
	return e && e->type == MANIFEST_DIR;
}

/* A list has the directory of each of its paths. */
static void close_upwards(const struct picks *p)
{
	for (size_t i = p->n; i-- > 1;) {
		struct pick *parent = p->pick[i].chosen ? parent_of(p, &p->pick[i]) : NULL;

		if (parent && !parent->chosen)
			parent->chosen = is_directory(parent->old) ? parent->old : parent->next;
	}
	for (size_t i = 1; i < p->n; i++) {
		struct pick *parent = p->pick[i].chosen ? parent_of(p, &p->pick[i]) : NULL;

		if (!parent || !is_directory(parent->chosen))
			p->pick[i].chosen = NULL;
	}
}

static bool add_chosen(struct manifest *base, const struct picks *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct pick *pick = &p->pick[i];
		struct manifest_entry *copy =
			pick->chosen ? manifest_add(base, pick->chosen) : NULL;

		if (pick->chosen && !copy)
			return false;
		/* The hard-link groups of two lists in one: told apart by where they come from. */
		if (copy && copy->group)
			copy->group = 2 * copy->group + (pick->chosen == pick->old);
	}
	return manifest_sort(base);
}

struct manifest *records_base(
	const struct manifest *next, const struct manifest *old, const struct changes *changes)
{
	struct picks p = { calloc(next->n + old->n + 1, sizeof(*p.pick)), 0 };
	struct manifest *base = manifest_new();

	if (p.pick && base) {
		manifest_join(next, old, add_pick, &p);
		for (size_t i = 0; i < changes->n; i++)
			if (changes->change[i].deferred &&
				changes->change[i].within == CHANGE_NONE &&
				!change_is_offer(&changes->change[i]))
				take_back(&p, &changes->change[i]);
		close_upwards(&p);
		base->head = next->head;
	}
	if (!p.pick || !base || !add_chosen(base, &p)) {
		manifest_free(base);
		base = NULL;
	}
	free(p.pick);
	return base;
}

/* --- settling --- */

static int settle_base(int state, int dir, const struct changes *changes)
{
	AUTO_MANIFEST struct manifest *next = NULL, *old = NULL, *base = NULL;
	struct manifest_error error;
	int r = state_read_manifest(dir, NEXT STATE_BASE, &next, &error);

	r = r < 0 ? r : state_manifest(dir, "base", &old, &error);
	if (r < 0)
		return r;
	base = records_base(next, old, changes);
	return base ? state_manifest_write(state, STATE_BASE, base) : -ENOMEM;
}

/* An offer that could not be written is none yet. */
static void drop_offer(struct conflicts *c, const struct change *s)
{
	for (size_t i = 0; i < c->n; i++) {
		const char *place = c->conflict[i].place;

		if ((c->conflict[i].kind == CONFLICT_OFFER ||
			    c->conflict[i].kind == CONFLICT_FORMER) &&
			offer_is_pending(place) == s->pending &&
			strcmp(place + offer_is_pending(place), s->path) == 0) {
			conflicts_remove(c, i);
			return;
		}
	}
}

static int settle_conflicts(
	int state, int next, const struct changes *changes, struct state_status *status)
{
	struct conflicts c = { 0 };
	int r = conflicts_read(next, &c);

	for (size_t i = 0; r == 0 && i < changes->n; i++) {
		const struct change *s = &changes->change[i];

		if (!s->deferred || s->within != CHANGE_NONE)
			continue;
		if (!change_is_offer(s))
			status->deferred++;
		else if (s->kind == CHANGE_CREATE)
			drop_offer(&c, s);
	}
	status->conflicts = conflicts_waiting(&c);
	r = r < 0 ? r : conflicts_write(state, &c);
	conflicts_free(&c);
	return r;
}

/* What is not there was moved already. */
static int move(int from, int to, const char *name)
{
	return renameat(from, name, to, name) < 0 && errno != ENOENT ? -errno : 0;
}

static bool all_made(const struct changes *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		if (changes->change[i].deferred)
			return false;
	return true;
}

/* From what lies in next and base alone, so that it can be done again. */
static int settle_deferred(
	int state, int dir, int next, const struct changes *changes, struct state_status *status)
{
	int r = settle_conflicts(state, next, changes, status);

	r = r < 0 ? r : state_status_write(state, status);
	r = r < 0 ? r : move(next, state, STATE_NEW);
	return r < 0 ? r : settle_base(state, dir, changes);
}

int records_settle(int state, int dir, const struct changes *changes, struct state_status *status)
{
	AUTO_CLOSE int next = openat(dir, NEXT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = next < 0 ? -errno : state_status_read(next, status);

	if (r < 0)
		return r;
	r = state_contents_take(state, dir);
	if (r == 0 && !all_made(changes)) {
		r = settle_deferred(state, dir, next, changes, status);
	} else if (r == 0) {
		r = move(next, state, STATE_CONFLICTS);
		r = r < 0 ? r : move(next, state, STATE_NEW);
		r = r < 0 ? r : move(next, state, STATE_STATUS);
		r = r < 0 ? r : move(next, state, STATE_BASE);
	}
	/* A status that is moved already is the one to tell of. */
	if (r == 0 && all_made(changes))
		r = state_status_read(state, status);
	return r < 0 ? r : fsync(state) < 0 ? -errno : 0;
}
