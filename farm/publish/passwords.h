/* The master's passwords: account files are published with their rows, but without hashes. */
#ifndef FARM_PASSWORDS_H
#define FARM_PASSWORDS_H

#include "lib/buf.h"

/* The files that hold passwords: relative paths, NULL at the end. The copy leaves them out. */
extern const char *const passwords_files[];

/*
 * Append the text of such a file with every second field that could be a password made "*", which
 * none matches. Kept are "x", "!", "*" and the leading '!' of a locked account, and rows that are
 * no accounts. No I/O.
 */
void passwords_blank(const char *text, size_t size, struct buf *out);

/*
 * Bring passwords_files from the tree source into the tree to, blanked; one that came out as in the
 * tree previous (-1: none) becomes a hard link to it. Says what is wrong; returns 0 or -errno.
 */
int passwords_publish(int source, int to, int previous);

#endif
