/*
 * LZ4's "legacy" frame, the one that the kernel unpacks (lib/decompress_unlz4.c): its magic, then
 * blocks of 8 MiB, each after its packed size in 4 bytes, little-endian. It has no end of its own:
 * it lasts to the end of the data, or to a size of 0.
 */
#include "mkinitrd-hook/image/codec.h"

#include <endian.h>
#include <errno.h>
#include <lz4.h>
#include <lz4hc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0x184c2102u
#define BLOCK (8 << 20)

static uint32_t get32(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return le32toh(value);
}

static void put32(unsigned char *at, uint32_t value)
{
	value = htole32(value);
	memcpy(at, &value, sizeof(value));
}

/* A byte stands for 255 at most: a small block needs no 8 MiB. */
static int unpack_block(const unsigned char *in, size_t size, struct sink *out)
{
	int room = size < BLOCK / 255 ? (int)size * 255 : BLOCK, made;
	char *block = malloc(room);
	int rc;

	if (!block)
		return -ENOMEM;
	made = LZ4_decompress_safe((const char *)in, block, (int)size, room);
	rc = made < 0 ? -EBADMSG : sink_add(out, block, made);
	free(block);
	return rc;
}

static int unpack(const struct blob *in, struct sink *out, size_t *used)
{
	size_t at = 0;
	int rc = 0;

	while (!rc && in->size - at >= 4) {
		uint32_t size = get32(in->data + at);

		if (size == 0)
			break;
		at += 4;
		if (size == MAGIC) /* packed streams may simply follow each other */
			continue;
		if (size > in->size - at || size > (uint32_t)LZ4_compressBound(BLOCK))
			rc = -EBADMSG;
		else
			rc = unpack_block(in->data + at, size, out);
		at += size;
	}
	*used = at;
	return rc;
}

static int pack(const struct blob *in, int level, struct blob *out)
{
	size_t blocks = in->size / BLOCK + 1;

	out->data = malloc(4 + blocks * (4 + (size_t)LZ4_compressBound(BLOCK)));
	if (!out->data)
		return -ENOMEM;
	put32(out->data, MAGIC);
	out->size = 4;
	for (size_t at = 0; at < in->size; at += BLOCK) {
		int size = in->size - at < BLOCK ? (int)(in->size - at) : BLOCK;
		int made = LZ4_compress_HC((const char *)in->data + at,
			(char *)out->data + out->size + 4, size, LZ4_compressBound(BLOCK), level);

		if (made <= 0)
			return -ENOMEM;
		put32(out->data + out->size, (uint32_t)made);
		out->size += 4 + (size_t)made;
	}
	return 0;
}

const struct codec codec_lz4 = {
	.name = "lz4",
	.magic = { 0x02, 0x21, 0x4c, 0x18 },
	.magic_size = 4,
	.level = 9,
	.level_max = 12,
	.unpack = unpack,
	.pack = pack,
};
