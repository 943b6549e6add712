/*
 * Hard links of a rollback: the base that a record keeps, and the current one, say which names
 * shared an inode; the record itself does not.
 */
#ifndef AGENT_RUN_FORMER_LINKS_H
#define AGENT_RUN_FORMER_LINKS_H

#include "agent/run/run.h"

/*
 * Set the hard-link groups of the entries of base and new, sorted lists of the paths of record
 * serial, and append the other names of these inodes, whose links change. The caller sorts the
 * lists again. Returns 0 or -errno.
 */
int former_links_add(const struct run *run, struct run_inputs *in, uint32_t serial);

#endif
