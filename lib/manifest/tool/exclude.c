#include "lib/manifest/tool/exclude.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct exclude {
	size_t n;
	struct glob {
		const char *pattern;
		bool anchored; /* matched against the whole path, else against its last component */
		bool directories; /* ended in '/': directories only */
	} * glob;
	char text[];
};

static void add(struct exclude *x, char *line, size_t n)
{
	struct glob *g = &x->glob[x->n];

	while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t' || line[n - 1] == '\r'))
		n--;
	*g = (struct glob){ .directories = n > 0 && line[n - 1] == '/' };
	n -= g->directories;
	line[n] = '\0';
	g->anchored = strchr(line, '/') != NULL;
	g->pattern = line + (line[0] == '/');
	if (g->pattern[0] != '\0' && line[0] != '#')
		x->n++;
}

struct exclude *exclude_parse(const char *text, size_t n)
{
	struct exclude *x = malloc(sizeof(*x) + n + 1);
	size_t lines = 1;

	if (!x)
		return NULL;
	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	x->n = 0;
	x->glob = calloc(lines, sizeof(*x->glob));
	if (!x->glob) {
		free(x);
		return NULL;
	}
	if (n)
		memcpy(x->text, text, n);
	x->text[n] = '\0';
	for (char *line = x->text, *end; line <= x->text + n; line = end + 1) {
		end = memchr(line, '\n', (size_t)(x->text + n - line));
		if (!end)
			end = x->text + n;
		add(x, line, (size_t)(end - line));
	}
	return x;
}

void exclude_free(struct exclude *x)
{
	if (!x)
		return;
	free(x->glob);
	free(x);
}

bool exclude_matches(const struct exclude *x, const char *path, bool directory)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < x->n; i++) {
		const struct glob *g = &x->glob[i];

		if ((directory || !g->directories) &&
			fnmatch(g->pattern, g->anchored ? path : name, FNM_PATHNAME) == 0)
			return true;
	}
	return false;
}
