#include "agent/merge/account-entries.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 9

struct account_word {
	const char *at;
	size_t n;
};

/* A line of the file, cut at its colons. field[0] is the name. */
struct account_entry {
	size_t fields;
	struct account_word field[FIELDS_MAX];
	struct account_word line; /* without the newline */
};

struct account_table {
	struct account_entry *entry; /* in the file's order */
	size_t n;
	struct account_entry **sorted; /* by name */
};

struct account_merge {
	const struct account_input *in;
	struct account_table base[ACCOUNT_FILES], local[ACCOUNT_FILES], new[ACCOUNT_FILES],
		result[ACCOUNT_FILES];
	struct buf *merged;
};

/* How the fields of each kind are merged, by letter: name, fixed (stays), id, theirs (three-way),
 * list. */
static const struct {
	const char *path, *fields, *locked;
} files[ACCOUNT_FILES] = {
	[ACCOUNT_GROUP] = { "etc/group", "nfil", NULL },
	[ACCOUNT_PASSWD] = { "etc/passwd", "nfiittt", NULL },
	[ACCOUNT_SHADOW] = { "etc/shadow", "nfttttttt", "!*" },
	[ACCOUNT_GSHADOW] = { "etc/gshadow", "nfll", "!*" },
	[ACCOUNT_SUBUID] = { "etc/subuid", "nff", NULL },
	[ACCOUNT_SUBGID] = { "etc/subgid", "nff", NULL },
};

const char *account_file_path(enum account_file kind)
{
	return files[kind].path;
}

bool account_file_is(const char *path)
{
	for (int k = 0; k < ACCOUNT_FILES; k++)
		if (strcmp(files[k].path, path) == 0)
			return true;
	return false;
}

/* --- tables --- */

static bool same(struct account_word a, struct account_word b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

static int by_name(const void *a, const void *b)
{
	const struct account_word x = (*(struct account_entry *const *)a)->field[0],
				  y = (*(struct account_entry *const *)b)->field[0];
	size_t n = x.n < y.n ? x.n : y.n;
	int order = n ? memcmp(x.at, y.at, n) : 0;

	return order ? order : x.n < y.n ? -1 : x.n > y.n;
}

static void split(const char *line, size_t n, struct account_entry *entry)
{
	const char *end = line + n, *colon;

	*entry = (struct account_entry){ .line = { line, n } };
	while (entry->fields < FIELDS_MAX) {
		colon = memchr(line, ':', (size_t)(end - line));
		/* The last field takes what is left. */
		if (!colon || entry->fields + 1 == FIELDS_MAX)
			colon = end;
		entry->field[entry->fields++] =
			(struct account_word){ line, (size_t)(colon - line) };
		if (colon == end)
			return;
		line = colon + 1;
	}
}

static bool read_table(struct account_table *t, const char *text, size_t n)
{
	const char *end = text ? text + n : NULL, *next;
	size_t lines = 1;

	for (size_t i = 0; text && i < n; i++)
		lines += text[i] == '\n';
	t->entry = calloc(lines, sizeof(*t->entry));
	t->sorted = calloc(lines, sizeof(*t->sorted));
	if (!t->entry || !t->sorted)
		return false;
	for (const char *line = text; line < end; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (!next)
			next = end;
		t->sorted[t->n] = &t->entry[t->n];
		split(line, (size_t)(next - line), &t->entry[t->n++]);
	}
	if (t->n)
		qsort(t->sorted, t->n, sizeof(*t->sorted), by_name);
	return true;
}

static void free_table(struct account_table *t)
{
	free(t->entry);
	free(t->sorted);
	*t = (struct account_table){ 0 };
}

static const struct account_entry *find(const struct account_table *t, struct account_word name)
{
	const struct account_entry key = { .field[0] = name }, *pointer = &key;
	struct account_entry **found =
		t->n ? bsearch(&pointer, t->sorted, t->n, sizeof(*t->sorted), by_name) : NULL;

	return found ? *found : NULL;
}

/* A decimal field, or UINT64_MAX. */
static uint64_t number(const struct account_entry *entry, size_t i)
{
	uint64_t value = 0;

	if (i >= entry->fields || entry->field[i].n == 0 || entry->field[i].n > 10)
		return UINT64_MAX;
	for (size_t c = 0; c < entry->field[i].n; c++) {
		if (entry->field[i].at[c] < '0' || entry->field[i].at[c] > '9')
			return UINT64_MAX;
		value = 10 * value + (uint64_t)(entry->field[i].at[c] - '0');
	}
	return value;
}

/* The first entry with that number in field i. */
static const struct account_entry *find_number(
	const struct account_table *t, size_t i, uint64_t value)
{
	for (size_t r = 0; r < t->n; r++)
		if (number(&t->entry[r], i) == value)
			return &t->entry[r];
	return NULL;
}

__attribute__((format(printf, 3, 4))) static void clash(
	struct account_merge *m, enum account_file kind, const char *format, ...)
{
	char sentence[512];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	if (m->in->clash)
		m->in->clash(kind, sentence, m->in->arg);
}

#define W(word) (int)((word).n < 64 ? (word).n : 64), (word).at

/* --- one entry that is on both sides --- */

static struct account_word field(const struct account_entry *entry, size_t i)
{
	return entry && i < entry->fields ? entry->field[i] : (struct account_word){ "", 0 };
}

static struct account_word next_member(struct account_word *list)
{
	const char *comma = memchr(list->at, ',', list->n);
	struct account_word member = { list->at, comma ? (size_t)(comma - list->at) : list->n };
	size_t used = member.n + (comma != NULL);

	list->at += used;
	list->n -= used;
	return member;
}

static bool has_member(struct account_word list, struct account_word name)
{
	while (list.n) {
		if (same(next_member(&list), name))
			return true;
	}
	return false;
}

/* Local's members but those that the master removed, and those that the master added. */
static void merge_list(struct buf *out, struct account_word base, struct account_word local,
	struct account_word new)
{
	struct account_word rest = local, member;
	const char *comma = "";

	while (rest.n) {
		member = next_member(&rest);
		if (has_member(base, member) && !has_member(new, member))
			continue;
		buf_puts(out, comma);
		buf_add(out, member.at, member.n);
		comma = ",";
	}
	for (rest = new; rest.n;) {
		member = next_member(&rest);
		if (has_member(local, member) || has_member(base, member))
			continue;
		buf_puts(out, comma);
		buf_add(out, member.at, member.n);
		comma = ",";
	}
}

static void merge_entry(struct account_merge *m, enum account_file kind,
	const struct account_entry *local, const struct account_entry *new, struct buf *out)
{
	const struct account_entry *base = find(&m->base[kind], local->field[0]);
	const char *how = files[kind].fields;

	for (size_t i = 0; i < local->fields; i++) {
		struct account_word b = field(base, i), l = field(local, i), n = field(new, i);
		char letter = i < strlen(how) ? how[i] : 'f';

		buf_puts(out, i ? ":" : "");
		if (letter == 'l') {
			merge_list(out, b, l, n);
			continue;
		}
		if (letter == 'i' && !same(l, n) && !(base && same(n, b)))
			clash(m, kind, "%.*s has number %.*s here and %.*s on the master",
				W(l.n ? local->field[0] : local->line), W(l), W(n));
		if (letter == 't' && base && same(l, b))
			l = n;
		buf_add(out, l.at, l.n);
	}
}

/* --- one entry that local lacks --- */

static bool is_system(uint64_t id)
{
	return id < 1000 || id == 65534;
}

/* A user's main group has to be the same group here. */
static bool group_fits(struct account_merge *m, const struct account_entry *new)
{
	uint64_t gid = number(new, 3);
	const struct account_entry *theirs = find_number(&m->new[ACCOUNT_GROUP], 2, gid);
	const struct account_entry *ours = find_number(&m->result[ACCOUNT_GROUP], 2, gid);

	return !theirs || (ours && same(theirs->field[0], ours->field[0]));
}

static bool account_fits(
	struct account_merge *m, enum account_file kind, const struct account_entry *new)
{
	uint64_t id = number(new, 2);
	const struct account_entry *other = find_number(&m->local[kind], 2, id);

	if (!is_system(id))
		return false;
	if (other) {
		clash(m, kind, "%.*s is not added: its number %ju is %.*s here", W(new->field[0]),
			(uintmax_t)id, W(other->field[0]));
		return false;
	}
	if (kind == ACCOUNT_PASSWD && !group_fits(m, new)) {
		clash(m, kind, "%.*s is not added: its group %.*s is another one here",
			W(new->field[0]), W(field(new, 3)));
		return false;
	}
	return true;
}

static bool range_fits(
	struct account_merge *m, enum account_file kind, const struct account_entry *new)
{
	uint64_t start = number(new, 1), count = number(new, 2);

	for (size_t i = 0; i < m->local[kind].n; i++) {
		const struct account_entry *entry = &m->local[kind].entry[i];
		uint64_t other = number(entry, 1), n = number(entry, 2);

		if (other == UINT64_MAX || n == UINT64_MAX)
			continue;
		if (start < other + n && other < start + count) {
			clash(m, kind, "%.*s is not added: its range overlaps that of %.*s",
				W(new->field[0]), W(entry->field[0]));
			return false;
		}
	}
	return start != UINT64_MAX && count != UINT64_MAX;
}

static bool is_wanted(
	struct account_merge *m, enum account_file kind, const struct account_entry *new)
{
	if (new->field[0].n == 0 || strchr("#+-", new->field[0].at[0]) ||
		find(&m->base[kind], new->field[0]))
		return false;
	switch (kind) {
	case ACCOUNT_GROUP:
	case ACCOUNT_PASSWD:
		return account_fits(m, kind, new);
	case ACCOUNT_GSHADOW:
		return find(&m->result[ACCOUNT_GROUP], new->field[0]) != NULL;
	case ACCOUNT_SHADOW:
		return find(&m->result[ACCOUNT_PASSWD], new->field[0]) != NULL;
	default:
		return find(&m->result[ACCOUNT_PASSWD], new->field[0]) && range_fits(m, kind, new);
	}
}

static void add_entry(enum account_file kind, const struct account_entry *new, struct buf *out)
{
	for (size_t i = 0; i < new->fields; i++) {
		buf_puts(out, i ? ":" : "");
		if (i == 1 && files[kind].locked)
			buf_puts(out, files[kind].locked);
		else
			buf_add(out, new->field[i].at, new->field[i].n);
	}
	buf_puts(out, "\n");
}

/* --- files --- */

static void merge_one(struct account_merge *m, enum account_file kind, struct buf *out)
{
	const struct account_table *local = &m->local[kind], *new = &m->new[kind];
	size_t i = 0;

	/* Entries that refer to NIS ("+…") are the last, and stay so. */
	for (; i < local->n && !(local->entry[i].line.n && local->entry[i].line.at[0] == '+');
		i++) {
		const struct account_entry *entry = &local->entry[i],
					   *theirs = find(new, entry->field[0]);

		if (theirs && entry->fields > 1)
			merge_entry(m, kind, entry, theirs, out);
		else
			buf_add(out, entry->line.at, entry->line.n);
		buf_puts(out, "\n");
	}
	for (size_t j = 0; j < new->n; j++)
		if (!find(local, new->entry[j].field[0]) && is_wanted(m, kind, &new->entry[j]))
			add_entry(kind, &new->entry[j], out);
	for (; i < local->n; i++) {
		buf_add(out, local->entry[i].line.at, local->entry[i].line.n);
		buf_puts(out, "\n");
	}
}

static int merge_all(struct account_merge *m)
{
	for (int k = 0; k < ACCOUNT_FILES; k++) {
		const struct account_input *in = m->in;
		struct buf *out = &m->merged[k];

		if (!read_table(&m->base[k], in->base[k].text, in->base[k].n) ||
			!read_table(&m->local[k], in->local[k].text, in->local[k].n) ||
			!read_table(&m->new[k], in->new[k].text, in->new[k].n))
			return -ENOMEM;
		if (in->local[k].text && in->new[k].text)
			merge_one(m, (enum account_file)k, out);
		else if (in->local[k].text)
			buf_add(out, in->local[k].text, in->local[k].n);
		if (out->failed || !read_table(&m->result[k], out->data, out->size))
			return -ENOMEM;
	}
	return 0;
}

/* --- the way back --- */

static bool knows(const struct account_merge *m, enum account_file kind)
{
	return m->in->base[kind].text && m->in->local[kind].text && m->in->new[kind].text;
}

/* 1: the run added this entry, and it is unchanged; 0: there is none; -1: keep it. */
static int is_added(const struct account_merge *m, enum account_file kind, struct account_word name)
{
	const struct account_entry *local = find(&m->local[kind], name);
	const struct account_entry *base = find(&m->base[kind], name);

	if (!local)
		return 0;
	return knows(m, kind) && base && same(local->line, base->line) && !find(&m->new[kind], name)
		       ? 1
		       : -1;
}

static bool user_goes(const struct account_merge *m, struct account_word name)
{
	return is_added(m, ACCOUNT_PASSWD, name) >= 0 && is_added(m, ACCOUNT_SHADOW, name) >= 0 &&
	       is_added(m, ACCOUNT_SUBUID, name) >= 0 && is_added(m, ACCOUNT_SUBGID, name) >= 0;
}

static bool group_goes(const struct account_merge *m, struct account_word name)
{
	const struct account_entry *group = find(&m->local[ACCOUNT_GROUP], name);
	const struct account_table *users = &m->local[ACCOUNT_PASSWD];

	if (is_added(m, ACCOUNT_GROUP, name) < 0 || is_added(m, ACCOUNT_GSHADOW, name) < 0)
		return false;
	for (size_t i = 0; group && i < users->n; i++)
		if (number(&users->entry[i], 3) == number(group, 2) &&
			!user_goes(m, users->entry[i].field[0]))
			return false;
	return true;
}

static bool goes(
	const struct account_merge *m, enum account_file kind, const struct account_entry *entry)
{
	bool group = kind == ACCOUNT_GROUP || kind == ACCOUNT_GSHADOW;

	return entry->fields > 1 &&
	       (group ? group_goes(m, entry->field[0]) : user_goes(m, entry->field[0]));
}

static void undo_entry(const struct account_merge *m, enum account_file kind,
	const struct account_entry *local, struct buf *out)
{
	const struct account_entry *base = find(&m->base[kind], local->field[0]);
	const struct account_entry *new = find(&m->new[kind], local->field[0]);

	for (size_t i = 0; i < local->fields; i++) {
		struct account_word l = field(local, i), b = field(base, i), n = field(new, i);

		buf_puts(out, i ? ":" : "");
		if (base && new &&i < strlen(files[kind].fields) && files[kind].fields[i] == 'l')
			merge_list(out, b, l, n);
		else if (base && new &&same(l, b))
			buf_add(out, n.at, n.n);
		else
			buf_add(out, l.at, l.n);
	}
}

static void undo_file(const struct account_merge *m, enum account_file kind, struct buf *out)
{
	const struct account_text *new = &m->in->new[kind];
	const struct account_table *local = &m->local[kind], *former = &m->new[kind];

	for (size_t i = 0; i < local->n; i++) {
		if (goes(m, kind, &local->entry[i]))
			continue;
		undo_entry(m, kind, &local->entry[i], out);
		buf_puts(out, "\n");
	}
	for (size_t i = 0; i < former->n; i++) {
		const struct account_entry *entry = &former->entry[i];

		if (find(local, entry->field[0]) || find(&m->base[kind], entry->field[0]))
			continue;
		buf_add(out, entry->line.at, entry->line.n);
		buf_puts(out, "\n");
	}
	/* Byte by byte the former text, also if that had no newline at its end. */
	if (out->size == new->n + 1 && memcmp(out->data, new->text, new->n) == 0)
		out->size--;
}

static int undo_all(struct account_merge *m)
{
	const struct account_input *in = m->in;

	for (int k = 0; k < ACCOUNT_FILES; k++)
		if (!read_table(&m->base[k], in->base[k].text, in->base[k].n) ||
			!read_table(&m->local[k], in->local[k].text, in->local[k].n) ||
			!read_table(&m->new[k], in->new[k].text, in->new[k].n))
			return -ENOMEM;
	for (int k = 0; k < ACCOUNT_FILES; k++) {
		struct buf *out = &m->merged[k];

		if (knows(m, (enum account_file)k))
			undo_file(m, (enum account_file)k, out);
		else if (in->local[k].text)
			buf_add(out, in->local[k].text, in->local[k].n);
		if (out->failed)
			return -ENOMEM;
	}
	return 0;
}

static int run(
	const struct account_input *input, struct buf *merged, int (*way)(struct account_merge *m))
{
	struct account_merge m = { .in = input, .merged = merged };
	int r = way(&m);

	for (int k = 0; k < ACCOUNT_FILES; k++) {
		free_table(&m.base[k]);
		free_table(&m.local[k]);
		free_table(&m.new[k]);
		free_table(&m.result[k]);
	}
	return r;
}

int account_entries_merge(
	const struct account_input *input, struct buf merged[static ACCOUNT_FILES])
{
	return run(input, merged, merge_all);
}

int account_entries_undo(const struct account_input *input, struct buf merged[static ACCOUNT_FILES])
{
	return run(input, merged, undo_all);
}
