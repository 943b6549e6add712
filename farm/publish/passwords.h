/* The master's passwords: account files are published with their entries, but without hashes. */
#ifndef FARM_PASSWORDS_H
#define FARM_PASSWORDS_H

#include "lib/buf.h"

/* The files that hold passwords: relative paths, NULL at the end. The copy leaves them out. */
extern const char *const passwords_files[];

/*
 * Append the text of such a file with the second field of each entry replaced by "*", which no
 * password matches. Kept are "x", "!", "*", the leading '!' of a locked account, and lines that are
 * not accounts. No I/O.
 */
void passwords_blank(const char *text, size_t size, struct buf *out);

/*
 * Copy passwords_files from the tree source to the tree to, without passwords; one that equals that
 * in the tree previous (-1: none) becomes a hard link to it. Returns 0, or -errno after a message.
 */
int passwords_publish(int source, int to, int previous);

#endif
