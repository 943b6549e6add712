#include "agent/transaction/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/run/state.h"
#include "lib/cleanup.h"
#include "lib/publish.h"
#include "lib/vis.h"

#define HEAD "xenfarm-journal 1 "

struct change_name change_name(size_t number)
{
	struct change_name name;

	snprintf(name.text, sizeof(name.text), "%08zu", number);
	return name;
}

/* --- writing --- */

/* The entry as NUMBER.SIDE, and below it as rest. */
static bool add_entry(struct manifest *m, const struct change *c, const char *side,
	const char *rest, const struct manifest_entry *entry, const struct ids *owners)
{
	struct manifest_entry e = *entry;
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s.%s%s", change_name(c->number).text, side, rest);
	e.path = path;
	e.group = 0;
	e.nlink = 1;
	if (owners) {
		e.uid = ids_uid(owners, entry->uname, entry->uid);
		e.gid = ids_gid(owners, entry->gname, entry->gid);
	}
	return manifest_add(m, &e) != NULL;
}

/* What a directory held; what could not be read then is not what is found later. */
static bool add_tree(struct manifest *m, const struct change *c)
{
	size_t from, to;

	manifest_below(c->seen, c->path, &from, &to);
	for (size_t i = from; i < to; i++) {
		const struct manifest_entry *e = c->seen->entry[i];

		if (!e->error && !add_entry(m, c, "before", e->path + strlen(c->path), e, NULL))
			return false;
	}
	return true;
}

static bool add_entries(struct manifest *m, const struct change *c, const struct ids *owners)
{
	return (!c->after || add_entry(m, c, "after", "", c->after, owners)) &&
	       (!c->before || add_entry(m, c, "before", "", c->before, NULL)) &&
	       (!c->seen || !c->before || c->before->type != MANIFEST_DIR || add_tree(m, c));
}

static void add_volumes(struct buf *text, const struct volumes *volumes)
{
	for (size_t i = 0; i < volumes->n; i++) {
		const struct volume *v = &volumes->volume[i];

		buf_printf(text, "volume %s %s ", v->state ? "state" : "root", change_name(0).text);
		vis_encode(text, v->top, strlen(v->top));
		buf_puts(text, "\n");
	}
}

static void add_line(struct buf *text, const struct change *c)
{
	char place[24] = "root";

	if (c->pending)
		strcpy(place, "pending");
	else if (c->group)
		snprintf(place, sizeof(place), "root.%u", c->group);
	buf_printf(text, "%s %s %s ",
		c->within != CHANGE_NONE ? "inside" : change_kind_name(c->kind), place,
		change_name(c->number).text);
	vis_encode(text, c->path, strlen(c->path));
	buf_puts(text, "\n");
}

int journal_encode(const struct journal *head, const struct changes *changes,
	const struct ids *owners, struct manifest **entries, struct buf *text, struct buf *encoded)
{
	const struct manifest_entry root = { .path = "", .type = MANIFEST_DIR, .nlink = 1 };
	AUTO_MANIFEST struct manifest *m = manifest_new();
	struct manifest_error error;
	int r;

	if (!m || !manifest_add(m, &root))
		return -ENOMEM;
	buf_printf(text, HEAD "%u %u", head->from, head->to);
	if (head->undo)
		buf_printf(text, " undo %u", head->undoes);
	buf_puts(text, "\n");
	add_volumes(text, &head->volumes);
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = &changes->change[i];

		if (c->within != CHANGE_NONE && head->from == 0)
			continue;
		add_line(text, c);
		if (!add_entries(m, c, owners))
			return -ENOMEM;
	}
	if (text->failed || !manifest_sort(m))
		return -ENOMEM;
	r = manifest_encode(m, encoded, &error);
	if (r < 0)
		return r;
	*entries = m;
	m = NULL;
	return 0;
}

int journal_mark_staged(int dir, const struct changes *changes)
{
	AUTO_BUF struct buf text = { 0 };

	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = &changes->change[i];

		if (c->within == CHANGE_NONE && c->deferred)
			buf_printf(&text, "%zu -\n", c->number);
		else if (c->within == CHANGE_NONE && c->ino)
			buf_printf(&text, "%zu %ju\n", c->number, (uintmax_t)c->ino);
	}
	return text.failed ? -ENOMEM : publish_file(dir, "staged", 0600, text.data, text.size);
}

int journal_mark_made(int dir, const struct changes *changes)
{
	AUTO_BUF struct buf text = { 0 };

	for (size_t i = 0; i < changes->n; i++)
		if (changes->change[i].within == CHANGE_NONE && changes->change[i].deferred)
			buf_printf(&text, "%zu\n", changes->change[i].number);
	return text.failed ? -ENOMEM : publish_file(dir, "made", 0600, text.data, text.size);
}

/* --- reading --- */

static const struct manifest_entry *find_entry(
	const struct journal *j, size_t number, const char *side)
{
	char path[32];

	snprintf(path, sizeof(path), "%s.%s", change_name(number).text, side);
	return manifest_find(j->entries, path);
}

static bool parse_kind(const char *word, struct change *change)
{
	unsigned int kind = 0;

	if (strcmp(word, "inside") == 0) {
		change->within = 0;
		return true;
	}
	while (kind < CHANGE_KINDS && strcmp(change_kind_name((enum change_kind)kind), word) != 0)
		kind++;
	change->kind = (enum change_kind)kind;
	return kind < CHANGE_KINDS;
}

static bool parse_change(struct journal *j, char *line, size_t n)
{
	struct change change = { .kind = CHANGE_CREATE, .within = CHANGE_NONE }, *added;
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
	if (!parse_kind(kind, &change))
		return false;
	change.pending = strcmp(place, "pending") == 0;
	sscanf(place, "root.%u", &change.group);
	change.path = line + at;
	change.op = strtoul(number, NULL, 10);
	change.before = find_entry(j, change.op, "before");
	change.after = find_entry(j, change.op, "after");
	if (!change.before != (change.kind == CHANGE_CREATE) ||
		!change.after != (change.kind == CHANGE_REMOVE))
		return false;
	if (!change.pending && manifest_path_rule(change.path) && !change_is_offer(&change))
		return false;
	added = changes_add(&j->changes, &change);
	if (added)
		added->number = change.op;
	return added != NULL;
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
		if (!parse_change(j, line, (size_t)(end - line)))
			return -EBADMSG;
	}
	return 0;
}

static int by_number(const void *key, const void *member)
{
	const size_t *number = key;
	const struct change *c = member;

	return *number < c->number ? -1 : *number > c->number;
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
		struct change *c = bsearch(&number, j->changes.change, j->changes.n,
			sizeof(*j->changes.change), by_number);

		if (end == line || !c)
			return -EBADMSG;
		if (*end == ' ' && end[1] != '-')
			c->ino = strtoull(end + 1, &end, 10);
		else
			c->deferred = true;
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
	changes_free(&j->changes);
	volumes_free(&j->volumes);
	manifest_free(j->entries);
	free(j->text);
	*j = (struct journal){ 0 };
}
