#include "agent/transaction/change.h"

#include <stdlib.h>

#include "agent/merge/offers.h"
#include "lib/array.h"

struct step *steps_add(struct steps *s, const struct step *step)
{
	if (!ARRAY_GROW(s->step, s->n))
		return NULL;
	s->step[s->n] = *step;
	s->step[s->n].number = s->n;
	return &s->step[s->n++];
}

void steps_free(struct steps *s)
{
	free(s->step);
	*s = (struct steps){ 0 };
}

bool step_is_offer(const struct step *step)
{
	return step->pending || offers_is_offer(step->path);
}

const char *step_kind_name(enum step_kind kind)
{
	static const char *const name[STEP_KINDS] = {
		[STEP_CREATE] = "create",
		[STEP_REPLACE] = "replace",
		[STEP_REMOVE] = "remove",
		[STEP_META] = "meta",
	};

	return name[kind];
}
