#include "lib/sorted.h"

#include <string.h>

/* The first element that is path followed by a byte of at least c, or comes after all such. */
static size_t lower_bound(
	const void *list, size_t n, sorted_path_fn *path_at, const char *path, unsigned char c)
{
	size_t low = 0, high = n, size = strlen(path);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *other = path_at(list, middle);
		int order = strncmp(other, path, size);

		if (order < 0 || (order == 0 && (unsigned char)other[size] < c))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void sorted_below(const void *list, size_t n, sorted_path_fn *path_at, const char *path,
	size_t *from, size_t *to)
{
	*from = *path ? lower_bound(list, n, path_at, path, '/') : n > 0;
	*to = *path ? lower_bound(list, n, path_at, path, '/' + 1) : n;
}
