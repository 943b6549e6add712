/*
 * The conflicts that are pending, as kept in STATE/conflicts: a line each, with names in vis(3)
 * octal escapes and "-" for what does not apply:
 *
 *	KIND PATH PLACE GENERATION SINCE OFFERED LOCAL
 *
 * KIND: offer (it stands), dismissed (it was deleted while it stood), meta, rows (of account
 * entries), relocated, former (the offer of a rollback, of what it could not put back).
 * PLACE: the offer, below the root, or below STATE/pending if it begins with '/'; rows: what
 * clashes. SINCE: seconds since 1970. OFFERED, LOCAL: fingerprints, 64 hexadecimal digits.
 */
#ifndef AGENT_MERGE_CONFLICTS_H
#define AGENT_MERGE_CONFLICTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/merge/fingerprint.h"
#include "lib/buf.h"

#define CONFLICTS_FILE      "conflicts"
#define CONFLICTS_BYTES_MAX (64u << 20)

enum conflict_kind {
	CONFLICT_OFFER,
	CONFLICT_DISMISSED,
	CONFLICT_META,
	CONFLICT_ACCOUNTS,
	CONFLICT_RELOCATED,
	CONFLICT_FORMER,
	CONFLICT_KINDS
};

struct conflict {
	enum conflict_kind kind;
	char *path, *place;
	uint32_t generation;
	int64_t since;
	struct fingerprint offered, local;
};

struct conflicts {
	struct conflict *conflict;
	size_t n;
};

/* Append a copy. False without memory. */
bool conflicts_add(struct conflicts *conflicts, const struct conflict *conflict);
/* Remove the i-th; the last one takes its place. */
void conflicts_remove(struct conflicts *conflicts, size_t i);
void conflicts_free(struct conflicts *conflicts);

/* The first one of that kind and path, or NULL. */
const struct conflict *conflicts_find(
	const struct conflicts *conflicts, enum conflict_kind kind, const char *path);

/* How many are pending: all but dismissed and relocated ones. */
uint32_t conflicts_waiting(const struct conflicts *conflicts);

const char *conflict_kind_name(enum conflict_kind kind);

/* Parse: no I/O. text[n] is writeable, and text overwritten. 0, -EBADMSG or -ENOMEM. */
int conflicts_parse(char *text, size_t n, struct conflicts *conflicts);
void conflicts_format(const struct conflicts *conflicts, struct buf *out);

/* STATE/conflicts; without the file, or without a directory (-1), there are none. 0 or -errno. */
int conflicts_read(int state, struct conflicts *conflicts);
int conflicts_write(int state, const struct conflicts *conflicts);

#endif
