#include "lib/manifest/manifest-line.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/manifest/manifest-keyword.h"
#include "lib/paths.h"
#include "lib/vis.h"

#define FIRST_LINE    "#mtree v2.0"
#define SECOND_LINE   "# xenfarm: "
#define OUT_OF_MEMORY "is too large for this machine's memory"

static const char *head_line(struct manifest_lines *l, char *text, size_t n)
{
	size_t skip = sizeof(SECOND_LINE) - 1;

	if (n < skip || memcmp(text, SECOND_LINE, skip) != 0)
		return "the second line does not begin with \"" SECOND_LINE "\"";
	return manifest_keyword_head(l, text + skip, text + n);
}

bool manifest_is_offer(const char *name, size_t n)
{
	size_t size = strlen(PATH_OFFER), digits = 0;

	while (digits < n && name[n - 1 - digits] >= '0' && name[n - 1 - digits] <= '9')
		digits++;
	if (digits > 0 && digits < n && name[n - 1 - digits] == '.')
		n -= digits + 1;
	return n > size && memcmp(name + n - size, PATH_OFFER, size) == 0;
}

const char *manifest_path_rule(const char *path)
{
	const char *start = path;

	if (*path == '\0')
		return NULL;
	for (;; path++) {
		size_t n = strcspn(path, "/");

		if (n == 0)
			return "the path has an empty component";
		if ((n == 1 && path[0] == '.') || (n == 2 && path[0] == '.' && path[1] == '.'))
			return "the path has a component \".\" or \"..\"";
		if (n > MANIFEST_NAME_MAX)
			return "the path has a component that is too long";
		if (manifest_is_offer(path, n))
			return "the path is that of an offer (*" PATH_OFFER ")";
		path += n;
		if (path - start > MANIFEST_PATH_MAX)
			return "the path is too long";
		if (*path == '\0')
			return NULL;
	}
}

/* Where the path stands among those before: order, and that its directory is one. Then it is
 * remembered. */
static const char *place(struct manifest_lines *l, const char *path, bool dir)
{
	size_t n = strlen(path), same = 0, i;
	const char *slash = memrchr(path, '/', n);
	size_t parent = slash ? (size_t)(slash - path) : 0;

	while (same < n && path[same] == l->path[same])
		same++;
	if (l->prefixes && (unsigned char)path[same] <= (unsigned char)l->path[same])
		return path[same] ? "the paths are not sorted"
				  : "the path is out of order, or a duplicate";
	while (l->prefixes && l->prefix[l->prefixes - 1].size > same)
		l->prefixes--;
	for (i = l->prefixes; i > 0 && l->prefix[i - 1].size != parent; i--)
		;
	if (n > 0 && i == 0)
		return "the directory of the path is not listed before it";
	if (n > 0 && !l->prefix[i - 1].dir)
		return "the path lies below something that is not a directory";
	memcpy(l->path, path, n + 1);
	l->prefix[l->prefixes].size = (uint16_t)n;
	l->prefix[l->prefixes++].dir = dir;
	return NULL;
}

static bool same_file(const struct manifest_entry *a, const struct manifest_entry *b)
{
	return a->nlink == b->nlink && (manifest_compare(a, b) & ~MANIFEST_DIFF_XATTR) == 0;
}

/* Members of a group are one file, and there are as many as nlink= says. */
static const char *join_group(struct manifest_lines *l, const struct manifest_entry *e)
{
	struct manifest_group *g;

	if (e->group > l->groups + 1)
		return "hard-link groups are not numbered by their first members";
	if (e->group > l->groups) {
		if (!ARRAY_GROW(l->group, l->groups))
			return OUT_OF_MEMORY;
		g = &l->group[l->groups++];
		*g = (struct manifest_group){ .first = *e };
		g->first.uname = g->first.gname = NULL; /* they went with their line */
		g->first.nxattrs = 0;
	}
	g = &l->group[e->group - 1];
	if (!same_file(&g->first, e))
		return "members of a hard-link group differ";
	if (++g->members > e->nlink)
		return "a hard-link group has more members than nlink= says";
	return NULL;
}

static const char *entry_line(struct manifest_lines *l, char *text, size_t n)
{
	struct manifest_entry *e = &l->entry;
	char *space = memchr(text, ' ', n);
	unsigned int seen;
	const char *rule;

	*e = (struct manifest_entry){ .nlink = 1, .xattr = l->xattr };
	if (l->entries == l->head.entries)
		return "there are more entries than entries= says";
	if (!space || text[0] != '.' || (text[1] != '/' && text[1] != ' '))
		return "the line is not \"./PATH KEYWORD=VALUE …\"";
	rule = manifest_keyword_entry(l, space + 1, text + n, &seen);
	if (rule)
		return rule;
	e->path = text[1] == '/' ? text + 2 : text + 1;
	if (vis_decode((char *)e->path, (size_t)(space - e->path), &n) < 0)
		return "the path has a malformed escape";
	if (text[1] == '/' && n == 0)
		return "the path has an empty component";
	rule = manifest_path_rule(e->path);
	if (!rule)
		rule = manifest_keyword_fit(e, seen);
	if (!rule)
		rule = place(l, e->path, e->type == MANIFEST_DIR);
	if (!rule && e->group)
		rule = join_group(l, e);
	if (!rule)
		l->entries++;
	return rule;
}

static bool printable(const char *text, size_t n)
{
	unsigned int bad = 0;

	for (size_t i = 0; i < n; i++)
		bad |= (unsigned char)(text[i] - ' ') > '~' - ' ';
	return !bad;
}

const char *manifest_line(struct manifest_lines *l, char *text, size_t n)
{
	l->line++;
	if (!printable(text, n))
		return "the line has bytes that are not printable ASCII";
	text[n] = '\0';
	if (l->line == 1)
		return strcmp(text, FIRST_LINE) == 0 ? NULL
						     : "the first line is not \"" FIRST_LINE "\"";
	return l->line == 2 ? head_line(l, text, n) : entry_line(l, text, n);
}

const char *manifest_lines_end(const struct manifest_lines *l)
{
	if (l->line < 2)
		return "the head is missing";
	if (l->entries < l->head.entries)
		return "there are fewer entries than entries= says";
	for (size_t i = 0; i < l->groups; i++)
		if (l->group[i].members < l->group[i].first.nlink)
			return "a hard-link group has fewer members than nlink= says";
	return NULL;
}

void manifest_lines_free(struct manifest_lines *l)
{
	free(l->group);
}
