#include "mkinitrd-hook/build/table-check.h"

#include "initrd/modtable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int table_check(const struct blob *table, unsigned int *line)
{
	struct modtable *parsed = malloc(sizeof(*parsed));
	char *copy = malloc(table->size + 1);
	int rc = -ENOMEM;

	if (parsed && copy) {
		memcpy(copy, table->data, table->size);
		rc = modtable_parse(copy, table->size, parsed, line) ? -EINVAL : 0;
	}
	free(copy);
	free(parsed);
	return rc;
}
