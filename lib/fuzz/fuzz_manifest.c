/*
 * The manifest's reader on any bytes, plain or gzip. What it accepts the writer writes, and what
 * that writes reads the same again: the list means one thing.
 */
#include <stdlib.h>

#include "lib/manifest/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_MANIFEST struct manifest *m = NULL, *again = NULL;
	AUTO_BUF struct buf file = { 0 };
	struct manifest_error error;

	if (manifest_decode(data, size, NULL, NULL, 0, &m, &error) < 0) {
		if (!error.rule)
			abort();
		return 0;
	}
	if (manifest_encode(m, &file, &error) < 0 ||
		manifest_decode(file.data, file.size, NULL, NULL, 0, &again, &error) < 0 ||
		m->n != again->n)
		abort();
	for (size_t i = 0; i < m->n; i++)
		if (manifest_compare(m->entry[i], again->entry[i]) != 0 ||
			m->entry[i]->group != again->entry[i]->group)
			abort();
	return 0;
}
