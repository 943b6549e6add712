#include "lib/treescan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"
#include "lib/treescan-entry.h"

/* A file of the list, and what the walk saw of it. */
struct item {
	struct manifest_entry *entry;
	struct statcache_key key;
};

struct scan {
	int root;
	const struct treescan_options *options;
	struct treescan_examiner examiner;
	struct manifest *manifest;
	struct item
		*item; /* files; after the walk in the order of dev and ino, which is the disk's */
	size_t items;

	/* The hashing threads share these. */
	struct item **todo;
	size_t n_todo;
	atomic_size_t next;
	atomic_int failed; /* -errno of a thread that could not work at all */
	pthread_mutex_t lock;
	uint64_t files, bytes; /* for progress */
};

/* --- the walk --- */

static int add_item(struct scan *s, struct manifest_entry *e, const struct statcache_key *key)
{
	if (!ARRAY_GROW(s->item, s->items))
		return -ENOMEM;
	s->item[s->items++] = (struct item){ e, *key };
	return 0;
}

static int add(struct scan *s, const struct manifest_entry *seen, const struct statcache_key *key)
{
	struct manifest_entry *e = manifest_add(s->manifest, seen);

	if (!e)
		return -ENOMEM;
	return e->type == MANIFEST_FILE && !e->error && !e->unread ? add_item(s, e, key) : 0;
}

/* One name of a directory into the list. */
static int visit(struct scan *s, int directory, const char *name, const char *path)
{
	const struct treescan_options *o = s->options;
	struct manifest_entry seen = { .path = path };
	struct statcache_key key;

	if (treescan_examine(&s->examiner, directory, name, &seen, &key) == -ENOENT)
		return 0;
	if (o->exclude && *path && o->exclude(path, seen.type, o->arg))
		return 0;
	seen.unread = o->shallow && *path && o->shallow(path, seen.type, o->arg);
	return add(s, &seen, &key);
}

/* What a directory holds into the list; if that cannot be read the directory's entry says so. */
static int list(struct scan *s, struct manifest_entry *directory)
{
	char path[MANIFEST_PATH_MAX + 1 + NAME_MAX + 1];
	int fd = fsroot_open(s->root, directory->path, O_RDONLY | O_DIRECTORY, 0);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	size_t n = strlen(directory->path);
	struct dirent *d;
	int r = 0;

	if (!dir) {
		directory->error = fd < 0 ? -fd : errno;
		return 0;
	}
	memcpy(path, directory->path, n);
	if (n)
		path[n++] = '/';
	for (errno = 0; r == 0 && (d = readdir(dir)) != NULL; errno = 0) {
		size_t size = strlen(d->d_name);

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		memcpy(path + n, d->d_name, size + 1);
		if (n + size > MANIFEST_PATH_MAX)
			directory->error = ENAMETOOLONG;
		else
			r = visit(s, dirfd(dir), d->d_name, path);
	}
	if (r == 0 && errno)
		directory->error = errno;
	return r;
}

/* May this directory be entered, by what is mounted there? */
static bool enters(const struct scan *s, struct manifest_entry *e)
{
	const struct treescan_options *o = s->options;
	int r = !e->mountpoint;

	if (!o->one_file_system || !*e->path)
		return true;
	if (o->mount)
		r = o->mount(e->path, e->mountpoint, o->arg);
	if (r < 0)
		e->error = -r;
	if (r <= 0)
		return false;
	e->volume = e->mountpoint;
	e->mountpoint = false;
	return true;
}

/* An open directory of a list that others have walked. */
struct place {
	int fd;
	const char *path; /* begins with the directory's own, of n bytes */
	size_t n;
};

/* To the directory that holds path; the names of one often follow each other. */
static int go_to_parent(const struct scan *s, struct place *p, const char *path)
{
	const char *slash = strrchr(path, '/'), *name;
	size_t n = slash ? (size_t)(slash - path) : 0;
	int fd;

	if (p->fd >= 0 && n == p->n && memcmp(path, p->path, n) == 0)
		return 0;
	fd = *path ? fsroot_parent(s->root, path, &name) : fsroot_open(s->root, "", O_PATH, 0);
	if (fd < 0)
		return fd;
	if (p->fd >= 0)
		close(p->fd);
	*p = (struct place){ fd, path, n };
	return 0;
}

static int take_walked(struct scan *s)
{
	struct place place = { .fd = -1 };
	struct stat st;
	const char *path;
	int r = 0;

	while (r == 0 && s->options->walked(&path, &st, s->options->arg)) {
		struct manifest_entry seen = { .path = path };
		struct statcache_key key;

		r = go_to_parent(s, &place, path);
		if (r < 0)
			break;
		treescan_examine_walked(
			&s->examiner, place.fd, path + place.n + (place.n > 0), &st, &seen, &key);
		r = add(s, &seen, &key);
	}
	if (place.fd >= 0)
		close(place.fd);
	return r;
}

static int walk(struct scan *s)
{
	int r = visit(s, s->root, "", "");

	/* The list grows while it is gone through: every directory comes by, with one fd open at a
	 * time. */
	for (size_t i = 0; r == 0 && i < s->manifest->n; i++) {
		struct manifest_entry *e = s->manifest->entry[i];

		if (e->type == MANIFEST_DIR && !e->error && !e->unread && enters(s, e))
			r = list(s, e);
	}
	return r;
}

/* --- hashing --- */

static bool same_inode(const struct item *a, const struct item *b)
{
	return a->key.ino == b->key.ino && a->key.dev == b->key.dev;
}

static bool same_key(const struct statcache_key *a, const struct statcache_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* One more link to a file changes its ctime, too. */
static bool same_content(const struct statcache_key *a, const struct statcache_key *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime == b->mtime;
}

/* Read a file between two looks at it. -EAGAIN: it is not, or does not stay, what was seen. */
static int read_file(struct scan *s, struct item *item, struct digester *digester)
{
	AUTO_CLOSE int fd = fsroot_open(
		s->root, item->entry->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	struct statcache_key key;
	uint64_t size;
	int r = fd < 0 ? fd : treescan_key(fd, &key);

	if (r < 0)
		return r;
	if (!same_key(&key, &item->key))
		return -EAGAIN;
	r = digester_fd(digester, fd, &item->entry->digest, &size);
	if (r == 0)
		r = treescan_key(fd, &key);
	if (r < 0)
		return r;
	return size == item->entry->size && same_key(&key, &item->key) ? 0 : -EAGAIN;
}

static int digest_file(struct scan *s, struct item *item, struct digester *digester)
{
	const struct treescan_options *o = s->options;
	struct digest *digest = &item->entry->digest;

	if (o->known && o->known(item->entry->path, &item->key, digest, o->arg))
		return 0;
	if (o->cache && statcache_find(o->cache, &item->key, o->digests, digest))
		return 0;
	return read_file(s, item, digester);
}

static void *hash_thread(void *arg)
{
	struct scan *s = arg;
	struct digester *digester;
	size_t i;
	int r = digester_new(s->options->digests, &digester);

	if (r < 0) {
		s->failed = r;
		return NULL;
	}
	while ((i = s->next++) < s->n_todo) {
		struct item *item = s->todo[i];

		item->entry->error = -digest_file(s, item, digester);
		if (!s->options->progress)
			continue;
		pthread_mutex_lock(&s->lock);
		s->files++;
		s->bytes += item->entry->size;
		s->options->progress(s->files, s->bytes, s->options->arg);
		pthread_mutex_unlock(&s->lock);
	}
	digester_free(digester);
	return NULL;
}

/* All of todo, by this thread and others; fewer than asked for do as well. */
static int hash(struct scan *s)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = s->options->threads ? s->options->threads : (size_t)processors, made = 0;
	pthread_t thread[64];

	if (n > 64)
		n = 64;
	s->next = 0;
	while (made + 1 < n && made + 1 < s->n_todo &&
		pthread_create(&thread[made], NULL, hash_thread, s) == 0)
		made++;
	hash_thread(s);
	while (made > 0)
		pthread_join(thread[--made], NULL);
	return s->failed;
}

/* Look again at a file that changed while it was read. */
static int look_again(struct scan *s, struct item *item)
{
	const char *name;
	AUTO_CLOSE int directory = fsroot_parent(s->root, item->entry->path, &name);
	struct manifest_entry seen = { .path = item->entry->path }, *copy;
	const struct statcache_key before = item->key;

	if (directory < 0) {
		item->entry->error = -directory;
		return 0;
	}
	treescan_examine(&s->examiner, directory, name, &seen, &item->key);
	if (s->options->walked && !seen.error && !same_content(&before, &item->key)) {
		item->entry->error = EBUSY;
		return 0;
	}
	copy = manifest_add(s->manifest, &seen);
	if (!copy)
		return -ENOMEM;
	/* The copy's texts are what is wanted: it takes the place of what was seen before. */
	*item->entry = *copy;
	s->manifest->n--;
	if (!seen.error)
		item->entry->error = seen.type == MANIFEST_FILE ? EAGAIN : EBUSY;
	return 0;
}

/* Each inode once, by its first name; again what changed, as often as TREESCAN_RETRIES says. */
static int hash_all(struct scan *s)
{
	int r = 0;

	s->todo = calloc(s->items + 1, sizeof(*s->todo));
	if (!s->todo)
		return -ENOMEM;
	for (size_t i = 0; i < s->items; i++)
		if (i == 0 || !same_inode(&s->item[i], &s->item[i - 1]))
			s->todo[s->n_todo++] = &s->item[i];
	for (int round = 0; s->n_todo > 0 && r == 0; round++) {
		size_t again = 0;

		r = hash(s);
		for (size_t i = 0; i < s->n_todo && r == 0; i++) {
			struct item *item = s->todo[i];

			if (item->entry->error != EAGAIN)
				continue;
			if (round == TREESCAN_RETRIES)
				item->entry->error = EBUSY;
			else
				r = look_again(s, item);
			if (item->entry->error == EAGAIN)
				s->todo[again++] = item;
		}
		s->n_todo = again;
	}
	return r;
}

static int by_inode(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->key.dev != y->key.dev)
		return x->key.dev < y->key.dev ? -1 : 1;
	if (x->key.ino != y->key.ino)
		return x->key.ino < y->key.ino ? -1 : 1;
	return strcmp(x->entry->path, y->entry->path);
}

/* The names of one inode get one group, and what its first name was found to be. */
static void join_names(struct scan *s)
{
	struct item *first = s->item;
	uint32_t group = 0;

	for (size_t i = 0; i < s->items; i++) {
		struct manifest_entry *e = s->item[i].entry;
		const char *path = e->path;

		if (i == 0 || !same_inode(&s->item[i], first)) {
			first = &s->item[i];
			/* It was to share the digest of a name that is another file by now. */
			if (s->options->digests && !e->digest.has && !e->error)
				e->error = EBUSY;
		} else if (first->entry->error == ENOENT) {
			e->error = EBUSY;
		} else {
			if (first->entry->group == 0)
				first->entry->group = ++group;
			*e = *first->entry;
			e->path = path;
		}
	}
}

static int fill_cache(struct scan *s)
{
	int r = 0;

	for (size_t i = 0; i < s->items && r == 0; i++)
		if (!s->item[i].entry->error &&
			(i == 0 || !same_inode(&s->item[i], &s->item[i - 1])))
			r = statcache_add(
				s->options->cache, &s->item[i].key, &s->item[i].entry->digest);
	return r;
}

/* What is gone by now is absent, unless the caller has walked it; other errors are counted. */
static unsigned long drop_vanished(struct manifest *m, bool walked)
{
	unsigned long errors = 0;
	size_t kept = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (m->entry[i]->error == ENOENT && walked)
			m->entry[i]->error = EBUSY;
		if (m->entry[i]->error == ENOENT)
			continue;
		errors += m->entry[i]->error != 0;
		m->entry[kept++] = m->entry[i];
	}
	m->n = kept;
	return errors;
}

static int scan(struct scan *s)
{
	int r = ids_read(s->root, &s->examiner.ids);

	if (r == 0)
		r = s->options->walked ? take_walked(s) : walk(s);
	if (r < 0)
		return r;
	if (s->manifest->n == 0 || s->manifest->entry[0]->type != MANIFEST_DIR)
		return -ENOTDIR;
	if (s->items)
		qsort(s->item, s->items, sizeof(*s->item), by_inode);
	if (s->options->digests)
		r = hash_all(s);
	if (r == 0)
		join_names(s);
	if (r == 0 && s->options->digests && s->options->cache)
		r = fill_cache(s);
	return r;
}

int treescan(int root, const struct treescan_options *options, struct manifest **manifest,
	unsigned long *errors)
{
	struct scan *s;
	int r = -ENOMEM;

	/* Without it every file would seem to have vanished. */
	if (access("/proc/self/fd", F_OK) < 0)
		return -ENOTSUP;
	s = calloc(1, sizeof(*s));
	if (!s)
		return r;
	s->root = root;
	s->options = options;
	pthread_mutex_init(&s->lock, NULL);
	s->manifest = manifest_new();
	if (s->manifest)
		r = scan(s);
	if (r == 0) {
		*errors = drop_vanished(s->manifest, options->walked);
		r = manifest_sort(s->manifest) ? 0 : -ENOMEM;
	}
	if (r == 0) {
		*manifest = s->manifest;
		s->manifest = NULL;
	}
	manifest_free(s->manifest);
	ids_free(s->examiner.ids);
	buf_free(&s->examiner.values);
	pthread_mutex_destroy(&s->lock);
	free(s->todo);
	free(s->item);
	free(s);
	return r;
}
