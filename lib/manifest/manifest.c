#include "lib/manifest/manifest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/array.h"
#include "lib/manifest/manifest-lists.h"
#include "lib/sorted.h"

/*
 * Memory that is given back all at once: an entry is a handful of small pieces that live equally
 * long. After a first small chunk, in huge pages: half the time to read a large manifest went into
 * page faults.
 */
#define ARENA_FIRST (64 * 1024)
#define ARENA_HUGE  (2 * 1024 * 1024)

struct arena {
	struct arena *next;
	size_t used, size;
	_Alignas(16) char bytes[];
};

/* A chunk with room for n bytes at least. */
static struct arena *arena_chunk(struct arena *next, size_t n)
{
	size_t size = next ? ARENA_HUGE : ARENA_FIRST;
	struct arena *a;

	while (size - sizeof(*a) < n)
		size *= 2;
	a = aligned_alloc(size, size);
	if (!a)
		return NULL;
	if (size >= ARENA_HUGE)
		madvise(a, size, MADV_HUGEPAGE);
	*a = (struct arena){ .next = next, .size = size - sizeof(*a) };
	return a;
}

static void *arena_alloc(struct arena **arena, size_t n)
{
	struct arena *a = *arena;
	void *p;

	n = (n + 7) & ~(size_t)7;
	if (!a || a->size - a->used < n) {
		a = arena_chunk(*arena, n);
		if (!a)
			return NULL;
		*arena = a;
	}
	p = a->bytes + a->used;
	a->used += n;
	return p;
}

static void *arena_copy(struct arena **arena, const void *data, size_t n)
{
	void *p = arena_alloc(arena, n);

	return p && n ? memcpy(p, data, n) : p;
}

/* A copy of text in *to, which stays NULL for NULL. False without memory. */
static bool arena_string(struct arena **arena, const char *text, const char **to)
{
	*to = text ? arena_copy(arena, text, strlen(text) + 1) : NULL;
	return *to || !text;
}

struct manifest *manifest_new(void)
{
	return calloc(1, sizeof(struct manifest));
}

void manifest_free(struct manifest *manifest)
{
	struct arena *next;

	if (!manifest)
		return;
	for (struct arena *a = manifest->arena; a; a = next) {
		next = a->next;
		free(a);
	}
	free(manifest->entry);
	free(manifest);
}

void manifest_freep(struct manifest **manifest)
{
	manifest_free(*manifest);
}

static bool copy_xattrs(struct arena **arena, struct manifest_entry *entry)
{
	struct manifest_xattr *x =
		arena_copy(arena, entry->xattr, entry->nxattrs * sizeof(struct manifest_xattr));

	entry->xattr = x;
	for (uint32_t i = 0; x && i < entry->nxattrs; i++) {
		x[i].value = arena_copy(arena, x[i].value, x[i].size);
		if (!x[i].value || !arena_string(arena, x[i].name, &x[i].name))
			return false;
	}
	return x != NULL;
}

/* Neighbours mostly have the same owner: they share one copy of its name. */
static bool copy_name(struct arena **arena, const char *last, const char *text, const char **to)
{
	if (last && text && strcmp(last, text) == 0) {
		*to = last;
		return true;
	}
	return arena_string(arena, text, to);
}

struct manifest_entry *manifest_add(struct manifest *m, const struct manifest_entry *entry)
{
	const struct manifest_entry *last =
		m->n ? m->entry[m->n - 1] : &(struct manifest_entry){ 0 };
	struct arena **arena = &m->arena;
	struct manifest_entry *e;

	if (!ARRAY_GROW(m->entry, m->n))
		return NULL;
	e = arena_copy(arena, entry, sizeof(*entry));
	if (!e || !arena_string(arena, e->path, &e->path) ||
		!arena_string(arena, e->link, &e->link) ||
		!copy_name(arena, last->uname, e->uname, &e->uname) ||
		!copy_name(arena, last->gname, e->gname, &e->gname) ||
		(e->nxattrs && !copy_xattrs(arena, e)))
		return NULL;
	m->entry[m->n++] = e;
	return e;
}

bool manifest_refer(struct manifest *m, const struct manifest_entry *entry)
{
	if (!ARRAY_GROW(m->entry, m->n))
		return false;
	/* Of entries without a group nothing is ever changed by way of a list. */
	m->entry[m->n++] = (struct manifest_entry *)entry;
	return true;
}

static int by_path(const void *a, const void *b)
{
	const struct manifest_entry *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

uint32_t manifest_highest_group(const struct manifest *m)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->entry[i]->group > highest)
			highest = m->entry[i]->group;
	return highest;
}

/* A group of one is none. */
bool manifest_number(struct manifest *m)
{
	uint32_t next = 1;
	struct {
		uint32_t number, members;
	} *group = calloc((size_t)manifest_highest_group(m) + 1, sizeof(*group));

	if (!group)
		return false;
	for (size_t i = 0; i < m->n; i++)
		group[m->entry[i]->group].members++;
	for (size_t i = 0; i < m->n; i++) {
		struct manifest_entry *e = m->entry[i];
		uint32_t old = e->group;

		if (old == 0 && e->nlink == 1)
			continue;
		e->nlink = 1;
		e->group = 0;
		if (old == 0 || group[old].members < 2)
			continue;
		if (group[old].number == 0)
			group[old].number = next++;
		e->group = group[old].number;
		e->nlink = group[old].members;
	}
	free(group);
	return true;
}

bool manifest_sort(struct manifest *m)
{
	if (m->n)
		qsort(m->entry, m->n, sizeof(*m->entry), by_path);
	return manifest_number(m);
}

struct manifest_entry *manifest_find(const struct manifest *m, const char *path)
{
	const struct manifest_entry wanted = { .path = path }, *key = &wanted;
	struct manifest_entry **found =
		m->n ? bsearch(&key, m->entry, m->n, sizeof(*m->entry), by_path) : NULL;

	return found ? *found : NULL;
}

static const char *path_at(const void *entries, size_t i)
{
	return ((struct manifest_entry *const *)entries)[i]->path;
}

void manifest_below(const struct manifest *m, const char *path, size_t *from, size_t *to)
{
	sorted_below(m->entry, m->n, path_at, path, from, to);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_content(const struct manifest_entry *a, const struct manifest_entry *b)
{
	unsigned int both = a->digest.has & b->digest.has;

	if (a->size != b->size || a->major != b->major || a->minor != b->minor ||
		!same_text(a->link, b->link))
		return false;
	if (both & DIGEST_SHA256)
		return memcmp(a->digest.sha256, b->digest.sha256, sizeof(a->digest.sha256)) == 0;
	if (both & DIGEST_MD5)
		return memcmp(a->digest.md5, b->digest.md5, sizeof(a->digest.md5)) == 0;
	return true;
}

static bool same_owner(const struct manifest_entry *a, const struct manifest_entry *b)
{
	bool user = a->uname && b->uname ? same_text(a->uname, b->uname) : a->uid == b->uid;
	bool group = a->gname && b->gname ? same_text(a->gname, b->gname) : a->gid == b->gid;

	return user && group;
}

static bool same_xattrs(const struct manifest_entry *a, const struct manifest_entry *b)
{
	if (a->nxattrs != b->nxattrs)
		return false;
	for (uint32_t i = 0; i < a->nxattrs; i++) {
		const struct manifest_xattr *x = &a->xattr[i], *y = &b->xattr[i];

		if (strcmp(x->name, y->name) != 0 || x->size != y->size ||
			memcmp(x->value, y->value, x->size) != 0)
			return false;
	}
	return true;
}

unsigned int manifest_compare(const struct manifest_entry *a, const struct manifest_entry *b)
{
	unsigned int differ = 0;

	if (a->type != b->type)
		differ |= MANIFEST_DIFF_TYPE;
	else if (!same_content(a, b))
		differ |= MANIFEST_DIFF_CONTENT;
	if (a->mode != b->mode)
		differ |= MANIFEST_DIFF_MODE;
	if (!same_owner(a, b))
		differ |= MANIFEST_DIFF_OWNER;
	if (!same_xattrs(a, b))
		differ |= MANIFEST_DIFF_XATTR;
	if (a->mtime.tv_sec != b->mtime.tv_sec || a->mtime.tv_nsec != b->mtime.tv_nsec)
		differ |= MANIFEST_DIFF_TIME;
	return differ;
}

bool manifest_identical(const struct manifest_entry *a, const struct manifest_entry *b)
{
	return a->uid == b->uid && a->gid == b->gid && same_text(a->uname, b->uname) &&
	       same_text(a->gname, b->gname) && a->digest.has == b->digest.has &&
	       (!(a->digest.has & DIGEST_MD5) ||
		       memcmp(a->digest.md5, b->digest.md5, sizeof(a->digest.md5)) == 0) &&
	       manifest_compare(a, b) == 0;
}

struct manifest *manifest_thin(const struct manifest *m, const struct manifest *like)
{
	struct manifest *thin = manifest_new();
	size_t at = 0;

	for (size_t i = 0; thin && i < m->n; i++) {
		const struct manifest_entry *e = m->entry[i];
		int order = 1;

		while (at < like->n && (order = strcmp(e->path, like->entry[at]->path)) > 0)
			at++;
		if (order == 0 && e->group == 0 && like->entry[at]->group == 0 &&
					manifest_identical(e, like->entry[at])
				? manifest_refer(thin, like->entry[at])
				: manifest_add(thin, e) != NULL)
			continue;
		manifest_free(thin);
		thin = NULL;
	}
	if (thin)
		thin->head = m->head;
	return thin;
}

int manifest_join(
	const struct manifest *a, const struct manifest *b, manifest_pair_fn *each, void *arg)
{
	size_t i = 0, j = 0;
	int r = 0;

	while (r == 0 && (i < a->n || j < b->n)) {
		int order = i == a->n   ? 1
			    : j == b->n ? -1
					: strcmp(a->entry[i]->path, b->entry[j]->path);

		r = each(order <= 0 ? a->entry[i] : NULL, order >= 0 ? b->entry[j] : NULL, arg);
		i += order <= 0;
		j += order >= 0;
	}
	return r;
}

const char *manifest_type_name(enum manifest_type type)
{
	static const char *const name[] = {
		[MANIFEST_FILE] = "file",
		[MANIFEST_DIR] = "dir",
		[MANIFEST_LINK] = "link",
		[MANIFEST_CHAR] = "char",
		[MANIFEST_BLOCK] = "block",
		[MANIFEST_FIFO] = "fifo",
		[MANIFEST_SOCKET] = "socket",
	};

	return name[type];
}
