#include "mkinitrd-hook/image/codec.h"

#include <errno.h>
#include <string.h>

static const struct codec *const codecs[] = { &codec_gzip, &codec_xz, &codec_zstd, &codec_lz4 };

#define CODECS (sizeof(codecs) / sizeof(*codecs))

const struct codec *codec_named(const char *name)
{
	for (size_t i = 0; i < CODECS; i++)
		if (!strcmp(codecs[i]->name, name))
			return codecs[i];
	return NULL;
}

const struct codec *codec_at(const struct blob *bytes)
{
	for (size_t i = 0; i < CODECS; i++)
		if (bytes->size >= codecs[i]->magic_size &&
			!memcmp(bytes->data, codecs[i]->magic, codecs[i]->magic_size))
			return codecs[i];
	return NULL;
}

int codec_pack(const struct codec *codec, const struct blob *in, int level, struct blob *out)
{
	int rc = codec->pack(in, level ? level : codec->level, out);

	if (rc)
		blob_free(out);
	return rc;
}

static const struct codec *codec_of_file(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < CODECS; i++) {
		size_t n = codecs[i]->suffix ? strlen(codecs[i]->suffix) : length;

		if (length > n && !strcmp(name + length - n, codecs[i]->suffix))
			return codecs[i];
	}
	return NULL;
}

size_t codec_stem(const char *name)
{
	const struct codec *codec = codec_of_file(name);

	return strlen(name) - (codec ? strlen(codec->suffix) : 0);
}

int codec_unpack_module(const char *name, size_t limit, struct blob *blob)
{
	const struct codec *codec = codec_of_file(name);
	struct sink out = { .limit = limit };
	size_t used;
	int rc;

	if (!codec)
		return 0;
	rc = codec->unpack(blob, &out, &used);
	if (!rc && used != blob->size)
		rc = -EBADMSG;
	if (!rc) {
		blob_free(blob);
		*blob = blob_take(&out.buf);
	}
	buf_free(&out.buf);
	return rc;
}
