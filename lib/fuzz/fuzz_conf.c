/* Any bytes as a configuration file: parsed or refused, with a line that exists. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/conf.h"

struct settings {
	const char *text, *path;
	uint32_t number;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *begin_section(void *to, char *name, void **section)
{
	if (!*name || strpbrk(name, "\n\t") == name)
		abort();
	*section = to;
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct conf_setting table[] = {
		{ "text", value_text, offsetof(struct settings, text) },
		{ "path", value_absolute, offsetof(struct settings, path) },
		{ "n", value_number, offsetof(struct settings, number) },
	};
	static const struct conf_section section = { "s", table, 3, begin_section };
	static const struct conf_dialect dialect = { table, 3, &section, 1 };
	struct settings settings = { 0 };
	struct conf_error error;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	if (conf_parse(text, size, &dialect, &settings, &error) < 0 && !error.what)
		abort();
	if (settings.text && memchr(settings.text, '\n', strlen(settings.text)))
		abort();
	free(text);
	return 0;
}
