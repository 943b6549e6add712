#include "mkinitrd-hook/initrd-file.h"
#include "lib/cli.h"

#include <errno.h>
#include <string.h>

static int read_image(const char *path, struct blob *image)
{
	int rc = blob_read(path, SEGMENTS_IMAGE_MAX, image);

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

static int read_index(const char *path, const struct segments *segments, struct initrd_index *index)
{
	int rc = index_read(segments, index);

	if (rc == -EBADMSG)
		cli_error(0, "%s: the name \"%s\" leads out of the initrd", path, index->name);
	else if (rc)
		cli_error(0, "%s: %s", path, rc == -EFBIG ? "too many files" : strerror(-rc));
	return rc;
}

int initrd_file_open(const char *path, struct initrd_file *source)
{
	int rc;

	*source = (struct initrd_file){ 0 };
	rc = read_image(path, &source->image);
	if (!rc)
		rc = read_segments(path, &source->image, &source->segments);
	return rc ? rc : read_index(path, &source->segments, &source->index);
}

void initrd_file_close(struct initrd_file *source)
{
	index_free(&source->index);
	segments_free(&source->segments);
	blob_free(&source->image);
}
