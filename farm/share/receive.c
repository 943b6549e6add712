#include "farm/share/receive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/publish/filter.h"
#include "farm/share/keys.h"
#include "farm/share/verify.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/publish.h"
#include "lib/vis.h"

/* How many differences are printed of a tree that is not what its manifest says. */
#define DIFFERENCES_SHOWN 10

/* --- the share itself --- */

static int make_directory(int dir, const char *path, const char *name, mode_t mode)
{
	return mkdirat(dir, name, mode) < 0 && errno != EEXIST
		       ? cli_error(-errno, "%s/%s", path, name)
		       : 0;
}

static bool is_empty(const char *path)
{
	AUTO_CLOSEDIR DIR *dir = opendir(path);
	struct dirent *d;
	size_t n = 0;

	while (dir && (d = readdir(dir)) != NULL)
		n += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 &&
		     strcmp(d->d_name, "lost+found") != 0;
	return n == 0;
}

/* etc/uuid makes it a share: until it is there, all is made again. */
static int fill(int dir, const char *path, const char *uuid)
{
	static const char *const directories[] = { "gen", "manifest", "live", "etc" };
	char line[MANIFEST_UUID_MAX + 1];
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(directories) && r == 0; i++)
		r = make_directory(dir, path, directories[i], 0755);
	snprintf(line, sizeof(line), "%s\n", uuid);
	if (r == 0 && syncfs(dir) < 0)
		r = cli_error(-errno, "%s", path);
	if (r < 0)
		return r;
	r = publish_file(dir, "etc/filter", 0644, filter_default, strlen(filter_default));
	if (r == 0)
		r = publish_file(dir, "etc/uuid", 0644, line, strlen(line));
	return r < 0 ? cli_error(r, "%s", path) : 0;
}

static bool is_uuid(const char *text)
{
	return strlen(text) == MANIFEST_UUID_MAX - 1 &&
	       strspn(text, "0123456789abcdef-") == MANIFEST_UUID_MAX - 1;
}

static int make_share(int dir, const char *path, const char *uuid)
{
	AUTO_CLOSE int gen = openat(dir, "gen", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* An interrupted one has gen/, and whatever else is ours with it. */
	if (gen < 0 && !is_empty(path))
		return -cli_error(EEXIST, "%s has something in it, but is not a share", path);
	return fill(dir, path, uuid);
}

int receive_make(const char *path, const char *uuid)
{
	AUTO_SHARE struct share_store share = { .dir = -1, .lock = -1 };
	AUTO_CLOSE int dir = -1;
	int r;

	if (!is_uuid(uuid))
		return -cli_error(EINVAL, "a share's UUID is expected");
	r = fsroot_make_parents(path);
	if (r == 0 && mkdir(path, 0755) < 0 && errno != EEXIST)
		r = -errno;
	if (r < 0)
		return cli_error(r, "%s", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return cli_error(-errno, "%s", path);
	if (faccessat(dir, "etc/uuid", F_OK, 0) < 0)
		r = make_share(dir, path, uuid);
	if (r == 0)
		r = share_open(path, &share);
	if (r == 0 && strcmp(share.uuid, uuid) != 0)
		return -cli_error(
			EEXIST, "%s is another share: %s, not %s", path, share.uuid, uuid);
	/* Clients have no business there. */
	return r == 0 ? make_directory(dir, path, "incoming", 0700) : r;
}

/* --- a generation --- */

struct arrival {
	struct share_store *share;
	uint32_t generation;
	char directory[32]; /* incoming/N */
	unsigned long differences;
};

static int read_arrived(const struct arrival *a, const char *name, size_t limit, struct buf *out)
{
	char path[128];
	AUTO_CLOSE int fd = -1;
	int r;

	snprintf(path, sizeof(path), "%s/%s", a->directory, name);
	/* Regular files only: what comes from elsewhere leads nowhere else. */
	fd = fsroot_open(a->share->dir, path, O_RDONLY | O_NONBLOCK, 0);
	r = fd < 0 ? fd : buf_read(out, fd, limit);
	return r < 0 && r != -ENOENT ? cli_error(r, "%s/%s", a->share->path, path) : r;
}

/* The chain that came, after it was followed from the last key of the share's own. */
static int follow(const struct arrival *a, const struct keychain *came)
{
	const struct share_store *share = a->share;
	AUTO_BUF struct buf text = { 0 };
	struct signature_key *trusted, *last = NULL;
	struct keychain own;
	int r = share_read(share, "etc/keys", &text);

	/* The first that come: ssh has told who brings them. */
	if (r == -ENOENT)
		return 0;
	if (r == 0 && keychain_parse(text.data, text.size, &own) < 0)
		r = -cli_error(EBADMSG, "%s/etc/keys is damaged", share->path);
	if (r < 0)
		return r;
	trusted = keychain_key(&own, own.n - 1);
	r = trusted ? keychain_follow(came, trusted, &last) : -EIO;
	signature_key_free(trusted);
	signature_key_free(last);
	return r < 0 ? -cli_error(EPERM,
			       "%s: the keys that came do not follow from those of this share",
			       share->path)
		     : 0;
}

static int take_keys(const struct arrival *a, struct signature_key **last)
{
	AUTO_BUF struct buf text = { 0 };
	struct keychain came;
	int r = read_arrived(a, "etc/keys", KEYCHAIN_BYTES_MAX, &text);

	if (r == 0 && (keychain_parse(text.data, text.size, &came) < 0 ||
			      strcmp(came.share, a->share->uuid) != 0))
		r = -EBADMSG;
	if (r == -ENOENT || r == -EBADMSG)
		return cli_error(-EBADMSG, "%s/%s/etc/keys", a->share->path, a->directory);
	if (r == 0)
		r = follow(a, &came);
	if (r == 0)
		r = keys_write(a->share, &came);
	if (r == 0 && (*last = keychain_key(&came, came.n - 1)) == NULL)
		r = cli_error(-EIO, "etc/keys");
	return r;
}

/* In this order: a manifest is there only with its signature. */
static const struct {
	const char *suffix;
	size_t limit;
	bool is_needed;
} records[] = {
	{ ".note", SHARE_TEXT_MAX, false },
	{ ".layout", SHARE_TEXT_MAX, true },
	{ ".delta.gz.sig", SIGNATURE_BYTES, false },
	{ ".delta.gz", MANIFEST_FILE_MAX, false },
	{ ".mtree.gz.sig", SIGNATURE_BYTES, true },
	{ ".mtree.gz", MANIFEST_FILE_MAX, true },
};

static int copy_records(const struct arrival *a)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(records) && r == 0; i++) {
		const struct share_name name =
			share_name("manifest", a->generation, records[i].suffix);
		AUTO_BUF struct buf text = { 0 };

		r = read_arrived(a, name.text, records[i].limit, &text);
		if (r == -ENOENT && records[i].is_needed)
			r = cli_error(r, "%s/%s/%s", a->share->path, a->directory, name.text);
		else if (r == -ENOENT)
			r = 0;
		else if (r == 0)
			r = share_write(a->share, name.text, text.data, text.size);
	}
	return r;
}

static void remove_records(const struct arrival *a)
{
	for (size_t i = ARRAY_SIZE(records); i-- > 0;)
		unlinkat(a->share->dir,
			share_name("manifest", a->generation, records[i].suffix).text, 0);
}

static void show_difference(const char *path, const char *how, void *arg)
{
	struct arrival *a = arg;
	AUTO_FREE char *text = vis_string(path);

	if (a->differences++ < DIFFERENCES_SHOWN)
		cli_error(0, "generation %u: %s %s", a->generation, text ? text : "?", how);
}

/* A file that is wrong, with the size and time of the right one, rsync would not look at again. */
static int refuse_tree(const struct arrival *a)
{
	fsroot_remove(a->share->dir, a->directory);
	return -cli_error(EBADMSG,
		"generation %u differs from its manifest in %lu paths; after `xenfarm share "
		"verify %u` on the server that pushes it, push it again",
		a->generation, a->differences, a->generation);
}

static int verify(struct arrival *a, int tree, const struct signature_key *key)
{
	/* What rsync has linked was verified when it came. */
	uint32_t base = a->share->n ? a->share->generation[a->share->n - 1] : 0;
	int r = verify_tree(a->share, a->generation, tree, base, key, show_difference, a);

	if (r == 0 && a->differences)
		r = refuse_tree(a);
	/* All of it has to survive a power cut before gen/N says that it does. */
	if (r == 0 && syncfs(tree) < 0)
		r = cli_error(-errno, "%s", a->share->path);
	return r;
}

static int settle(const struct arrival *a, const char *tree)
{
	const struct share_name name = share_name("gen", a->generation, "");
	AUTO_CLOSE int gen = openat(a->share->dir, "gen", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (gen < 0 || renameat(a->share->dir, tree, a->share->dir, name.text) < 0 ||
		fsync(gen) < 0)
		return cli_error(-errno, "%s/%s", a->share->path, name.text);
	return 0;
}

static int take_tree(struct arrival *a, const struct signature_key *key)
{
	char path[64];
	AUTO_CLOSE int tree = -1;
	int r;

	snprintf(path, sizeof(path), "%s/tree", a->directory);
	tree = fsroot_open(a->share->dir, path, O_RDONLY | O_DIRECTORY, 0);
	if (tree < 0)
		return cli_error(tree, "%s/%s", a->share->path, path);
	r = copy_records(a);
	if (r == 0)
		r = verify(a, tree, key);
	if (r == 0)
		r = settle(a, path);
	if (r < 0)
		remove_records(a);
	return r;
}

static int take_signature(
	const struct arrival *a, const struct signature_key *key, const char *suffix)
{
	const struct share_name file = share_name("manifest", a->generation, suffix);
	char name[sizeof(file.text) + sizeof(SIGNATURE_SUFFIX)];
	AUTO_CLOSE int fd = openat(a->share->dir, file.text, O_RDONLY | O_CLOEXEC);
	AUTO_BUF struct buf data = { 0 }, signature = { 0 };
	int r = fd < 0 ? -errno : buf_read(&data, fd, MANIFEST_FILE_MAX);

	if (r < 0)
		return cli_error(r, "%s/%s", a->share->path, file.text);
	snprintf(name, sizeof(name), "%s" SIGNATURE_SUFFIX, file.text);
	r = read_arrived(a, name, SIGNATURE_BYTES, &signature);
	if (r < 0)
		return r == -ENOENT ? cli_error(r, "%s/%s", a->directory, name) : r;
	if (signature.size != SIGNATURE_BYTES ||
		signature_verify(key, data.data, data.size, (const uint8_t *)signature.data) < 0)
		return -cli_error(EBADMSG,
			"%s/%s: the signature that came is not one of the share's key",
			a->share->path, name);
	return share_write(a->share, name, signature.data, signature.size);
}

/* The share has the generation: its signatures are by another key now. */
static int take_signatures(const struct arrival *a, const struct signature_key *key)
{
	const struct share_name delta = share_name("manifest", a->generation, ".delta.gz");
	int r = 0;

	if (faccessat(a->share->dir, delta.text, F_OK, 0) == 0)
		r = take_signature(a, key, ".delta.gz");
	return r == 0 ? take_signature(a, key, ".mtree.gz") : r;
}

int receive_take(struct share_store *share, uint32_t generation)
{
	struct arrival a = { .share = share, .generation = generation };
	struct signature_key *key = NULL;
	int r;

	snprintf(a.directory, sizeof(a.directory), "incoming/%u", generation);
	r = take_keys(&a, &key);
	if (r == 0)
		r = share_has(share, generation) ? take_signatures(&a, key) : take_tree(&a, key);
	signature_key_free(key);
	if (r == 0 && (r = fsroot_remove(share->dir, a.directory)) < 0)
		cli_error(r, "%s/%s", share->path, a.directory);
	return r == 0 ? share_refresh(share) : r;
}
