#include "lib/manifest/manifest-delta.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/manifest/manifest-lists.h"

enum { FROM, TO, SIDES };

void manifest_delta_free(struct manifest_delta *delta)
{
	manifest_free(delta->from);
	manifest_free(delta->to);
	*delta = (struct manifest_delta){ 0 };
}

/* --- making one --- */

/* A path of either list. */
struct pair {
	const struct manifest_entry *side[SIDES]; /* NULL: absent */
	bool chosen;
};

struct maker {
	struct pair *pair;
	size_t n;
	/* By the groups of each list: its first name, and whether one of its names is chosen. */
	struct maker_group {
		const char *leader;
		bool chosen;
	} * group[SIDES];
};

static int add_pair(const struct manifest_entry *from, const struct manifest_entry *to, void *arg)
{
	struct maker *m = arg;

	m->pair[m->n++] = (struct pair){ .side = { from, to } };
	return 0;
}

static bool begin(struct maker *m, const struct manifest *from, const struct manifest *to)
{
	const struct manifest *list[SIDES] = { from, to };

	m->pair = calloc(from->n + to->n + 1, sizeof(*m->pair));
	if (!m->pair)
		return false;
	manifest_join(from, to, add_pair, m);
	for (int s = FROM; s < SIDES; s++) {
		m->group[s] =
			calloc((size_t)manifest_highest_group(list[s]) + 1, sizeof(*m->group[s]));
		if (!m->group[s])
			return false;
		for (size_t i = list[s]->n; i-- > 0;)
			m->group[s][list[s]->entry[i]->group].leader = list[s]->entry[i]->path;
	}
	return true;
}

static const char *leader_of(const struct maker *m, const struct pair *p, int side)
{
	return p->side[side]->group ? m->group[side][p->side[side]->group].leader : "";
}

/* A group is known by its first name: where names came to it or went, these differ in that, and
 * bring the others. */
static bool differs(const struct maker *m, const struct pair *p)
{
	return !p->side[FROM] || !p->side[TO] || !manifest_identical(p->side[FROM], p->side[TO]) ||
	       strcmp(leader_of(m, p, FROM), leader_of(m, p, TO)) != 0;
}

static struct maker_group *group_of(struct maker *m, const struct pair *p, int side)
{
	return p->side[side] && p->side[side]->group ? &m->group[side][p->side[side]->group] : NULL;
}

/* All names of a group, on either side. Returns whether any was added. */
static bool choose_groups(struct maker *m)
{
	bool added = false;

	for (size_t i = 0; i < m->n; i++)
		for (int s = FROM; s < SIDES && m->pair[i].chosen; s++)
			if (group_of(m, &m->pair[i], s))
				group_of(m, &m->pair[i], s)->chosen = true;
	for (size_t i = 0; i < m->n; i++)
		for (int s = FROM; s < SIDES && !m->pair[i].chosen; s++) {
			const struct maker_group *group = group_of(m, &m->pair[i], s);

			m->pair[i].chosen = group && group->chosen;
			added |= m->pair[i].chosen;
		}
	return added;
}

static const char *path_of(const struct pair *p)
{
	return p->side[FROM] ? p->side[FROM]->path : p->side[TO]->path;
}

static int by_path(const void *key, const void *member)
{
	return strcmp(key, path_of(member));
}

/* Going backwards, a directory comes after all that it holds. */
static void choose_directories(struct maker *m)
{
	char parent[MANIFEST_PATH_MAX + 1];

	for (size_t i = m->n; i-- > 1;) {
		const char *path = path_of(&m->pair[i]), *slash = strrchr(path, '/');
		size_t n = slash ? (size_t)(slash - path) : 0;
		struct pair *p;

		if (!m->pair[i].chosen)
			continue;
		memcpy(parent, path, n);
		parent[n] = '\0';
		p = bsearch(parent, m->pair, m->n, sizeof(*m->pair), by_path);
		if (p)
			p->chosen = true;
	}
}

static bool collect(const struct maker *m, int side, struct manifest *list)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->pair[i].chosen && m->pair[i].side[side] &&
			!manifest_add(list, m->pair[i].side[side]))
			return false;
	return manifest_number(list);
}

static bool make(struct maker *m, struct manifest_delta *delta)
{
	for (size_t i = 0; i < m->n; i++)
		m->pair[i].chosen = differs(m, &m->pair[i]);
	while (choose_groups(m))
		;
	choose_directories(m);
	return collect(m, FROM, delta->from) && collect(m, TO, delta->to);
}

int manifest_delta_make(
	const struct manifest *from, const struct manifest *to, struct manifest_delta *delta)
{
	struct maker m = { 0 };
	bool ok;

	*delta = (struct manifest_delta){ manifest_new(), manifest_new() };
	ok = delta->from && delta->to && begin(&m, from, to) && make(&m, delta);
	free(m.pair);
	free(m.group[FROM]);
	free(m.group[TO]);
	if (!ok) {
		manifest_delta_free(delta);
		return -ENOMEM;
	}
	delta->from->head = from->head;
	delta->to->head = to->head;
	return 0;
}

/* --- applying one --- */

static bool same_generation(const struct manifest_head *a, const struct manifest_head *b)
{
	return a->generation == b->generation && a->published == b->published &&
	       strcmp(a->share, b->share) == 0;
}

/* whole: the list has all paths of a generation, else only some. */
struct fit {
	const struct manifest *list;
	bool whole;
};

static int check_pair(const struct manifest_entry *from, const struct manifest_entry *to, void *arg)
{
	const struct fit *fit = arg;
	const struct manifest_entry *e = manifest_find(fit->list, from ? from->path : to->path);
	bool fits;

	if (!e)
		fits = !from || !fit->whole;
	else
		fits = from && manifest_identical(e, from) && e->nlink == from->nlink;
	return fits ? 0 : -ESTALE;
}

static bool is_dir(const struct manifest_entry *e)
{
	return e && e->type == MANIFEST_DIR;
}

/* Does something lie below a directory that is none any more? */
static int check_below(
	const struct manifest_entry *from, const struct manifest_entry *to, void *arg)
{
	size_t first, end;

	if (!is_dir(from) || is_dir(to))
		return 0;
	manifest_below(arg, from->path, &first, &end);
	return first < end ? -ESTALE : 0;
}

/* Leave out the paths of another list. */
static void leave_out(struct manifest *list, const struct manifest *out)
{
	size_t n = 0, at = 0;

	for (size_t i = 0; i < list->n; i++) {
		int order = -1;

		while (at < out->n &&
			(order = strcmp(out->entry[at]->path, list->entry[i]->path)) < 0)
			at++;
		if (at == out->n || order != 0)
			list->entry[n++] = list->entry[i];
	}
	list->n = n;
}

/* Add copies of other entries, which are sorted, and of whose paths the list has none. */
static bool add_all(struct manifest *list, const struct manifest_entry *const *entry, size_t n)
{
	AUTO_FREE struct manifest_entry **copy = calloc(n + 1, sizeof(*copy));
	uint32_t highest = manifest_highest_group(list);
	size_t i = list->n, j, at;

	for (j = 0; copy && j < n; j++) {
		copy[j] = manifest_add(list, entry[j]);
		if (!copy[j])
			return false;
		copy[j]->group += copy[j]->group ? highest : 0;
	}
	for (at = list->n; copy && j > 0;)
		list->entry[--at] = i > 0 && strcmp(list->entry[i - 1]->path, copy[j - 1]->path) > 0
					    ? list->entry[--i]
					    : copy[--j];
	return copy && manifest_number(list);
}

static int apply(const struct manifest_delta *delta, struct manifest *list, bool whole)
{
	struct fit fit = { list, whole };
	int r = same_generation(&list->head, &delta->from->head)
			? manifest_join(delta->from, delta->to, check_pair, &fit)
			: -ESTALE;

	if (r < 0)
		return r;
	leave_out(list, delta->from);
	if (!add_all(list, (const struct manifest_entry *const *)delta->to->entry, delta->to->n))
		return -ENOMEM;
	list->head = delta->to->head;
	return manifest_join(delta->from, delta->to, check_below, list);
}

int manifest_delta_apply(const struct manifest_delta *delta, struct manifest *list)
{
	return apply(delta, list, true);
}

/* What the delta says nothing of was, where it begins, as `then` begins with it. */
static bool add_former(struct manifest_delta *delta, const struct manifest *then)
{
	AUTO_FREE const struct manifest_entry **entry = calloc(then->n + 1, sizeof(*entry));
	size_t n = 0;

	for (size_t i = 0; entry && i < then->n; i++)
		if (!manifest_find(delta->from, then->entry[i]->path) &&
			!manifest_find(delta->to, then->entry[i]->path))
			entry[n++] = then->entry[i];
	return entry && add_all(delta->from, entry, n);
}

int manifest_delta_append(struct manifest_delta *delta, const struct manifest_delta *then)
{
	return add_former(delta, then->from) ? apply(then, delta->to, false) : -ENOMEM;
}

/* --- the file --- */

static int check_heads(const struct manifest_delta *delta, struct manifest_error *error)
{
	const struct manifest_head *from = &delta->from->head, *to = &delta->to->head;

	if (from->generation && from->generation < to->generation &&
		strcmp(from->share, to->share) == 0)
		return 0;
	*error = (struct manifest_error){ .rule = "the lists are not of two generations of one "
						  "share, the older one first" };
	return -EBADMSG;
}

int manifest_delta_encode(
	const struct manifest_delta *delta, struct buf *out, struct manifest_error *error)
{
	const struct manifest *const list[SIDES] = { delta->from, delta->to };
	int r = check_heads(delta, error);

	return r < 0 ? r : manifest_lists_encode(list, SIDES, out, error);
}

/* The lists that were read. */
static int take(struct manifest *const list[SIDES], struct manifest_delta *delta,
	struct manifest_error *error)
{
	int r;

	*delta = (struct manifest_delta){ list[FROM], list[TO] };
	r = check_heads(delta, error);
	if (r < 0)
		manifest_delta_free(delta);
	return r;
}

int manifest_delta_decode(const void *data, size_t n, const struct signature_key *key,
	const void *signature, size_t n_signature, struct manifest_delta *delta,
	struct manifest_error *error)
{
	struct manifest *list[SIDES];
	int r = manifest_lists_decode(data, n, key, signature, n_signature, list, SIDES, error);

	return r < 0 ? r : take(list, delta, error);
}

int manifest_delta_load(int dir, const char *path, const struct signature_key *key,
	struct manifest_delta *delta, struct manifest_error *error)
{
	struct manifest *list[SIDES];
	int r = manifest_lists_load(dir, path, key, list, SIDES, error);

	return r < 0 ? r : take(list, delta, error);
}
