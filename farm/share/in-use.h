/*
 * The generations that must not be removed, each with the reasons. What keeps some is a function of
 * the type in_use_fn, in the table of farm/cmd-share-gc.c.
 */
#ifndef FARM_SHARE_IN_USE_H
#define FARM_SHARE_IN_USE_H

#include <stddef.h>
#include <stdint.h>

struct in_use_entry {
	uint32_t generation;
	char *reasons; /* "pinned by web1; channel live" */
};

/* Starts as {0}. */
struct in_use {
	struct in_use_entry *entry;
	size_t n;
};

/* Keep a generation for that reason. Returns 0, or -ENOMEM after a message. */
__attribute__((format(printf, 3, 4))) int in_use_add(
	struct in_use *in_use, uint32_t generation, const char *reason, ...);
void in_use_free(struct in_use *in_use);
#define AUTO_IN_USE __attribute__((cleanup(in_use_free)))

/* Why a generation is kept, or NULL. */
const char *in_use_reasons(const struct in_use *in_use, uint32_t generation);

/* Add what is known to be in use, of the share of a context. Returns 0, or -errno after a message,
 * and then nothing is removed. */
struct farm_context;
typedef int in_use_fn(struct farm_context *context, struct in_use *in_use);

#endif
