#include "agent/transaction/owners.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/merge/account-entries.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"

struct owner_table {
	size_t n;
	struct owner {
		char *name;
		uint32_t id;
	} * owner;
};

struct owners {
	struct owner_table users, groups;
};

static int by_name(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* A entry "NAME:…:ID:…" of n bytes; what is none is passed over. */
static bool add_entry(struct owner_table *t, const char *entry, size_t n)
{
	const char *end = entry + n, *name_end = memchr(entry, ':', n), *id;
	struct owner *grown;
	char *after;
	unsigned long number;

	id = name_end ? memchr(name_end + 1, ':', (size_t)(end - name_end - 1)) : NULL;
	if (!id || name_end == entry || id + 1 == end || id[1] < '0' || id[1] > '9')
		return true;
	number = strtoul(id + 1, &after, 10);
	if (after > end || (*after != ':' && *after != '\n' && *after) || number > UINT32_MAX)
		return true;
	grown = reallocarray(t->owner, t->n + 1, sizeof(*grown));
	if (!grown)
		return false;
	t->owner = grown;
	grown[t->n] =
		(struct owner){ strndup(entry, (size_t)(name_end - entry)), (uint32_t)number };
	return grown[t->n].name && ++t->n;
}

static bool read_table(struct owner_table *t, const char *text, size_t n)
{
	/* A copy, as strtoul needs an end. */
	char *copy = malloc(n + 1);
	bool ok = copy != NULL;

	if (ok && n)
		memcpy(copy, text, n);
	if (copy)
		copy[n] = '\0';
	for (char *entry = copy, *end; ok && entry < copy + n; entry = end + 1) {
		end = memchr(entry, '\n', (size_t)(copy + n - entry));
		if (!end)
			end = copy + n;
		ok = add_entry(t, entry, (size_t)(end - entry));
	}
	free(copy);
	if (t->n)
		qsort(t->owner, t->n, sizeof(*t->owner), by_name);
	return ok;
}

struct owners *owners_new(const char *passwd, size_t n_passwd, const char *group, size_t n_group)
{
	struct owners *o = calloc(1, sizeof(*o));

	if (o && read_table(&o->users, passwd, n_passwd) && read_table(&o->groups, group, n_group))
		return o;
	owners_free(o);
	return NULL;
}

static void read_account_file(int root, enum account_file kind, struct buf *text)
{
	AUTO_CLOSE int fd =
		fsroot_open(root, account_file_path(kind), O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

	if (fd < 0 || buf_read(text, fd, ACCOUNT_BYTES_MAX) < 0)
		text->size = 0;
}

struct owners *owners_read(int root)
{
	AUTO_BUF struct buf passwd = { 0 }, group = { 0 };

	read_account_file(root, ACCOUNT_PASSWD, &passwd);
	read_account_file(root, ACCOUNT_GROUP, &group);
	return owners_new(passwd.data, passwd.size, group.data, group.size);
}

static void free_table(struct owner_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->owner[i].name);
	free(t->owner);
}

void owners_free(struct owners *owners)
{
	if (!owners)
		return;
	free_table(&owners->users);
	free_table(&owners->groups);
	free(owners);
}

static uint32_t find(const struct owner_table *t, const char *name, uint32_t number)
{
	const struct owner key = { .name = (char *)name };
	const struct owner *found =
		name && t->n ? bsearch(&key, t->owner, t->n, sizeof(key), by_name) : NULL;

	return found ? found->id : number;
}

uint32_t owners_uid(const struct owners *owners, const struct manifest_entry *e)
{
	return !owners ? e->uid : find(&owners->users, e->uname, e->uid);
}

uint32_t owners_gid(const struct owners *owners, const struct manifest_entry *e)
{
	return !owners ? e->gid : find(&owners->groups, e->gname, e->gid);
}
