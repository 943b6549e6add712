#include "mkinitrd-hook/image/segments.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct cpio_reader segments_reader(const struct segment *segment)
{
	const unsigned char *data = segment->content.data;

	return (struct cpio_reader){
		.from = data, .at = data, .end = data + segment->content.size
	};
}

size_t segments_limit(size_t image)
{
	const size_t limit = (64u << 20) + 32 * image;

	return limit < SEGMENTS_UNPACKED_MAX ? limit : SEGMENTS_UNPACKED_MAX;
}

static int fail(struct segments *segments, int rc, size_t at, const char *what)
{
	segments->what = what;
	segments->at = at;
	segments->inner = -1;
	return rc;
}

/* One archive, up to its trailer. */
static int read_plain(
	const struct blob *image, size_t offset, struct segment *segment, struct segments *segments)
{
	struct cpio_reader reader = {
		.from = image->data, .at = image->data + offset, .end = image->data + image->size
	};
	struct cpio_entry entry;
	int rc;

	do
		rc = cpio_read(&reader, &entry);
	while (rc == CPIO_ENTRY);
	if (rc == CPIO_END)
		return fail(segments, -EBADMSG, offset, "an archive that does not end: cut off?");
	if (rc < 0)
		return fail(segments, rc, reader.at - image->data, reader.what);
	segment->size = reader.at - image->data - offset;
	segment->content = (struct blob){ image->data + offset, segment->size };
	return 0;
}

/* What a compressed segment holds: archives, each with its trailer. */
static int check_content(const struct segment *segment, struct segments *segments)
{
	struct cpio_reader reader = segments_reader(segment);
	struct cpio_entry entry;
	int rc, before = CPIO_END;

	while ((rc = cpio_read(&reader, &entry)) > 0)
		before = rc;
	if (rc == CPIO_END && before == CPIO_TRAILER)
		return 0;
	fail(segments, -EBADMSG, segment->offset,
		rc < 0 ? reader.what : "an archive that does not end: cut off?");
	segments->inner = reader.at - reader.from;
	return -EBADMSG;
}

static const char *unpack_error(int rc)
{
	if (rc == -EFBIG)
		return "unpacks to more than an initrd of this size may have";
	return rc == -EBADMSG ? "compressed data that is damaged or cut off" : strerror(-rc);
}

static int read_packed(const struct blob *image, size_t offset, size_t limit,
	struct segment *segment, struct segments *segments)
{
	const struct blob rest = { image->data + offset, image->size - offset };
	struct sink out = { .limit = limit };
	int rc;

	segment->codec = codec_at(&rest);
	if (!segment->codec)
		return fail(segments, -EBADMSG, offset,
			"neither a cpio archive nor one packed by gzip, xz, zstd or lz4");
	rc = segment->codec->unpack(&rest, &out, &segment->size);
	segment->content = blob_take(&out.buf);
	if (rc)
		return fail(segments, rc, offset, unpack_error(rc));
	if (!segment->content.size)
		return fail(segments, -EBADMSG, offset, "a compressed segment with nothing in it");
	return check_content(segment, segments);
}

/* An archive at an unaligned offset is read, too, so that cpio_read() says what is wrong with it.
 */
static bool is_plain(const struct blob *image, size_t at)
{
	return image->size - at >= 5 && !memcmp(image->data + at, "07070", 5);
}

int segments_read(const struct blob *image, size_t limit, struct segments *segments)
{
	size_t at = 0;

	segments->n = 0;
	for (;;) {
		struct segment *segment = &segments->segment[segments->n];
		int rc;

		while (at < image->size && !image->data[at])
			at++;
		if (at == image->size)
			break;
		if (segments->n == SEGMENTS_MAX)
			return fail(segments, -EFBIG, at, "too many segments");
		*segment = (struct segment){ .offset = at };
		segments->n++;
		rc = is_plain(image, at) ? read_plain(image, at, segment, segments)
					 : read_packed(image, at, limit, segment, segments);
		if (rc)
			return rc;
		if (segment->codec)
			limit -= segment->content.size;
		at += segment->size;
	}
	return segments->n ? 0 : fail(segments, -EBADMSG, 0, "it is empty");
}

void segments_free(struct segments *segments)
{
	for (size_t i = 0; i < segments->n; i++)
		if (segments->segment[i].codec)
			blob_free(&segments->segment[i].content);
	segments->n = 0;
}
