#include "farm/share/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/share/treelist.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/digest.h"
#include "lib/fsroot.h"
#include "lib/publish.h"

/* Decimal, from 1, no leading zero, at most nine digits: what xf-init accepts. */
static uint32_t parse_number(const char *text, size_t n)
{
	uint32_t number = 0;

	if (n == 0 || n > 9 || text[0] == '0')
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		number = number * 10 + (uint32_t)(text[i] - '0');
	}
	return number;
}

int share_read(const struct share_store *share, const char *path, struct buf *text)
{
	AUTO_CLOSE int fd = openat(share->dir, path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : buf_read(text, fd, SHARE_TEXT_MAX);

	return r < 0 && r != -ENOENT ? cli_error(r, "%s/%s", share->path, path) : r;
}

int share_write(const struct share_store *share, const char *path, const void *data, size_t n)
{
	int r = publish_file(share->dir, path, 0644, data, n);

	return r < 0 ? cli_error(r, "cannot write %s/%s", share->path, path) : 0;
}

uint32_t share_read_number(const struct share_store *share, const char *path)
{
	AUTO_BUF struct buf text = { 0 };

	if (share_read(share, path, &text) < 0)
		return 0;
	while (text.size > 0 && text.data[text.size - 1] == '\n')
		text.size--;
	return parse_number(text.data, text.size);
}

int share_write_number(const struct share_store *share, const char *path, uint32_t number)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u\n", number);

	return share_write(share, path, text, (size_t)n);
}

static int by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int list_generations(struct share_store *share, DIR *dir)
{
	struct dirent *d;

	share->n = 0;
	for (errno = 0; (d = readdir(dir)) != NULL; errno = 0) {
		uint32_t number = parse_number(d->d_name, strlen(d->d_name));

		if (number == 0)
			continue;
		if (!ARRAY_GROW(share->generation, share->n))
			return -ENOMEM;
		share->generation[share->n++] = number;
	}
	if (share->n)
		qsort(share->generation, share->n, sizeof(*share->generation), by_number);
	return -errno;
}

int share_refresh(struct share_store *share)
{
	int fd = openat(share->dir, "gen", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int r = dir ? list_generations(share, dir) : -errno;

	if (r < 0)
		return cli_error(r, "%s/gen", share->path);
	return channel_list(share);
}

static int read_uuid(struct share_store *share)
{
	AUTO_BUF struct buf text = { 0 };
	int r = share_read(share, "etc/uuid", &text);

	if (r == -ENOENT || (r == 0 && text.size != MANIFEST_UUID_MAX))
		return -cli_error(ENOENT,
			"%s is not a share; make one with `xenfarm share init %s`, or name another "
			"by --share",
			share->path, share->path);
	if (r == 0)
		memcpy(share->uuid, text.data, MANIFEST_UUID_MAX - 1);
	return r;
}

int share_open(const char *path, struct share_store *share)
{
	int r;

	*share = (struct share_store){ .dir = -1, .lock = -1, .path = realpath(path, NULL) };
	if (!share->path)
		return cli_error(-errno, "share %s", path);
	share->dir = open(share->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (share->dir < 0)
		return cli_error(-errno, "share %s", path);
	r = read_uuid(share);
	return r < 0 ? r : share_refresh(share);
}

void share_close(struct share_store *share)
{
	free(share->path);
	free(share->generation);
	free(share->channel);
	if (share->dir >= 0)
		close(share->dir);
	if (share->lock >= 0)
		close(share->lock);
}

bool share_has(const struct share_store *share, uint32_t generation)
{
	return share->n && bsearch(&generation, share->generation, share->n,
				   sizeof(*share->generation), by_number);
}

uint32_t share_newest(const struct share_store *share)
{
	return share->n ? share->generation[share->n - 1] : 0;
}

uint32_t share_next(const struct share_store *share)
{
	uint32_t last = share_read_number(share, "etc/last");

	if (share_newest(share) > last)
		last = share_newest(share);
	return last < 999999999 ? last + 1 : 0;
}

struct share_name share_name(const char *directory, uint32_t generation, const char *suffix)
{
	struct share_name name;

	snprintf(name.text, sizeof(name.text), "%s/%u%s", directory, generation, suffix);
	return name;
}

int share_open_generation(const struct share_store *share, uint32_t generation)
{
	int fd = openat(share->dir, share_name("gen", generation, "").text,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? cli_error(-errno, "generation %u of %s", generation, share->path) : fd;
}

int share_parse_layout(const char *path, const struct buf *text, struct layout *layout)
{
	const char *what;
	unsigned int line;

	if (layout_parse(text->data ? text->data : "", text->size, layout, &line, &what) < 0)
		return -cli_error(EINVAL, "%s, line %u: %s", path, line, what);
	return 0;
}

int share_layout_text(const struct share_store *share, uint32_t generation, struct buf *text)
{
	const struct share_name name = share_name("manifest", generation, ".layout");
	int r = share_read(share, name.text, text);

	return r == -ENOENT ? cli_error(r, "%s/%s", share->path, name.text) : r;
}

int share_layout(const struct share_store *share, uint32_t generation, struct layout *layout)
{
	AUTO_BUF struct buf text = { 0 };
	int r = share_layout_text(share, generation, &text);

	return r < 0 ? r
		     : share_parse_layout(
			       share_name("manifest", generation, ".layout").text, &text, layout);
}

static int refuse_manifest(const struct share_store *share, const struct share_name *name, int r,
	const struct manifest_error *error)
{
	if (r == -EBADMSG && error->line)
		return -cli_error(EBADMSG, "%s/%s:%lu: %s", share->path, name->text, error->line,
			error->rule);
	if (r == -EBADMSG)
		return -cli_error(EBADMSG, "%s/%s: %s", share->path, name->text, error->rule);
	return cli_error(r, "%s/%s", share->path, name->text);
}

static int check_head(const struct share_store *share, const struct share_name *name,
	uint32_t generation, const struct manifest_head *head)
{
	if (head->generation == generation && strcmp(head->share, share->uuid) == 0)
		return 0;
	return -cli_error(EBADMSG, "%s/%s is that of generation %u of share %s", share->path,
		name->text, head->generation, head->share);
}

int share_manifest(const struct share_store *share, uint32_t generation,
	const struct signature_key *key, struct manifest **manifest)
{
	const struct share_name name = share_name("manifest", generation, ".mtree.gz");
	struct manifest_error error = { 0 };
	int r = manifest_load(share->dir, name.text, key, manifest, &error);

	return r < 0 ? refuse_manifest(share, &name, r, &error)
		     : check_head(share, &name, generation, &(*manifest)->head);
}

int share_delta(const struct share_store *share, uint32_t generation,
	const struct signature_key *key, struct manifest_delta *delta)
{
	const struct share_name name = share_name("manifest", generation, ".delta.gz");
	struct manifest_error error = { 0 };
	int r = manifest_delta_load(share->dir, name.text, key, delta, &error);

	if (r == -ENOENT)
		return r;
	return r < 0 ? refuse_manifest(share, &name, r, &error)
		     : check_head(share, &name, generation, &delta->to->head);
}

int share_check_layout(
	const struct share_store *share, const struct manifest_head *head, const struct buf *text)
{
	struct digest digest;
	int r;

	/* Manifests of earlier versions have no digest of it. */
	if (!(head->layout.has & DIGEST_SHA256))
		return 0;
	r = digest_bytes(text->data, text->size, DIGEST_SHA256, &digest);
	if (r < 0)
		return cli_error(r, "layout of generation %u", head->generation);
	return memcmp(digest.sha256, head->layout.sha256, sizeof(digest.sha256)) == 0
		       ? 0
		       : -cli_error(EBADMSG,
				 "%s/manifest/%u.layout is not the layout that was signed",
				 share->path, head->generation);
}

static const char *const belongings[] = { ".mtree.gz", ".mtree.gz.sig", ".delta.gz",
	".delta.gz.sig", ".layout", ".note" };

int share_remove_generation(struct share_store *share, uint32_t generation)
{
	uint32_t last = share_next(share) - 1;
	const struct share_name tree = share_name("gen", generation, ""),
				gone = share_name("gen", generation, ".gone");
	int r = 0;

	/* Remember its number, which must not be used again: clients refuse what is not newer. */
	if (share_read_number(share, "etc/last") != last)
		r = share_write_number(share, "etc/last", last);
	if (r == 0 && renameat(share->dir, tree.text, share->dir, gone.text) < 0)
		r = cli_error(-errno, "%s/%s", share->path, tree.text);
	/* Before the manifest is removed: gen/N without one would be a damaged generation. */
	if (r == 0 && syncfs(share->dir) < 0)
		r = cli_error(-errno, "%s/%s", share->path, tree.text);
	for (size_t i = 0; i < ARRAY_SIZE(belongings) && r == 0; i++)
		if (unlinkat(share->dir, share_name("manifest", generation, belongings[i]).text,
			    0) < 0 &&
			errno != ENOENT)
			r = cli_error(
				-errno, "%s/manifest/%u%s", share->path, generation, belongings[i]);
	if (r < 0)
		return r;
	r = fsroot_remove(share->dir, gone.text);
	return r < 0 ? cli_error(r, "%s/%s", share->path, gone.text) : share_refresh(share);
}
