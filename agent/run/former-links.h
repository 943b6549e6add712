/*
 * Hard links of a rollback: a record does not tell which names shared an inode, but the base that
 * it keeps does, and the base of now.
 */
#ifndef AGENT_RUN_FORMER_LINKS_H
#define AGENT_RUN_FORMER_LINKS_H

#include "agent/run/run.h"

/*
 * Give the entries of base and new, sorted lists of the paths of record serial, their groups,
 * and append the other names of these inodes: they did not change, but what they are linked to did.
 * The lists have to be sorted again. Returns 0 or -errno.
 */
int former_links_add(const struct run *run, struct run_inputs *in, uint32_t serial);

#endif
