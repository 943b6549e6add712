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

static void check_tree(const struct tree *tree)
{
	char path[PATH_MAX], again[PATH_MAX];

	for (size_t i = 0; i < tree->n; i++) {
		const struct blob content = tree_content(tree, &tree->file[i]);

		require(tree_find(tree, tree->file[i].path) != NULL);
		require(content.size <= LIMIT);
		if (tree_resolve(tree, tree->file[i].path, true, path))
			continue;
		require(!tree_resolve(tree, path, true, again) && !strcmp(path, again));
	}
}

static int exchange(const struct blob *image, const struct segments *segments,
	const struct tree *tree, struct blob *out)
{
	struct image ours = { 0 };
	size_t unpacked;
	int rc;
	const struct cpio_entry directory = { .mode = S_IFDIR | 0755 },
				file = { .mode = S_IFREG | 0755, .data = "ours", .size = 4 };
	const struct merge how = {
		.image = image, .segments = segments, .tree = tree, .ours = &ours
	};

	require(!image_add(&ours, directory, "lib") &&
		!image_add(&ours, directory, "lib/xenfarm") && !image_add(&ours, file, "init") &&
		!image_add(&ours, file, "lib/xenfarm/modules"));
	rc = merge(&how, out, &unpacked);
	image_free(&ours);
	return rc;
}

/* Exchanged again into *again, if not NULL. Returns the number of files. */
static size_t check_exchanged(const struct blob *image, struct blob *again)
{
	size_t n;
	static struct segments segments;
	struct tree tree = { 0 };
	const struct tree_file *init;

	require(!segments_read(image, 2 * LIMIT, &segments) && !tree_read(&segments, &tree));
	init = tree_find(&tree, "init");
	require(init && init->entry.size == 4 && !memcmp(init->entry.data, "ours", 4));
	require(tree_find(&tree, "init" MERGE_KEPT) != NULL);
	require(!again || !exchange(image, &segments, &tree, again));
	n = tree.n;
	tree_free(&tree);
	segments_free(&segments);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct segments segments;
	const struct blob image = { (unsigned char *)data, size };
	struct tree tree = { 0 };
	BLOB once = { 0 }, twice = { 0 };

	if (!segments_read(&image, LIMIT, &segments) && !tree_read(&segments, &tree)) {
		check_segments(&segments, size);
		check_tree(&tree);
		if (!exchange(&image, &segments, &tree, &once)) {
			size_t n = check_exchanged(&once, &twice);

			require(check_exchanged(&twice, NULL) == n);
		}
	} else {
		require(segments.what || tree.name);
	}
	tree_free(&tree);
	segments_free(&segments);
	return 0;
}
