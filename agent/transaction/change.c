#include "agent/transaction/change.h"

#include <stdlib.h>

#include "lib/array.h"

bool changes_add(struct changes *changes, const struct change *change)
{
	if (!ARRAY_GROW(changes->change, changes->n))
		return false;
	changes->change[changes->n++] = *change;
	return true;
}

void changes_free(struct changes *changes)
{
	for (size_t i = 0; i < changes->n_bytes; i++)
		buf_free(&changes->bytes[i]);
	free(changes->bytes);
	free(changes->change);
	manifest_free(changes->entries);
	*changes = (struct changes){ 0 };
}

struct manifest_entry *changes_entry(struct changes *changes, const struct manifest_entry *entry)
{
	if (!changes->entries)
		changes->entries = manifest_new();
	return changes->entries ? manifest_add(changes->entries, entry) : NULL;
}

bool changes_keep(struct changes *changes, struct buf *bytes)
{
	if (!ARRAY_GROW(changes->bytes, changes->n_bytes))
		return false;
	changes->bytes[changes->n_bytes++] = *bytes;
	*bytes = (struct buf){ 0 };
	return true;
}

const char *change_kind_name(enum change_kind kind)
{
	static const char *const name[CHANGE_KINDS] = {
		[CHANGE_CREATE] = "create",
		[CHANGE_REPLACE] = "replace",
		[CHANGE_REMOVE] = "remove",
		[CHANGE_META] = "meta",
	};

	return name[kind];
}
