/* Arrays. */
#ifndef LIB_ARRAY_H
#define LIB_ARRAY_H

#include <stdint.h>
#include <stdlib.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Make room for one more element in an array of n, which is NULL or was only ever grown like this.
 * Its capacity doubles whenever n is a power of two, so that nothing has to remember it. Returns
 * false, and leaves the array as it is, without memory. free(3) releases it.
 */
#define ARRAY_GROW(array, n)                                                      \
	({                                                                        \
		void *array_grown = array_grow((array), (n), sizeof((array)[0])); \
                                                                                  \
		if (array_grown)                                                  \
			(array) = array_grown;                                    \
		array_grown != NULL;                                              \
	})

static inline void *array_grow(void *array, size_t n, size_t size)
{
	if (n & (n - 1))
		return array;
	return n <= SIZE_MAX / 2 / size ? realloc(array, n ? 2 * n * size : size) : NULL;
}

#endif
