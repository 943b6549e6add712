#include "farm/master/os-release.h"

#include <string.h>

#include "lib/array.h"

static const struct variable {
	const char *name;
	size_t offset, size;
} variables[] = {
	{ "ID", offsetof(struct os_release, id), sizeof(((struct os_release *)0)->id) },
	{ "ID_LIKE", offsetof(struct os_release, id_like),
		sizeof(((struct os_release *)0)->id_like) },
	{ "PRETTY_NAME", offsetof(struct os_release, pretty_name),
		sizeof(((struct os_release *)0)->pretty_name) },
};

/* Without its quotes. Escapes within them occur in no name of a distribution; they are kept. */
static void take(const struct variable *v, const char *value, size_t n, struct os_release *os)
{
	char *to = (char *)os + v->offset;

	if (n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n - 1] == value[0]) {
		value++;
		n -= 2;
	}
	if (n >= v->size)
		n = 0;
	memcpy(to, value, n);
	to[n] = '\0';
	for (; *to; to++)
		if ((unsigned char)*to < ' ' || *to == 0x7f)
			*to = ' ';
}

void os_release_parse(const char *text, size_t n, struct os_release *os)
{
	memset(os, 0, sizeof(*os));
	while (n > 0) {
		const char *end = memchr(text, '\n', n);
		size_t line = end ? (size_t)(end - text) : n;
		const char *equals = memchr(text, '=', line);

		for (size_t i = 0; equals && i < ARRAY_SIZE(variables); i++)
			if ((size_t)(equals - text) == strlen(variables[i].name) &&
				memcmp(text, variables[i].name, strlen(variables[i].name)) == 0)
				take(&variables[i], equals + 1, line - (size_t)(equals + 1 - text),
					os);
		line += end != NULL;
		text += line;
		n -= line;
	}
}

bool os_release_is(const struct os_release *os, const char *id)
{
	size_t n = strlen(id);

	if (strcmp(os->id, id) == 0)
		return true;
	for (const char *word = os->id_like; *word; word += strspn(word, " ")) {
		size_t length = strcspn(word, " ");

		if (length == n && memcmp(word, id, n) == 0)
			return true;
		word += length;
	}
	return false;
}
