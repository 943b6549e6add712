/*
 * The reader of deltas on any bytes. What it accepts the writer writes, and reads the same again;
 * it leads from its first list to its second one, and is a difference, of which nothing is left
 * over.
 */
#include <stdlib.h>

#include "lib/manifest/manifest-delta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_same(const struct manifest *a, const struct manifest *b)
{
	if (a->n != b->n)
		abort();
	for (size_t i = 0; i < a->n; i++)
		if (!manifest_identical(a->entry[i], b->entry[i]) ||
			a->entry[i]->group != b->entry[i]->group)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_MANIFEST_DELTA struct manifest_delta delta = { 0 }, again = { 0 }, made = { 0 };
	AUTO_BUF struct buf file = { 0 };
	struct manifest_error error;

	if (manifest_delta_decode(data, size, NULL, NULL, 0, &delta, &error) < 0) {
		if (!error.rule)
			abort();
		return 0;
	}
	if (manifest_delta_encode(&delta, &file, &error) < 0 ||
		manifest_delta_decode(file.data, file.size, NULL, NULL, 0, &again, &error) < 0)
		abort();
	expect_same(delta.from, again.from);
	expect_same(delta.to, again.to);
	if (manifest_delta_make(again.from, again.to, &made) < 0 ||
		manifest_delta_apply(&made, again.from) < 0)
		abort();
	expect_same(again.from, again.to);
	return 0;
}
