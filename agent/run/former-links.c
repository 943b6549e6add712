#include "agent/run/former-links.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/cleanup.h"

static void take_groups(struct manifest *m, const struct manifest *from)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct manifest_entry *e = manifest_find(from, m->entry[i]->path);

		m->entry[i]->group = e ? e->group : 0;
	}
}

static bool is_in_record(const struct run_inputs *in, const char *path)
{
	return manifest_find(in->base, path) || manifest_find(in->new, path);
}

/* The groups of a list that have a path of the record: a byte for each. NULL without memory. */
static char *touched_groups(const struct manifest *list, const struct run_inputs *in)
{
	char *touched = calloc((size_t)manifest_highest_group(list) + 1, 1);

	for (size_t i = 0; touched && i < list->n; i++)
		if (list->entry[i]->group && is_in_record(in, list->entry[i]->path))
			touched[list->entry[i]->group] = 1;
	return touched;
}

/* The other names of these inodes: not changed themselves, but linked to what was. */
static bool add_other_names(
	struct run_inputs *in, const struct manifest *was, const struct manifest *is)
{
	AUTO_FREE char *in_was = touched_groups(was, in), *in_is = touched_groups(is, in);
	AUTO_MANIFEST struct manifest *other = manifest_new();
	bool ok = in_was && in_is && other;

	for (size_t i = 0; ok && i < was->n; i++) {
		const struct manifest_entry *x = was->entry[i], *y = manifest_find(is, x->path);

		if (y && (in_was[x->group] || in_is[y->group]) && !is_in_record(in, x->path) &&
			(manifest_compare(x, y) & ~MANIFEST_DIFF_TIME) == 0)
			ok = manifest_add(other, x) != NULL;
	}
	for (size_t i = 0; ok && i < other->n; i++)
		ok = manifest_add(in->new, other->entry[i]) &&
		     manifest_add(in->base, manifest_find(is, other->entry[i]->path));
	return ok;
}

int former_links_add(const struct run *run, struct run_inputs *in, uint32_t serial)
{
	AUTO_MANIFEST struct manifest *was = NULL, *is = NULL;
	struct manifest_error error;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "trash/%u/base", serial);
	r = state_read_manifest(run->state, path, &was, &error);
	r = r < 0 ? r : state_manifest(run->state, STATE_BASE, &is, &error);
	if (r < 0)
		return r;
	take_groups(in->new, was);
	take_groups(in->base, is);
	return add_other_names(in, was, is) ? 0 : -ENOMEM;
}
