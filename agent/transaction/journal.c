#include "agent/transaction/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/merge/offers.h"
#include "agent/run/state.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/publish.h"
#include "lib/vis.h"

#define HEAD "xenfarm-journal 1 "

struct journal_number journal_number(size_t number)
{
	struct journal_number name;

	snprintf(name.text, sizeof(name.text), "%08zu", number);
	return name;
}

/* --- writing --- */

/* A copy of the entry as NUMBER.SIDE, and below it as rest; or NULL. */
static const struct manifest_entry *add_entry(struct journal *j, size_t number, const char *side,
	const char *rest, const struct manifest_entry *entry, const struct ids *owners)
{
	struct manifest_entry e = *entry;
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s.%s%s", journal_number(number).text, side, rest);
	e.path = path;
	e.group = 0;
	e.nlink = 1;
	if (owners) {
		e.uid = ids_uid(owners, entry->uname, entry->uid);
		e.gid = ids_gid(owners, entry->gname, entry->gid);
	}
	return manifest_add(j->entries, &e);
}

/* What a directory held; what could not be read then is not what is found later. */
static bool add_tree(struct journal *j, size_t number, const struct change *c)
{
	size_t from, to;

	manifest_below(c->seen, c->path, &from, &to);
	for (size_t i = from; i < to; i++) {
		const struct manifest_entry *e = c->seen->entry[i];

		if (!e->error &&
			!add_entry(j, number, "before", e->path + strlen(c->path), e, NULL))
			return false;
	}
	return true;
}

static bool add_entries(struct journal *j, struct journal_record *record, const struct change *c,
	const struct ids *owners)
{
	size_t number = record->number;

	if (c->after)
		record->after = add_entry(j, number, "after", "", c->after, owners);
	if (c->before)
		record->before = add_entry(j, number, "before", "", c->before, NULL);
	return !record->after == !c->after && !record->before == !c->before &&
	       (!c->seen || !c->before || c->before->type != MANIFEST_DIR ||
		       add_tree(j, number, c));
}

static void add_volumes(struct buf *text, const struct volumes *volumes)
{
	for (size_t i = 0; i < volumes->n; i++) {
		const struct volume *v = &volumes->volume[i];

		buf_printf(
			text, "volume %s %s ", v->state ? "state" : "root", journal_number(0).text);
		vis_encode(text, v->top, strlen(v->top));
		buf_puts(text, "\n");
	}
}

static void add_line(struct buf *text, const struct journal_record *record)
{
	char place[24] = "root";

	if (record->pending)
		strcpy(place, "pending");
	else if (record->group)
		snprintf(place, sizeof(place), "root.%u", record->group);
	buf_printf(text, "%s %s %s ", record->inside ? "inside" : change_kind_name(record->kind),
		place, journal_number(record->number).text);
	vis_encode(text, record->path, strlen(record->path));
	buf_puts(text, "\n");
}

static int add_records(struct journal *j, const struct changes *changes, const struct ids *owners,
	struct buf *text)
{
	j->record = calloc(changes->n + 1, sizeof(*j->record));
	if (!j->record)
		return -ENOMEM;
	for (j->n = 0; j->n < changes->n; j->n++) {
		const struct change *c = &changes->change[j->n];
		struct journal_record *record = &j->record[j->n];

		*record = (struct journal_record){ c->kind, j->n, c->pending,
			c->within != CHANGE_NONE, c->group, c->path };
		if (record->inside && j->from == 0)
			continue;
		add_line(text, record);
		if (!add_entries(j, record, c, owners))
			return -ENOMEM;
	}
	return 0;
}

int journal_encode(struct journal *j, const struct changes *changes, const struct ids *owners,
	struct buf *text, struct buf *encoded)
{
	const struct manifest_entry root = { .path = "", .type = MANIFEST_DIR, .nlink = 1 };
	struct manifest_error error;
	int r;

	j->entries = manifest_new();
	if (!j->entries || !manifest_add(j->entries, &root))
		return -ENOMEM;
	buf_printf(text, HEAD "%u %u", j->from, j->to);
	if (j->undo)
		buf_printf(text, " undo %u", j->undoes);
	buf_puts(text, "\n");
	add_volumes(text, &j->volumes);
	r = add_records(j, changes, owners, text);
	if (r == 0 && (text->failed || !manifest_sort(j->entries)))
		r = -ENOMEM;
	return r < 0 ? r : manifest_encode(j->entries, encoded, &error);
}

int journal_mark_staged(int dir, const struct journal *j)
{
	AUTO_BUF struct buf text = { 0 };

	for (size_t i = 0; i < j->n; i++) {
		const struct journal_record *record = &j->record[i];

		if (record->inside)
			continue;
		if (record->deferred)
			buf_printf(&text, "%zu -\n", record->number);
		else if (record->ino)
			buf_printf(&text, "%zu %ju\n", record->number, (uintmax_t)record->ino);
	}
	return text.failed ? -ENOMEM : publish_file(dir, "staged", 0600, text.data, text.size);
}

int journal_mark_made(int dir, const struct journal *j)
{
	AUTO_BUF struct buf text = { 0 };

	for (size_t i = 0; i < j->n; i++)
		if (!j->record[i].inside && j->record[i].deferred)
			buf_printf(&text, "%zu\n", j->record[i].number);
	return text.failed ? -ENOMEM : publish_file(dir, "made", 0600, text.data, text.size);
}

/* --- reading --- */

static const struct manifest_entry *find_entry(
	const struct journal *j, size_t number, const char *side)
{
	char path[32];

	snprintf(path, sizeof(path), "%s.%s", journal_number(number).text, side);
	return manifest_find(j->entries, path);
}

static bool parse_kind(const char *word, struct journal_record *record)
{
	unsigned int kind = 0;

	record->inside = strcmp(word, "inside") == 0;
	if (record->inside)
		return true;
	while (kind < CHANGE_KINDS && strcmp(change_kind_name((enum change_kind)kind), word) != 0)
		kind++;
	record->kind = (enum change_kind)kind;
	return kind < CHANGE_KINDS;
}

static bool add_record(struct journal *j, const struct journal_record *record)
{
	if (!ARRAY_GROW(j->record, j->n))
		return false;
	j->record[j->n++] = *record;
	return true;
}

/* A change, or a volume. */
static bool parse_line(struct journal *j, char *line, size_t n)
{
	struct journal_record record = { .kind = CHANGE_CREATE };
	char kind[16], place[16], number[16];
	size_t length;
	int at = 0;

	if (sscanf(line, "%15s %15s %15[0-9] %n", kind, place, number, &at) < 3 || at == 0)
		return false;
	if (vis_decode(line + at, n - (size_t)at, &length) < 0)
		return false;
	if (strcmp(kind, "volume") == 0)
		return (!line[at] || !manifest_path_rule(line + at)) &&
		       volumes_add(&j->volumes, line + at, strcmp(place, "state") == 0);
	if (!parse_kind(kind, &record))
		return false;
	record.pending = strcmp(place, "pending") == 0;
	sscanf(place, "root.%u", &record.group);
	record.path = line + at;
	record.number = strtoul(number, NULL, 10);
	record.before = find_entry(j, record.number, "before");
	record.after = find_entry(j, record.number, "after");
	if (!record.before != (record.kind == CHANGE_CREATE) ||
		!record.after != (record.kind == CHANGE_REMOVE))
		return false;
	if (!record.pending && manifest_path_rule(record.path) && !offers_is_offer(record.path))
		return false;
	return add_record(j, &record);
}

static bool parse_head(const char *text, struct journal *j)
{
	char word[8] = "";

	if (sscanf(text, HEAD "%u %u %7s %u", &j->from, &j->to, word, &j->undoes) < 2)
		return false;
	j->undo = strcmp(word, "undo") == 0;
	return true;
}

int journal_parse(char *text, size_t n, struct manifest *entries, struct journal *j)
{
	char *line = text, *end = memchr(text, '\n', n);

	*j = (struct journal){ .entries = entries, .text = text };
	text[n] = '\0';
	if (!end)
		return -EBADMSG;
	*end = '\0';
	if (!parse_head(text, j))
		return -EBADMSG;
	while ((line = end + 1) < text + n) {
		end = memchr(line, '\n', (size_t)(text + n - line));
		if (!end)
			return -EBADMSG;
		*end = '\0';
		if (!parse_line(j, line, (size_t)(end - line)))
			return -EBADMSG;
	}
	return 0;
}

static int by_number(const void *key, const void *member)
{
	const size_t *number = key;
	const struct journal_record *record = member;

	return *number < record->number ? -1 : *number > record->number;
}

/* Lines of a mark: NUMBER, and what else it says of the change. */
static int read_mark(int dir, const char *name, struct journal *j)
{
	AUTO_BUF struct buf text = { 0 };
	int r = state_read_file(dir, name, JOURNAL_BYTES_MAX, &text);

	if (r == -ENOENT)
		return 0;
	buf_add(&text, "", 1);
	if (r == 0 && text.failed)
		r = -ENOMEM;
	for (char *line = text.data, *end; r == 0 && *line; line = end + 1) {
		size_t number = strtoul(line, &end, 10);
		struct journal_record *record =
			j->n ? bsearch(&number, j->record, j->n, sizeof(*j->record), by_number)
			     : NULL;

		if (end == line || !record)
			return -EBADMSG;
		if (*end == ' ' && end[1] != '-')
			record->ino = strtoull(end + 1, &end, 10);
		else
			record->deferred = true;
		end = strchr(end, '\n');
		if (!end)
			return -EBADMSG;
	}
	return r;
}

int journal_read(int dir, struct journal *j)
{
	struct buf text = { 0 };
	struct manifest_error error;
	struct manifest *entries = NULL;
	int r = state_read_file(dir, "journal", JOURNAL_BYTES_MAX, &text);

	*j = (struct journal){ 0 };
	if (r == 0)
		r = state_read_manifest(dir, "entries.mtree.gz", &entries, &error);
	if (r == 0 && !buf_room(&text, 1))
		r = -ENOMEM;
	if (r < 0) {
		buf_free(&text);
		manifest_free(entries);
		return r;
	}
	r = journal_parse(text.data, text.size, entries, j);
	r = r < 0 ? r : read_mark(dir, "staged", j);
	r = r < 0 ? r : read_mark(dir, "made", j);
	if (r < 0)
		journal_free(j);
	return r;
}

void journal_free(struct journal *j)
{
	free(j->record);
	volumes_free(&j->volumes);
	manifest_free(j->entries);
	free(j->text);
	*j = (struct journal){ 0 };
}
