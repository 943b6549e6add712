#include "initrd/modtable.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

/* Cut the next word off *line at blanks; NULL at its end. */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, " ");
	char *end;

	if (!*word)
		return NULL;
	end = word + strcspn(word, " ");
	*line = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static int same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
			return 0;
	return *a == *b;
}

static struct modtable_module *by_name(struct modtable *table, const char *name)
{
	for (unsigned int i = 0; i < table->n_modules; i++)
		if (same_name(table->module[i].name, name))
			return &table->module[i];
	return NULL;
}

static int add_module(
	struct modtable *table, const char *name, const char *file, const char *deps, bool builtin)
{
	if (table->n_modules == MODTABLE_MODULES_MAX)
		return -EINVAL;
	table->module[table->n_modules++] = (struct modtable_module){
		.name = name, .file = file, .deps = deps, .builtin = builtin
	};
	return 0;
}

static int add_alias(struct modtable *table, const char *pattern, struct modtable_module *module)
{
	if (!module || table->n_aliases == MODTABLE_ALIASES_MAX)
		return -EINVAL;
	table->alias[table->n_aliases++] =
		(struct modtable_alias){ .pattern = pattern, .module = module };
	return 0;
}

static int parse_line(struct modtable *table, char *line)
{
	char *word = next_word(&line), *a = next_word(&line), *b = next_word(&line),
	     *c = next_word(&line);

	if (!word)
		return 0;
	if (!strcmp(word, "module") && c && !next_word(&line))
		return add_module(table, a, b, strcmp(c, "-") ? c : "", false);
	if (!strcmp(word, "alias") && b && !c)
		return add_alias(table, a, by_name(table, b));
	if (!strcmp(word, "builtin") && a && !b)
		return add_module(table, a, "", "", true);
	return -EINVAL;
}

int modtable_parse(char *text, size_t length, struct modtable *table, unsigned int *line)
{
	static const char head[] = "xenfarm-modules 1 ";
	char *p = text, *end;

	table->n_modules = table->n_aliases = 0;
	*line = 1;
	text[length] = '\0';
	if (strlen(text) != length || strncmp(text, head, strlen(head)))
		return -EINVAL;
	table->version = text + strlen(head);
	for (; *p; p = end, ++*line) {
		end = p + strcspn(p, "\n");
		if (*end)
			*end++ = '\0';
		if (*line > 1 && parse_line(table, p) < 0)
			return -EINVAL;
	}
	return 0;
}

struct modtable_module *modtable_find(struct modtable *table, const char *name_or_alias)
{
	struct modtable_module *module = by_name(table, name_or_alias);

	for (unsigned int i = 0; !module && i < table->n_aliases; i++)
		if (!fnmatch(table->alias[i].pattern, name_or_alias, 0))
			module = table->alias[i].module;
	return module;
}
