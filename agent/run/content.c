#include "agent/run/content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "agent/merge/account-entries.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"

/* generations that are searched for the base of a path, which is kept while its conflict lasts */
#define BASE_GENERATIONS 64

/* Returns 1, 0, or -errno. */
static int is_content_of(const struct manifest_entry *e, const struct buf *b)
{
	struct digest digest;
	int r = digest_bytes(b->data, b->size, DIGEST_SHA256, &digest);

	return r < 0 ? r : memcmp(digest.sha256, e->digest.sha256, 32) == 0;
}

int content_read(
	const struct run *run, uint32_t generation, const struct manifest_entry *e, struct buf *out)
{
	char path[MANIFEST_PATH_MAX + 32];
	int r = run->state < 0 ? -ENOENT : state_content(run->state, e, out);

	if (r == 0 || e->size > ACCOUNT_BYTES_MAX || share_reader_open(run->reader) < 0)
		return r;
	out->size = 0;
	snprintf(path, sizeof(path), "gen/%u/%s", generation, e->path);
	r = share_reader_read(run->reader, path, ACCOUNT_BYTES_MAX, out);
	r = r < 0 ? r : is_content_of(e, out);
	return r < 0 ? r : r == 0 ? -EBADMSG : 0;
}

/* Errors by which a path of a generation is not the file that is looked for. */
static bool is_another(int r)
{
	static const int error[] = { ENOENT, ENOTDIR, EISDIR, ELOOP, EINVAL, EFBIG, EBADMSG };

	for (size_t i = 0; i < ARRAY_SIZE(error); i++)
		if (r == -error[i])
			return true;
	return false;
}

int content_read_base(const struct run *run, const struct manifest_entry *e, struct buf *out)
{
	uint32_t generation = run->status.generation;
	int r = -ENOENT;

	for (int i = 0; is_another(r) && generation > 0 && i < BASE_GENERATIONS; i++) {
		out->size = 0;
		r = content_read(run, generation--, e, out);
	}
	return r;
}

int content_read_local(int root, const struct manifest_entry *e, struct buf *out)
{
	AUTO_CLOSE int fd =
		fsroot_open(root, e->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	int r = fd < 0 ? fd : buf_read(out, fd, ACCOUNT_BYTES_MAX);

	r = r < 0 ? r : is_content_of(e, out);
	return r < 0 ? r : r == 0 ? -ESTALE : 0;
}
