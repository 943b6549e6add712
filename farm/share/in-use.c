#include "farm/share/in-use.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

static struct in_use_entry *find(const struct in_use *in_use, uint32_t generation)
{
	for (size_t i = 0; i < in_use->n; i++)
		if (in_use->entry[i].generation == generation)
			return &in_use->entry[i];
	return NULL;
}

static int append(struct in_use *in_use, uint32_t generation, const char *reason)
{
	struct in_use_entry *e = find(in_use, generation);
	char *reasons;

	if (!e) {
		if (!ARRAY_GROW(in_use->entry, in_use->n))
			return -ENOMEM;
		e = &in_use->entry[in_use->n++];
		*e = (struct in_use_entry){ generation, NULL };
	}
	if (asprintf(&reasons, "%s%s%s", e->reasons ? e->reasons : "", e->reasons ? "; " : "",
		    reason) < 0)
		return -ENOMEM;
	free(e->reasons);
	e->reasons = reasons;
	return 0;
}

int in_use_add(struct in_use *in_use, uint32_t generation, const char *reason, ...)
{
	AUTO_FREE char *text = NULL;
	va_list args;
	int r;

	va_start(args, reason);
	r = vasprintf(&text, reason, args);
	va_end(args);
	if (r < 0)
		text = NULL;
	r = text ? append(in_use, generation, text) : -ENOMEM;
	return r < 0 ? cli_error(r, "generations in use") : 0;
}

void in_use_free(struct in_use *in_use)
{
	for (size_t i = 0; i < in_use->n; i++)
		free(in_use->entry[i].reasons);
	free(in_use->entry);
	*in_use = (struct in_use){ 0 };
}

const char *in_use_reasons(const struct in_use *in_use, uint32_t generation)
{
	const struct in_use_entry *e = find(in_use, generation);

	return e ? e->reasons : NULL;
}
