/* The small parts of lib/ that everything is made of. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/array.h"

/* --- arrays --- */

static void arrays_grow(void **state)
{
	long *array = NULL;

	(void)state;
	for (size_t n = 0; n < 1000; n++) {
		assert_true(ARRAY_GROW(array, n));
		assert_in_range(malloc_usable_size(array), (n + 1) * sizeof(*array), SIZE_MAX);
		array[n] = (long)n;
	}
	for (size_t n = 0; n < 1000; n++)
		assert_int_equal(array[n], n);
	/* What was removed makes room for others. */
	for (size_t n = 513; n > 3; n--)
		assert_true(ARRAY_GROW(array, n));
	for (size_t n = 0; n < 3; n++)
		assert_int_equal(array[n], n);
	free(array);
}

static void arrays_stay_without_memory(void **state)
{
	struct {
		char bytes[1024];
	} *array = NULL, *before;

	(void)state;
	assert_true(ARRAY_GROW(array, 0));
	before = array;
	assert_false(ARRAY_GROW(array, (size_t)1 << 62));
	assert_ptr_equal(array, before);
	free(array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrays_grow),
		cmocka_unit_test(arrays_stay_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
