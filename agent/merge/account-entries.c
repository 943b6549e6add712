#include "agent/merge/account-entries.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 9

struct word {
	const char *at;
	size_t n;
};

/* field[0] is the name. What the file has between ':' and ':', any number of them. */
struct row {
	size_t fields;
	struct word field[FIELDS_MAX];
	struct word line; /* without the newline */
};

struct table {
	struct row *row; /* in the file's order */
	size_t n;
	struct row **sorted; /* by name */
};

struct merge {
	const struct rows_input *in;
	struct table base[ROWS_KINDS], local[ROWS_KINDS], new[ROWS_KINDS], result[ROWS_KINDS];
	struct buf *merged;
};

/* How the fields of each kind are merged, by letter: name, fixed (stays), id, theirs (three-way),
 * list. */
static const struct {
	const char *path, *fields, *locked;
} files[ROWS_KINDS] = {
	[ROWS_GROUP] = { "etc/group", "nfil", NULL },
	[ROWS_PASSWD] = { "etc/passwd", "nfiittt", NULL },
	[ROWS_SHADOW] = { "etc/shadow", "nfttttttt", "!*" },
	[ROWS_GSHADOW] = { "etc/gshadow", "nfll", "!*" },
	[ROWS_SUBUID] = { "etc/subuid", "nff", NULL },
	[ROWS_SUBGID] = { "etc/subgid", "nff", NULL },
};

const char *rows_path(enum rows_kind kind)
{
	return files[kind].path;
}

bool rows_is_account_file(const char *path)
{
	for (int k = 0; k < ROWS_KINDS; k++)
		if (strcmp(files[k].path, path) == 0)
			return true;
	return false;
}

/* --- tables --- */

static bool same(struct word a, struct word b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

static int by_name(const void *a, const void *b)
{
	const struct word x = (*(struct row *const *)a)->field[0],
			  y = (*(struct row *const *)b)->field[0];
	size_t n = x.n < y.n ? x.n : y.n;
	int order = n ? memcmp(x.at, y.at, n) : 0;

	return order ? order : x.n < y.n ? -1 : x.n > y.n;
}

static void split(const char *line, size_t n, struct row *row)
{
	const char *end = line + n, *colon;

	*row = (struct row){ .line = { line, n } };
	while (row->fields < FIELDS_MAX) {
		colon = memchr(line, ':', (size_t)(end - line));
		/* The last field takes what is left. */
		if (!colon || row->fields + 1 == FIELDS_MAX)
			colon = end;
		row->field[row->fields++] = (struct word){ line, (size_t)(colon - line) };
		if (colon == end)
			return;
		line = colon + 1;
	}
}

static bool read_table(struct table *t, const char *text, size_t n)
{
	const char *end = text ? text + n : NULL, *next;
	size_t lines = 1;

	for (size_t i = 0; text && i < n; i++)
		lines += text[i] == '\n';
	t->row = calloc(lines, sizeof(*t->row));
	t->sorted = calloc(lines, sizeof(*t->sorted));
	if (!t->row || !t->sorted)
		return false;
	for (const char *line = text; line < end; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (!next)
			next = end;
		t->sorted[t->n] = &t->row[t->n];
		split(line, (size_t)(next - line), &t->row[t->n++]);
	}
	if (t->n)
		qsort(t->sorted, t->n, sizeof(*t->sorted), by_name);
	return true;
}

static void free_table(struct table *t)
{
	free(t->row);
	free(t->sorted);
	*t = (struct table){ 0 };
}

static const struct row *find(const struct table *t, struct word name)
{
	const struct row key = { .field[0] = name }, *pointer = &key;
	struct row **found =
		t->n ? bsearch(&pointer, t->sorted, t->n, sizeof(*t->sorted), by_name) : NULL;

	return found ? *found : NULL;
}

/* A decimal field, or UINT64_MAX. */
static uint64_t number(const struct row *row, size_t i)
{
	uint64_t value = 0;

	if (i >= row->fields || row->field[i].n == 0 || row->field[i].n > 10)
		return UINT64_MAX;
	for (size_t c = 0; c < row->field[i].n; c++) {
		if (row->field[i].at[c] < '0' || row->field[i].at[c] > '9')
			return UINT64_MAX;
		value = 10 * value + (uint64_t)(row->field[i].at[c] - '0');
	}
	return value;
}

/* The first row with that number in field i. */
static const struct row *find_number(const struct table *t, size_t i, uint64_t value)
{
	for (size_t r = 0; r < t->n; r++)
		if (number(&t->row[r], i) == value)
			return &t->row[r];
	return NULL;
}

__attribute__((format(printf, 3, 4))) static void clash(
	struct merge *m, enum rows_kind kind, const char *format, ...)
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

/* --- one row that is on both sides --- */

static struct word field(const struct row *row, size_t i)
{
	return row && i < row->fields ? row->field[i] : (struct word){ "", 0 };
}

static struct word next_member(struct word *list)
{
	const char *comma = memchr(list->at, ',', list->n);
	struct word member = { list->at, comma ? (size_t)(comma - list->at) : list->n };
	size_t used = member.n + (comma != NULL);

	list->at += used;
	list->n -= used;
	return member;
}

static bool has_member(struct word list, struct word name)
{
	while (list.n) {
		if (same(next_member(&list), name))
			return true;
	}
	return false;
}

/* Local's members but those that the master removed, and those that the master added. */
static void merge_list(struct buf *out, struct word base, struct word local, struct word new)
{
	struct word rest = local, member;
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

static void merge_row(struct merge *m, enum rows_kind kind, const struct row *local,
	const struct row *new, struct buf *out)
{
	const struct row *base = find(&m->base[kind], local->field[0]);
	const char *how = files[kind].fields;

	for (size_t i = 0; i < local->fields; i++) {
		struct word b = field(base, i), l = field(local, i), n = field(new, i);
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

/* --- one row that local lacks --- */

static bool is_system(uint64_t id)
{
	return id < 1000 || id == 65534;
}

/* A user's main group has to be the same group here. */
static bool group_fits(struct merge *m, const struct row *new)
{
	uint64_t gid = number(new, 3);
	const struct row *theirs = find_number(&m->new[ROWS_GROUP], 2, gid);
	const struct row *ours = find_number(&m->result[ROWS_GROUP], 2, gid);

	return !theirs || (ours && same(theirs->field[0], ours->field[0]));
}

static bool account_fits(struct merge *m, enum rows_kind kind, const struct row *new)
{
	uint64_t id = number(new, 2);
	const struct row *other = find_number(&m->local[kind], 2, id);

	if (!is_system(id))
		return false;
	if (other) {
		clash(m, kind, "%.*s is not added: its number %ju is %.*s here", W(new->field[0]),
			(uintmax_t)id, W(other->field[0]));
		return false;
	}
	if (kind == ROWS_PASSWD && !group_fits(m, new)) {
		clash(m, kind, "%.*s is not added: its group %.*s is another one here",
			W(new->field[0]), W(field(new, 3)));
		return false;
	}
	return true;
}

static bool range_fits(struct merge *m, enum rows_kind kind, const struct row *new)
{
	uint64_t start = number(new, 1), count = number(new, 2);

	for (size_t i = 0; i < m->local[kind].n; i++) {
		const struct row *row = &m->local[kind].row[i];
		uint64_t other = number(row, 1), n = number(row, 2);

		if (other == UINT64_MAX || n == UINT64_MAX)
			continue;
		if (start < other + n && other < start + count) {
			clash(m, kind, "%.*s is not added: its range overlaps that of %.*s",
				W(new->field[0]), W(row->field[0]));
			return false;
		}
	}
	return start != UINT64_MAX && count != UINT64_MAX;
}

static bool is_wanted(struct merge *m, enum rows_kind kind, const struct row *new)
{
	if (new->field[0].n == 0 || strchr("#+-", new->field[0].at[0]) ||
		find(&m->base[kind], new->field[0]))
		return false;
	switch (kind) {
	case ROWS_GROUP:
	case ROWS_PASSWD:
		return account_fits(m, kind, new);
	case ROWS_GSHADOW:
		return find(&m->result[ROWS_GROUP], new->field[0]) != NULL;
	case ROWS_SHADOW:
		return find(&m->result[ROWS_PASSWD], new->field[0]) != NULL;
	default:
		return find(&m->result[ROWS_PASSWD], new->field[0]) && range_fits(m, kind, new);
	}
}

static void add_row(enum rows_kind kind, const struct row *new, struct buf *out)
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

static void merge_file(struct merge *m, enum rows_kind kind, struct buf *out)
{
	const struct table *local = &m->local[kind], *new = &m->new[kind];
	size_t i = 0;

	/* Rows that refer to NIS ("+…") are last, and stay last. */
	for (; i < local->n && !(local->row[i].line.n && local->row[i].line.at[0] == '+'); i++) {
		const struct row *row = &local->row[i], *theirs = find(new, row->field[0]);

		if (theirs && row->fields > 1)
			merge_row(m, kind, row, theirs, out);
		else
			buf_add(out, row->line.at, row->line.n);
		buf_puts(out, "\n");
	}
	for (size_t j = 0; j < new->n; j++)
		if (!find(local, new->row[j].field[0]) && is_wanted(m, kind, &new->row[j]))
			add_row(kind, &new->row[j], out);
	for (; i < local->n; i++) {
		buf_add(out, local->row[i].line.at, local->row[i].line.n);
		buf_puts(out, "\n");
	}
}

static int merge_all(struct merge *m)
{
	for (int k = 0; k < ROWS_KINDS; k++) {
		const struct rows_input *in = m->in;
		struct buf *out = &m->merged[k];

		if (!read_table(&m->base[k], in->base[k].text, in->base[k].n) ||
			!read_table(&m->local[k], in->local[k].text, in->local[k].n) ||
			!read_table(&m->new[k], in->new[k].text, in->new[k].n))
			return -ENOMEM;
		if (in->local[k].text && in->new[k].text)
			merge_file(m, (enum rows_kind)k, out);
		else if (in->local[k].text)
			buf_add(out, in->local[k].text, in->local[k].n);
		if (out->failed || !read_table(&m->result[k], out->data, out->size))
			return -ENOMEM;
	}
	return 0;
}

/* --- the way back --- */

static bool knows(const struct merge *m, enum rows_kind kind)
{
	return m->in->base[kind].text && m->in->local[kind].text && m->in->new[kind].text;
}

/* 1: the run added this entry, and it is as it was; 0: there is none; -1: it stays. */
static int is_added(const struct merge *m, enum rows_kind kind, struct word name)
{
	const struct row *local = find(&m->local[kind], name);
	const struct row *base = find(&m->base[kind], name);

	if (!local)
		return 0;
	return knows(m, kind) && base && same(local->line, base->line) && !find(&m->new[kind], name)
		       ? 1
		       : -1;
}

static bool user_goes(const struct merge *m, struct word name)
{
	return is_added(m, ROWS_PASSWD, name) >= 0 && is_added(m, ROWS_SHADOW, name) >= 0 &&
	       is_added(m, ROWS_SUBUID, name) >= 0 && is_added(m, ROWS_SUBGID, name) >= 0;
}

static bool group_goes(const struct merge *m, struct word name)
{
	const struct row *group = find(&m->local[ROWS_GROUP], name);
	const struct table *users = &m->local[ROWS_PASSWD];

	if (is_added(m, ROWS_GROUP, name) < 0 || is_added(m, ROWS_GSHADOW, name) < 0)
		return false;
	for (size_t i = 0; group && i < users->n; i++)
		if (number(&users->row[i], 3) == number(group, 2) &&
			!user_goes(m, users->row[i].field[0]))
			return false;
	return true;
}

static bool goes(const struct merge *m, enum rows_kind kind, const struct row *row)
{
	bool group = kind == ROWS_GROUP || kind == ROWS_GSHADOW;

	return row->fields > 1 &&
	       (group ? group_goes(m, row->field[0]) : user_goes(m, row->field[0]));
}

static void undo_row(
	const struct merge *m, enum rows_kind kind, const struct row *local, struct buf *out)
{
	const struct row *base = find(&m->base[kind], local->field[0]);
	const struct row *new = find(&m->new[kind], local->field[0]);

	for (size_t i = 0; i < local->fields; i++) {
		struct word l = field(local, i), b = field(base, i), n = field(new, i);

		buf_puts(out, i ? ":" : "");
		if (base && new &&i < strlen(files[kind].fields) && files[kind].fields[i] == 'l')
			merge_list(out, b, l, n);
		else if (base && new &&same(l, b))
			buf_add(out, n.at, n.n);
		else
			buf_add(out, l.at, l.n);
	}
}

static void undo_file(const struct merge *m, enum rows_kind kind, struct buf *out)
{
	const struct rows_text *new = &m->in->new[kind];
	const struct table *local = &m->local[kind], *former = &m->new[kind];

	for (size_t i = 0; i < local->n; i++) {
		if (goes(m, kind, &local->row[i]))
			continue;
		undo_row(m, kind, &local->row[i], out);
		buf_puts(out, "\n");
	}
	for (size_t i = 0; i < former->n; i++) {
		const struct row *row = &former->row[i];

		if (find(local, row->field[0]) || find(&m->base[kind], row->field[0]))
			continue;
		buf_add(out, row->line.at, row->line.n);
		buf_puts(out, "\n");
	}
	/* The very bytes, where the former text had no newline at its end. */
	if (out->size == new->n + 1 && memcmp(out->data, new->text, new->n) == 0)
		out->size--;
}

static int undo_all(struct merge *m)
{
	const struct rows_input *in = m->in;

	for (int k = 0; k < ROWS_KINDS; k++)
		if (!read_table(&m->base[k], in->base[k].text, in->base[k].n) ||
			!read_table(&m->local[k], in->local[k].text, in->local[k].n) ||
			!read_table(&m->new[k], in->new[k].text, in->new[k].n))
			return -ENOMEM;
	for (int k = 0; k < ROWS_KINDS; k++) {
		struct buf *out = &m->merged[k];

		if (knows(m, (enum rows_kind)k))
			undo_file(m, (enum rows_kind)k, out);
		else if (in->local[k].text)
			buf_add(out, in->local[k].text, in->local[k].n);
		if (out->failed)
			return -ENOMEM;
	}
	return 0;
}

static int run(const struct rows_input *input, struct buf *merged, int (*way)(struct merge *m))
{
	struct merge m = { .in = input, .merged = merged };
	int r = way(&m);

	for (int k = 0; k < ROWS_KINDS; k++) {
		free_table(&m.base[k]);
		free_table(&m.local[k]);
		free_table(&m.new[k]);
		free_table(&m.result[k]);
	}
	return r;
}

int rows_merge(const struct rows_input *input, struct buf merged[static ROWS_KINDS])
{
	return run(input, merged, merge_all);
}

int rows_undo(const struct rows_input *input, struct buf merged[static ROWS_KINDS])
{
	return run(input, merged, undo_all);
}
