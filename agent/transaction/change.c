#include "agent/transaction/change.h"

#include <stdlib.h>

#include "agent/merge/offers.h"
#include "lib/array.h"

struct change *changes_add(struct changes *s, const struct change *change)
{
	if (!ARRAY_GROW(s->change, s->n))
		return NULL;
	s->change[s->n] = *change;
	s->change[s->n].number = s->n;
	return &s->change[s->n++];
}

void changes_free(struct changes *s)
{
	free(s->change);
	*s = (struct changes){ 0 };
}

bool change_is_offer(const struct change *change)
{
	return change->pending || offers_is_offer(change->path);
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
