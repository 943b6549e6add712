#include "lib/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"

struct table {
	size_t n, n_ids, n_names;
	struct row {
		uint32_t id;
		uint32_t place; /* in the file */
		char *name;
	} * row, **by_id, **by_name; /* the latter two without the second of two alike */
};

struct ids {
	struct table users, groups;
};

/* --- reading --- */

/* The next row of a file, false at its end. */
typedef bool next_row(FILE *file, uint32_t *id, const char **name);

static bool next_user(FILE *file, uint32_t *id, const char **name)
{
	struct passwd *row = fgetpwent(file);

	if (!row)
		return false;
	*id = row->pw_uid;
	*name = row->pw_name;
	return true;
}

static bool next_group(FILE *file, uint32_t *id, const char **name)
{
	struct group *row = fgetgrent(file);

	if (!row)
		return false;
	*id = row->gr_gid;
	*name = row->gr_name;
	return true;
}

/* Rows of "+" and "-" are directives of NIS. */
static bool is_account(const char *name)
{
	return *name && *name != '+' && *name != '-';
}

static bool add(struct table *table, uint32_t id, const char *name)
{
	if (!is_account(name))
		return true;
	if (!ARRAY_GROW(table->row, table->n))
		return false;
	table->row[table->n] = (struct row){ id, (uint32_t)table->n, strdup(name) };
	return table->row[table->n].name && ++table->n;
}

static int compare_id(const struct row *a, const struct row *b)
{
	return (a->id > b->id) - (a->id < b->id);
}

static int compare_name(const struct row *a, const struct row *b)
{
	return strcmp(a->name, b->name);
}

static int by_place(const struct row *a, const struct row *b, int order)
{
	return order ? order : a->place < b->place ? -1 : a->place > b->place;
}

static int by_id(const void *a, const void *b)
{
	const struct row *const *x = a, *const *y = b;

	return by_place(*x, *y, compare_id(*x, *y));
}

static int by_name(const void *a, const void *b)
{
	const struct row *const *x = a, *const *y = b;

	return by_place(*x, *y, compare_name(*x, *y));
}

/* All rows in this order, without those that are like the one before. NULL without memory. */
static struct row **sorted(const struct table *table, size_t *n,
	int (*order)(const void *, const void *),
	int (*compare)(const struct row *, const struct row *))
{
	struct row **index = calloc(table->n + 1, sizeof(struct row *));

	if (!index)
		return NULL;
	for (size_t i = 0; i < table->n; i++)
		index[i] = &table->row[i];
	qsort(index, table->n, sizeof(struct row *), order);
	for (size_t i = 0; i < table->n; i++)
		if (i == 0 || compare(index[*n - 1], index[i]) != 0)
			index[(*n)++] = index[i];
	return index;
}

static int read_rows(struct table *table, FILE *file, next_row *next)
{
	const char *name;
	uint32_t id;

	while (next(file, &id, &name))
		if (!add(table, id, name))
			return -ENOMEM;
	if (ferror(file))
		return -EIO;
	table->by_id = sorted(table, &table->n_ids, by_id, compare_id);
	table->by_name = sorted(table, &table->n_names, by_name, compare_name);
	return table->by_id && table->by_name ? 0 : -ENOMEM;
}

static int read_file(struct table *table, int root, const char *path, next_row *next)
{
	AUTO_FCLOSE FILE *file = NULL;
	int fd = fsroot_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return fd;
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	return read_rows(table, file, next);
}

static int read_text(struct table *table, const char *text, size_t n, next_row *next)
{
	AUTO_FCLOSE FILE *file = n ? fmemopen((char *)text, n, "r") : NULL;

	if (!file)
		return n ? -ENOMEM : 0;
	return read_rows(table, file, next);
}

int ids_read(int root, struct ids **ids)
{
	struct ids *new = calloc(1, sizeof(*new));
	int r = new ? 0 : -ENOMEM;

	r = r < 0 ? r : read_file(&new->users, root, "etc/passwd", next_user);
	r = r < 0 ? r : read_file(&new->groups, root, "etc/group", next_group);
	if (r < 0)
		ids_free(new);
	else
		*ids = new;
	return r;
}

struct ids *ids_parse(const char *passwd, size_t n_passwd, const char *group, size_t n_group)
{
	struct ids *ids = calloc(1, sizeof(*ids));

	if (ids && read_text(&ids->users, passwd, n_passwd, next_user) == 0 &&
		read_text(&ids->groups, group, n_group, next_group) == 0)
		return ids;
	ids_free(ids);
	return NULL;
}

static void free_table(struct table *table)
{
	for (size_t i = 0; i < table->n; i++)
		free(table->row[i].name);
	free(table->row);
	free(table->by_id);
	free(table->by_name);
}

void ids_free(struct ids *ids)
{
	if (!ids)
		return;
	free_table(&ids->users);
	free_table(&ids->groups);
	free(ids);
}

/* --- looking up --- */

static int match_id(const void *key, const void *row)
{
	return compare_id(key, *(const struct row *const *)row);
}

static int match_name(const void *key, const void *row)
{
	return compare_name(key, *(const struct row *const *)row);
}

static const char *name_of(const struct table *t, uint32_t id)
{
	const struct row key = { .id = id };
	struct row **row = t->n ? bsearch(&key, t->by_id, t->n_ids, sizeof(*row), match_id) : NULL;

	return row ? (*row)->name : NULL;
}

static uint32_t id_of(const struct table *t, const char *name, uint32_t number)
{
	const struct row key = { .name = (char *)name };
	struct row **row = name && t->n
				   ? bsearch(&key, t->by_name, t->n_names, sizeof(*row), match_name)
				   : NULL;

	return row ? (*row)->id : number;
}

const char *ids_user(const struct ids *ids, uint32_t uid)
{
	return ids ? name_of(&ids->users, uid) : NULL;
}

const char *ids_group(const struct ids *ids, uint32_t gid)
{
	return ids ? name_of(&ids->groups, gid) : NULL;
}

uint32_t ids_uid(const struct ids *ids, const char *name, uint32_t number)
{
	return ids ? id_of(&ids->users, name, number) : number;
}

uint32_t ids_gid(const struct ids *ids, const char *name, uint32_t number)
{
	return ids ? id_of(&ids->groups, name, number) : number;
}
