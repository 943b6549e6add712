#include "agent/run/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/merge/account-entries.h"
#include "agent/transaction/inode.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"
#include "lib/hex.h"
#include "lib/paths.h"
#include "lib/publish.h"

/* --- the directory --- */

/* Make PATH_STATE, component by component. */
static int make_default(int root)
{
	char path[] = PATH_STATE;
	char *slash = path;
	int r = 0;

	do {
		const char *name;

		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		AUTO_CLOSE int parent = fsroot_parent(root, path, &name);
		if (parent < 0)
			return parent;
		if (mkdirat(parent, name, slash ? 0755 : 0700) < 0 && errno != EEXIST)
			r = -errno;
		if (slash)
			*slash = '/';
	} while (r == 0 && slash);
	return r;
}

void state_sweep(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (publish_is_temporary(d->d_name))
			unlinkat(fd, d->d_name, 0);
}

int state_open(int root, const char *path, bool create, int *lock)
{
	int state, r;

	*lock = -1;
	if (create) {
		r = path ? mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0
			 : make_default(root);
		if (r < 0)
			return r;
	}
	state = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
		     : fsroot_open(root, PATH_STATE, O_RDONLY | O_DIRECTORY, 0);
	if (state < 0)
		return path ? -errno : state;
	if (!create)
		return state;
	*lock = openat(state, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*lock >= 0 && flock(*lock, LOCK_EX | LOCK_NB) == 0) {
		state_sweep(state);
		return state;
	}
	r = -errno;
	close(state);
	return r;
}

/* --- its files --- */

int state_open_file(int dir, const char *path)
{
	/* open(2) of a fifo would wait, and that of a device may have effects. */
	AUTO_CLOSE int fd =
		openat(dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int r = fd;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	fd = -1;
	return r;
}

int state_read_file(int dir, const char *path, size_t limit, struct buf *out)
{
	AUTO_CLOSE int fd = state_open_file(dir, path);

	return fd < 0 ? fd : buf_read(out, fd, limit);
}

/* --- status --- */

void state_status_parse(const char *text, size_t n, struct state_status *s)
{
	char line[128];

	*s = (struct state_status){ 0 };
	for (const char *end = text + n, *next; text < end; text = next + 1) {
		next = memchr(text, '\n', (size_t)(end - text));
		if (!next)
			next = end;
		snprintf(line, sizeof(line), "%.*s", (int)(next - text), text);
		sscanf(line, "share=%36[0-9a-f-]", s->share);
		sscanf(line, "generation=%u", &s->generation);
		sscanf(line, "rolled_back=%u", &s->rolled_back);
		sscanf(line, "conflicts=%u", &s->conflicts);
		sscanf(line, "deferred=%u", &s->deferred);
		if (strncmp(line, "checked=", 8) == 0)
			s->checked = strtoll(line + 8, NULL, 10);
	}
}

int state_status_read(int state, struct state_status *s)
{
	AUTO_BUF struct buf text = { 0 };
	int r = state < 0 ? -ENOENT : state_read_file(state, STATE_STATUS, 65536, &text);

	*s = (struct state_status){ 0 };
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		state_status_parse(text.data, text.size, s);
	return r;
}

void state_status_format(const struct state_status *s, struct buf *out)
{
	buf_printf(out,
		"share=%s\ngeneration=%u\nrolled_back=%u\nconflicts=%u\ndeferred=%u\nchecked=%jd\n",
		s->share, s->generation, s->rolled_back, s->conflicts, s->deferred,
		(intmax_t)s->checked);
}

int state_status_write(int state, const struct state_status *s)
{
	AUTO_BUF struct buf text = { 0 };

	state_status_format(s, &text);
	return text.failed ? -ENOMEM
			   : publish_file(state, STATE_STATUS, 0644, text.data, text.size);
}

/* --- manifests --- */

int state_read_manifest(
	int dir, const char *name, struct manifest **manifest, struct manifest_error *error)
{
	AUTO_BUF struct buf data = { 0 };
	int r = state_read_file(dir, name, MANIFEST_FILE_MAX, &data);

	*error = (struct manifest_error){ .rule = r == -EBADMSG ? "not a regular file" : NULL };
	return r < 0 ? r : manifest_decode(data.data, data.size, NULL, NULL, 0, manifest, error);
}

int state_manifest(
	int state, const char *name, struct manifest **manifest, struct manifest_error *error)
{
	int r = state < 0 ? -ENOENT : state_read_manifest(state, name, manifest, error);

	if (r != -ENOENT)
		return r;
	*manifest = manifest_new();
	return *manifest ? 0 : -ENOMEM;
}

int state_delta(
	int state, const char *name, struct manifest_delta *delta, struct manifest_error *error)
{
	AUTO_BUF struct buf data = { 0 };
	int r = state < 0 ? -ENOENT : state_read_file(state, name, MANIFEST_FILE_MAX, &data);

	*error = (struct manifest_error){ .rule = r == -EBADMSG ? "not a regular file" : NULL };
	return r < 0 ? r : manifest_delta_decode(data.data, data.size, NULL, NULL, 0, delta, error);
}

int state_manifest_write(int state, const char *name, const struct manifest *manifest)
{
	AUTO_BUF struct buf encoded = { 0 };
	struct manifest_error error = { 0 };
	int r = manifest_encode(manifest, &encoded, &error);

	return r < 0 ? r : manifest_publish(state, name, &encoded, NULL);
}

/* --- contents --- */

bool state_keeps(const struct manifest_entry *e)
{
	return e->type == MANIFEST_FILE && strncmp(e->path, "etc/", 4) == 0 &&
	       (e->size <= STATE_CONTENT_MAX ||
		       (account_file_is(e->path) && e->size <= ACCOUNT_BYTES_MAX));
}

static void content_name(const struct manifest_entry *e, char name[static 80])
{
	hex_text(stpcpy(name, STATE_CONTENTS "/"), e->digest.sha256, 32);
}

bool state_has_content(int state, const struct manifest_entry *e)
{
	struct stat st;
	char name[80];

	content_name(e, name);
	return fstatat(state, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       (uint64_t)st.st_size == e->size;
}

int state_content(int state, const struct manifest_entry *e, struct buf *out)
{
	struct digest digest;
	char name[80];
	int r;

	content_name(e, name);
	r = state_read_file(state, name, ACCOUNT_BYTES_MAX, out);
	r = r < 0 ? r : digest_bytes(out->data, out->size, DIGEST_SHA256, &digest);
	if (r == 0 && memcmp(digest.sha256, e->digest.sha256, 32) != 0)
		r = -ENOENT;
	return r;
}

int state_content_make(int dir, const struct manifest_entry *e)
{
	char name[80];
	int fd;

	content_name(e, name);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

int state_content_drop(int dir, const struct manifest_entry *e)
{
	char name[80];

	content_name(e, name);
	return unlinkat(dir, name, 0) < 0 ? -errno : 0;
}

int state_contents_take(int state, int dir)
{
	int fd = openat(dir, STATE_CONTENTS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *from = fd < 0 ? NULL : fdopendir(fd);
	AUTO_CLOSE int to = -1;
	struct dirent *d;

	if (!from)
		return errno == ENOENT ? 0 : -errno;
	if (mkdirat(state, STATE_CONTENTS, 0700) < 0 && errno != EEXIST)
		return -errno;
	to = openat(state, STATE_CONTENTS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to < 0)
		return -errno;
	while ((d = readdir(from)))
		if (d->d_name[0] != '.' && renameat(fd, d->d_name, to, d->d_name) < 0 &&
			errno != ENOENT)
			return -errno;
	return fsync(to) < 0 ? -errno : 0;
}

static int by_digest(const void *a, const void *b)
{
	const struct manifest_entry *const *x = a, *const *y = b;

	return memcmp((*x)->digest.sha256, (*y)->digest.sha256, 32);
}

static bool parse_name(const char *name, struct manifest_entry *e)
{
	unsigned int byte;

	for (int i = 0; i < 32; i++) {
		if (sscanf(name + 2 * i, "%2x", &byte) != 1)
			return false;
		e->digest.sha256[i] = (uint8_t)byte;
	}
	return name[64] == '\0';
}

void state_contents_prune(int state, const struct manifest *base)
{
	int fd = openat(state, STATE_CONTENTS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	AUTO_FREE const struct manifest_entry **kept = calloc(base->n + 1, sizeof(*kept));
	struct dirent *d;
	size_t n = 0;

	if (!dir || !kept)
		return;
	for (size_t i = 0; i < base->n; i++)
		if (state_keeps(base->entry[i]))
			kept[n++] = base->entry[i];
	qsort(kept, n, sizeof(*kept), by_digest);
	while ((d = readdir(dir))) {
		struct manifest_entry e = { 0 }, *key = &e;

		if (strlen(d->d_name) == 64 && parse_name(d->d_name, &e) &&
			!bsearch(&key, kept, n, sizeof(*kept), by_digest))
			unlinkat(dirfd(dir), d->d_name, 0);
	}
}
