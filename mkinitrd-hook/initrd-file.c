#include "mkinitrd-hook/initrd-file.h"
#include "lib/cli.h"

#include <errno.h>
#include <string.h>

static int read_image(const char *path, struct blob *image)
{
	int rc = blob_read(path, IMAGE_MAX, image);

	if (rc)
		cli_error(0, "%s: %s", path, rc == -EINVAL ? "not a regular file" : strerror(-rc));
	return rc;
}

static int read_segments(const char *path, const struct blob *image, struct segments *segments)
{
	int rc = segments_read(image, segments_limit(image->size), segments);

	if (rc && segments->inner >= 0)
		cli_error(0, "%s: byte %lld of what the segment at byte %zu unpacks to: %s", path,
			segments->inner, segments->at, segments->what);
	else if (rc)
		cli_error(0, "%s: byte %zu: %s", path, segments->at, segments->what);
	return rc;
}

static int read_tree(const char *path, const struct segments *segments, struct tree *tree)
{
	int rc = tree_read(segments, tree);

	if (rc == -EBADMSG)
		cli_error(0, "%s: the name \"%s\" leads out of the initrd", path, tree->name);
	else if (rc)
		cli_error(0, "%s: %s", path, rc == -EFBIG ? "too many files" : strerror(-rc));
	return rc;
}

int source_open(const char *path, struct source *source)
{
	int rc;

	*source = (struct source){ 0 };
	rc = read_image(path, &source->image);
	if (!rc)
		rc = read_segments(path, &source->image, &source->segments);
	return rc ? rc : read_tree(path, &source->segments, &source->tree);
}

void source_close(struct source *source)
{
	tree_free(&source->tree);
	segments_free(&source->segments);
	blob_free(&source->image);
}
