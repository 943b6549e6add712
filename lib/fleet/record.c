#include "lib/fleet/record.h"

#include <errno.h>
#include <string.h>

#define LAST 0x80000000u

static uint32_t value_of(const unsigned char mark[static FLEET_RECORD_MARK])
{
	return (uint32_t)mark[0] << 24 | (uint32_t)mark[1] << 16 | (uint32_t)mark[2] << 8 | mark[3];
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t take_mark(struct fleet_record *r, const char *bytes, size_t n)
{
	size_t taken = smaller(n, FLEET_RECORD_MARK - r->marked);

	memcpy(r->mark + r->marked, bytes, taken);
	r->marked += (unsigned int)taken;
	if (r->marked == FLEET_RECORD_MARK) {
		uint32_t value = value_of(r->mark);

		r->last = value & LAST;
		r->left = value & ~LAST;
	}
	return taken;
}

ssize_t fleet_record_take(struct fleet_record *record, const char *bytes, size_t n, size_t limit)
{
	size_t at = 0;

	while (at < n && !record->whole) {
		if (record->marked < FLEET_RECORD_MARK) {
			at += take_mark(record, bytes + at, n - at);
		} else {
			size_t taken = smaller(n - at, record->left);

			buf_add(&record->bytes, bytes + at, taken);
			record->left -= (uint32_t)taken;
			at += taken;
		}
		if (record->marked < FLEET_RECORD_MARK)
			continue;
		/* Before a byte of what is too long is kept. */
		if (record->left > limit - record->bytes.size)
			return -EMSGSIZE;
		record->whole = record->last && record->left == 0;
		if (record->left == 0)
			record->marked = 0;
	}
	return record->bytes.failed ? -ENOMEM : (ssize_t)at;
}

void fleet_record_next(struct fleet_record *record)
{
	fleet_record_free(record);
	memset(record, 0, sizeof(*record));
}

void fleet_record_free(struct fleet_record *record)
{
	buf_free(&record->bytes);
}

void fleet_record_mark(unsigned char mark[static FLEET_RECORD_MARK], size_t n)
{
	uint32_t value = (uint32_t)n | LAST;

	for (unsigned int i = 0; i < FLEET_RECORD_MARK; i++)
		mark[i] = (unsigned char)(value >> (24 - 8 * i));
}
