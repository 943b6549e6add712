/*
 * Any bytes as an initrd. Beyond what the sanitizers see: what is read lies in order inside the
 * image, a path resolves to one without links, and an exchanged image is read again as one that
 * has our init and its own one beside it, also after a second exchange.
 */
#include "mkinitrd-hook/image/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LIMIT (1u << 20) /* bytes unpacked */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth)
		abort();
}

static void check_segments(const struct segments *segments, size_t size)
{
	size_t end = 0;

	for (size_t i = 0; i < segments->n; i++) {
		const struct segment *s = &segments->segment[i];

		require(s->offset >= end && s->size <= size - s->offset);
		require(s->codec || s->offset % 4 == 0);
		end = s->offset + s->size;
	}
}

static void check_index(const struct initrd_index *index)
{
	char path[PATH_MAX], again[PATH_MAX];

	for (size_t i = 0; i < index->n; i++) {
		const struct blob content = index_content(index, &index->file[i]);

		require(index_find(index, index->file[i].path) != NULL);
		require(content.size <= LIMIT);
		if (index_resolve(index, index->file[i].path, true, path))
			continue;
		require(!index_resolve(index, path, true, again) && !strcmp(path, again));
	}
}

static int exchange(const struct blob *image, const struct segments *segments,
	const struct initrd_index *index, struct blob *out)
{
	struct cpio_tree ours = { 0 };
	size_t unpacked;
	int rc;
	const struct cpio_entry directory = { .mode = S_IFDIR | 0755 },
				file = { .mode = S_IFREG | 0755, .data = "ours", .size = 4 };
	const struct exchange how = {
		.image = image, .segments = segments, .index = index, .ours = &ours
	};

	require(!cpio_tree_add(&ours, directory, "lib") &&
		!cpio_tree_add(&ours, directory, "lib/xenfarm") &&
		!cpio_tree_add(&ours, file, "init") &&
		!cpio_tree_add(&ours, file, "lib/xenfarm/modules"));
	rc = exchange_make(&how, out, &unpacked);
	cpio_tree_free(&ours);
	return rc;
}

/* Exchanged again into *again, if not NULL. Returns the number of files. */
static size_t check_exchanged(const struct blob *image, struct blob *again)
{
	size_t n;
	static struct segments segments;
	struct initrd_index index = { 0 };
	const struct index_file *init;

	require(!segments_read(image, 2 * LIMIT, &segments) && !index_read(&segments, &index));
	init = index_find(&index, "init");
	require(init && init->entry.size == 4 && !memcmp(init->entry.data, "ours", 4));
	require(index_find(&index, "init" EXCHANGE_KEPT) != NULL);
	require(!again || !exchange(image, &segments, &index, again));
	n = index.n;
	index_free(&index);
	segments_free(&segments);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct segments segments;
	const struct blob image = { (unsigned char *)data, size };
	struct initrd_index index = { 0 };
	BLOB once = { 0 }, twice = { 0 };

	if (!segments_read(&image, LIMIT, &segments) && !index_read(&segments, &index)) {
		check_segments(&segments, size);
		check_index(&index);
		if (!exchange(&image, &segments, &index, &once)) {
			size_t n = check_exchanged(&once, &twice);

			require(check_exchanged(&twice, NULL) == n);
		}
	} else {
		require(segments.what || index.name);
	}
	index_free(&index);
	segments_free(&segments);
	return 0;
}
