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

static const char *set(const struct conf_setting *settings, size_t n, const char *name,
	const char *value, void *to)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(settings[i].name, name) == 0)
			return *value ? settings[i].set((char *)to + settings[i].offset, value)
				      : "has no value";
	return "is an unknown setting";
}

/* What is wrong with a line, or NULL. */
static const char *parse_line(
	char *line, char *end, const struct conf_setting *settings, size_t n, void *to)
{
	char *equals, *value;

	if (memchr(line, '\0', (size_t)(end - line)))
		return "has a NUL byte";
	line = trim(line, end);
	if (*line == '\0' || *line == '#')
		return NULL;
	equals = strchr(line, '=');
	if (!equals)
		return "is not of the form NAME = VALUE";
	value = trim(equals + 1, equals + strlen(equals));
	return set(settings, n, trim(line, equals), value, to);
}

int conf_parse(char *text, size_t n, const struct conf_setting *settings, size_t n_settings,
	void *to, struct conf_error *error)
{
	char *end = text + n, *next;

	*error = (struct conf_error){ 0 };
	for (; text < end; text = next + 1) {
		next = memchr(text, '\n', (size_t)(end - text));
		if (!next)
			next = end;
		error->line++;
		error->what = parse_line(text, next, settings, n_settings, to);
		if (error->what)
			return -EINVAL;
	}
	return 0;
}
