#include "lib/conf.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Without the blanks around it; ends with a NUL. */
static char *trim(char *text, char *end)
{
	while (text < end && is_blank(*text))
		text++;
	while (end > text && is_blank(end[-1]))
		end--;
	*end = '\0';
	return text;
}

struct parse {
	const struct conf_dialect *dialect;
	void *to;
	/* Those of the section that the line is in, and where they go. */
	const struct conf_setting *settings;
	size_t n_settings;
	void *section;
};

static const char *set(const struct parse *p, const char *name, const char *value)
{
	for (size_t i = 0; i < p->n_settings; i++)
		if (strcmp(p->settings[i].name, name) == 0)
			return *value ? p->settings[i].set(
						(char *)p->section + p->settings[i].offset, value)
				      : "has no value";
	return "is an unknown setting";
}

/* "[KIND NAME]", of which the brackets are gone. */
static const char *begin_section(struct parse *p, char *kind, char *end)
{
	size_t n = strcspn(kind, " \t");
	char *name = trim(kind + n, end);

	kind[n] = '\0';
	for (size_t i = 0; i < p->dialect->n_sections; i++) {
		const struct conf_section *s = &p->dialect->sections[i];

		if (strcmp(s->kind, kind) != 0)
			continue;
		p->settings = s->settings;
		p->n_settings = s->n_settings;
		return *name ? s->begin(p->to, name, &p->section) : "has no name";
	}
	return "is an unknown section";
}

/* What is wrong with a line, or NULL. */
static const char *parse_line(struct parse *p, char *line, char *end)
{
	char *equals, *value;

	if (memchr(line, '\0', (size_t)(end - line)))
		return "has a NUL byte";
	line = trim(line, end);
	if (*line == '\0' || *line == '#')
		return NULL;
	end = line + strlen(line);
	if (p->dialect->n_sections && *line == '[' && end[-1] == ']')
		return begin_section(p, trim(line + 1, end - 1), end - 1);
	equals = strchr(line, '=');
	if (!equals)
		return "is not of the form NAME = VALUE";
	value = trim(equals + 1, end);
	return set(p, trim(line, equals), value);
}

int conf_parse(char *text, size_t n, const struct conf_dialect *dialect, void *to,
	struct conf_error *error)
{
	struct parse p = { dialect, to, dialect->settings, dialect->n_settings, to };
	char *end = text + n, *next;

	*error = (struct conf_error){ 0 };
	for (; text < end; text = next + 1) {
		next = memchr(text, '\n', (size_t)(end - text));
		if (!next)
			next = end;
		error->line++;
		error->what = parse_line(&p, text, next);
		if (error->what)
			return -EINVAL;
	}
	return 0;
}
