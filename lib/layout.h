/*
 * The layout of a share: which paths a client takes from it (xenfarm-share(5)).
 *
 *	# xenfarm layout 1
 *	bind usr                  bound from the share's tree, read-only
 *	link bin usr/bin          a symbolic link in the client's root
 *	link opt                  the same, to the share's own opt
 *	writeable usr/local       below a bound path, but on the client's own disk
 *
 * A parser without I/O or allocation, built with glibc and klibc.
 */
#ifndef LIB_LAYOUT_H
#define LIB_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#define LAYOUT_ENTRIES_MAX 64
#define LAYOUT_BYTES_MAX   8192 /* of a layout file */
#define LAYOUT_PATH_MAX    256  /* NUL included */

enum layout_kind { LAYOUT_BIND, LAYOUT_LINK, LAYOUT_WRITEABLE };

struct layout_entry {
	enum layout_kind kind;
	char path[LAYOUT_PATH_MAX];   /* relative, no ".", ".." or empty components */
	char target[LAYOUT_PATH_MAX]; /* LAYOUT_LINK: of the link; empty: the share's own
					 path */
};

struct layout {
	unsigned int n;
	struct layout_entry entry[LAYOUT_ENTRIES_MAX]; /* in the file's order */
};

/*
 * Parse a layout file. Returns 0, or -EINVAL with *line (from 1) and *what (static text) set:
 * another first line, unknown word, bad path, duplicate, a writeable path that lies in no bound
 * one, another one that does, a path through a link, or too many entries.
 */
int layout_parse(const char *text, size_t length, struct layout *layout, unsigned int *line,
	const char **what);

/* Does a client take path from the share? It is, or is below, a bound or
 * linked path, and no writeable one. */
bool layout_is_readonly(const struct layout *layout, const char *path);

/* Is neither path nor anything below it in the writeable part? */
bool layout_has_nothing_writeable(const struct layout *layout, const char *path);

#endif
