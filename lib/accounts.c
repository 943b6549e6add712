#include "lib/accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"

struct table {
	size_t n;
	struct account {
		uint32_t id;
		uint32_t place; /* in the file: the first of several wins */
		char *name;
	} * account;
};

struct accounts {
	struct table users, groups;
};

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

static int by_id(const void *a, const void *b)
{
	const struct account *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static int add(struct table *table, uint32_t id, const char *name)
{
	if (!ARRAY_GROW(table->account, table->n))
		return -ENOMEM;
	table->account[table->n] = (struct account){ id, (uint32_t)table->n, strdup(name) };
	return table->account[table->n].name && ++table->n ? 0 : -ENOMEM;
}

static int read_table(int root, const char *path, next_row *next, struct table *table)
{
	AUTO_FCLOSE FILE *file = NULL;
	const char *name;
	uint32_t id;
	int fd = fsroot_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0), r = 0;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return fd;
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	while (r == 0 && next(file, &id, &name))
		r = add(table, id, name);
	if (table->n)
		qsort(table->account, table->n, sizeof(*table->account), by_id);
	return r < 0 ? r : ferror(file) ? -EIO : 0;
}

int accounts_read(int root, struct accounts **accounts)
{
	struct accounts *a = calloc(1, sizeof(*a));
	int r = a ? 0 : -ENOMEM;

	if (r == 0)
		r = read_table(root, "etc/passwd", next_user, &a->users);
	if (r == 0)
		r = read_table(root, "etc/group", next_group, &a->groups);
	if (r < 0) {
		accounts_free(a);
		return r;
	}
	*accounts = a;
	return 0;
}

static void free_table(struct table *table)
{
	for (size_t i = 0; i < table->n; i++)
		free(table->account[i].name);
	free(table->account);
}

void accounts_free(struct accounts *accounts)
{
	if (!accounts)
		return;
	free_table(&accounts->users);
	free_table(&accounts->groups);
	free(accounts);
}

static const char *find(const struct table *table, uint32_t id)
{
	size_t low = 0, high = table->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->account[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < table->n && table->account[low].id == id ? table->account[low].name : NULL;
}

const char *accounts_user(const struct accounts *accounts, uint32_t uid)
{
	return find(&accounts->users, uid);
}

const char *accounts_group(const struct accounts *accounts, uint32_t gid)
{
	return find(&accounts->groups, gid);
}
