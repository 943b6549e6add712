/* Lists that are sorted by the bytes of their paths, which have no slash at either end. */
#ifndef LIB_SORTED_H
#define LIB_SORTED_H

#include <stddef.h>

/* The path of element i of a list. */
typedef const char *sorted_path_fn(const void *list, size_t i);

/*
 * The elements below path, from *from to before *to, in a list of n. They stand together, but not
 * always behind path itself: "a", "a.b", "a/c". Below "" are all but the first, which is "".
 */
void sorted_below(const void *list, size_t n, sorted_path_fn *path_at, const char *path,
	size_t *from, size_t *to);

#endif
