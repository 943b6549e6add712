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

static int take_fetched(int state, int dir, const char *name)
{
	bool whole = strcmp(name, STATE_NEXT) == 0;

	return renameat(state, name, dir, whole ? NEXT STATE_NEW : NEXT STATE_DELTA);
}

int records_stage(
	int state, int dir, const struct records *records, const struct records_encoded *encoded)
{
	int r = mkdirat(dir, NEXT, 0700) < 0 ? -errno : 0;

	r = r < 0 ? r : write_new(dir, NEXT STATE_BASE, 0644, &encoded->base);
	r = r < 0 ? r : write_new(dir, NEXT CONFLICTS_FILE, 0644, &encoded->conflicts);
	r = r < 0 ? r : write_new(dir, NEXT STATE_STATUS, 0644, &encoded->status);
	if (r == 0 && records->fetched && take_fetched(state, dir, records->fetched) < 0)
		r = -errno;
	/* A rollback puts the former base back. */
	if (r == 0 && linkat(state, STATE_BASE, dir, "base", 0) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

/* --- settling --- */

size_t records_undone(const struct journal *journal, struct next_base_undone *undone)
{
	size_t n = 0;

	for (size_t i = 0; i < journal->n; i++) {
		const struct journal_record *record = &journal->record[i];

		if (record->deferred && !record->inside &&
			!offers_is_change(record->pending, record->path))
			undone[n++] = (struct next_base_undone){ record->path,
				record->kind == CHANGE_META };
	}
	return n;
}

static int settle_base(int state, int dir, const struct journal *journal)
{
	AUTO_MANIFEST struct manifest *next = NULL, *old = NULL, *base = NULL;
	AUTO_FREE struct next_base_undone *undone = calloc(journal->n + 1, sizeof(*undone));
	struct manifest_error error;
	int r = state_read_manifest(dir, NEXT STATE_BASE, &next, &error);

	r = r < 0 ? r : state_manifest(dir, "base", &old, &error);
	if (r < 0)
		return r;
	base = undone ? next_base_without(next, old, undone, records_undone(journal, undone))
		      : NULL;
	return base ? state_manifest_write(state, STATE_BASE, base) : -ENOMEM;
}

/* An offer that could not be written is not listed. */
static void drop_offer(struct conflicts *c, const struct journal_record *record)
{
	for (size_t i = 0; i < c->n; i++) {
		const char *place = c->conflict[i].place;

		if ((c->conflict[i].kind == CONFLICT_OFFER ||
			    c->conflict[i].kind == CONFLICT_FORMER) &&
			offer_is_pending(place) == record->pending &&
			strcmp(place + offer_is_pending(place), record->path) == 0) {
			conflicts_remove(c, i);
			return;
		}
	}
}

static int settle_conflicts(
	int state, int next, const struct journal *journal, struct state_status *status)
{
	struct conflicts c = { 0 };
	int r = conflicts_read(next, &c);

	for (size_t i = 0; r == 0 && i < journal->n; i++) {
		const struct journal_record *record = &journal->record[i];

		if (!record->deferred || record->inside)
			continue;
		if (!offers_is_change(record->pending, record->path))
			status->deferred++;
		else if (record->kind == CHANGE_CREATE)
			drop_offer(&c, record);
	}
	status->conflicts = conflicts_waiting(&c);
	r = r < 0 ? r : conflicts_write(state, &c);
	conflicts_free(&c);
	return r;
}

/* What is missing was moved already. */
static int move(int from, int to, const char *name)
{
	return renameat(from, name, to, name) < 0 && errno != ENOENT ? -errno : 0;
}

/* What was fetched of it. A former delta that stays may fit the new manifest no more, and is not
 * applied then. */
static int move_manifest(int next, int state)
{
	int r = move(next, state, STATE_NEW);

	return r < 0 ? r : move(next, state, STATE_DELTA);
}

static bool all_made(const struct journal *journal)
{
	for (size_t i = 0; i < journal->n; i++)
		if (journal->record[i].deferred)
			return false;
	return true;
}

/* From the files in next and base only, so that it can be repeated. */
static int settle_deferred(
	int state, int dir, int next, const struct journal *journal, struct state_status *status)
{
	int r = settle_conflicts(state, next, journal, status);

	r = r < 0 ? r : state_status_write(state, status);
	r = r < 0 ? r : move_manifest(next, state);
	return r < 0 ? r : settle_base(state, dir, journal);
}

int records_settle(int state, int dir, const struct journal *journal, struct state_status *status)
{
	AUTO_CLOSE int next = openat(dir, NEXT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = next < 0 ? -errno : state_status_read(next, status);

	if (r < 0)
		return r;
	r = state_contents_take(state, dir);
	if (r == 0 && !all_made(journal)) {
		r = settle_deferred(state, dir, next, journal, status);
	} else if (r == 0) {
		r = move(next, state, CONFLICTS_FILE);
		r = r < 0 ? r : move_manifest(next, state);
		r = r < 0 ? r : move(next, state, STATE_STATUS);
		r = r < 0 ? r : move(next, state, STATE_BASE);
	}
	/* It may have been moved before a kill. */
	if (r == 0 && all_made(journal))
		r = state_status_read(state, status);
	return r < 0 ? r : fsync(state) < 0 ? -errno : 0;
}
