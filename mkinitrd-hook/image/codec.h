/*
 * The ways in which initrds and kernel modules are compressed: one file for each, codec-NAME.c.
 * Packing gives the same bytes for the same input: no time, no name, one thread.
 */
#ifndef MKINITRD_HOOK_CODEC_H
#define MKINITRD_HOOK_CODEC_H

#include "mkinitrd-hook/image/blob.h"

#define CODEC_MAGIC_MAX 6

struct codec {
	const char *name;   /* "gzip" */
	const char *suffix; /* of a kernel module's file: ".gz"; NULL: modules are not packed so */
	unsigned char magic[CODEC_MAGIC_MAX]; /* a stream's first bytes */
	size_t magic_size;
	int level, level_max; /* level is used for 0; levels are 1 to level_max */

	/*
	 * Unpack the stream at the start of in, append it to *out, set *used to the length of the
	 * stream. Returns 0, -EBADMSG if it is damaged or cut off, -EFBIG, -ENOMEM.
	 */
	int (*unpack)(const struct blob *in, struct sink *out, size_t *used);

	/* Pack all of in into a new blob, as the kernel can unpack it. Returns 0 or -errno. */
	int (*pack)(const struct blob *in, int level, struct blob *out);
};

extern const struct codec codec_gzip, codec_xz, codec_zstd, codec_lz4;

/* The codec of that name, or the one whose magic bytes begin with. NULL: none. */
const struct codec *codec_named(const char *name);
const struct codec *codec_at(const struct blob *bytes);

/* codec->pack() at level, or at the codec's default for 0; out is empty after an error. */
int codec_pack(const struct codec *codec, const struct blob *in, int level, struct blob *out);

/*
 * Compressed kernel modules: NAME.ko.gz, .xz, .zst. The length of a file's name without that
 * suffix, or of the whole name if it has none.
 */
size_t codec_stem(const char *name);

/*
 * Unpack a module in *blob, by the suffix of name; without one nothing is done. Returns 0, -EBADMSG
 * if the data is damaged or goes on after its end, -EFBIG if it unpacks to more than limit bytes,
 * -ENOMEM; *blob is untouched after an error.
 */
int codec_unpack_module(const char *name, size_t limit, struct blob *blob);

#endif
