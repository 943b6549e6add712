/*
 * Record marking, RFC 5531 section 11: a record is sent in fragments, each behind four bytes with
 * its length and, as the highest bit, whether it is the last.
 */
#ifndef LIB_FLEET_RECORD_H
#define LIB_FLEET_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"

#define FLEET_RECORD_MARK 4 /* bytes */

/* One that arrives. Starts as {0}, and again with fleet_record_next(). */
struct fleet_record {
	unsigned char mark[FLEET_RECORD_MARK];
	unsigned int marked; /* bytes of the mark that have arrived */
	uint32_t left;       /* bytes of the fragment that have not */
	bool last, whole;    /* this fragment; all of the record has arrived */
	struct buf bytes;
};

/*
 * Take bytes off a stream, not beyond the end of the record: then whole is set. limit: bytes of a
 * record. No I/O. Returns how many were taken; -EMSGSIZE: it is longer than limit; -ENOMEM.
 */
ssize_t fleet_record_take(struct fleet_record *record, const char *bytes, size_t n, size_t limit);

/* Ready for the next one. */
void fleet_record_next(struct fleet_record *record);
void fleet_record_free(struct fleet_record *record);

/* The mark of a record of n bytes in one fragment. */
void fleet_record_mark(unsigned char mark[static FLEET_RECORD_MARK], size_t n);

#endif
