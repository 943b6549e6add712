/*
 * Configuration files, all in one dialect: lines NAME = VALUE. Blanks around both and empty lines
 * do not count, '#' begins a line that is a comment, the last of two settings wins, and a name
 * that the table lacks is an error. Where a file has sections, a line [KIND NAME] begins one, which
 * has settings of its own and lasts until the next.
 */
#ifndef LIB_CONF_H
#define LIB_CONF_H

#include <stddef.h>

#include "lib/value.h"

#define CONF_BYTES_MAX 65536 /* of a file */

struct conf_setting {
	const char *name;
	value_set_fn *set;
	size_t offset; /* of its place in what conf_parse() fills in */
};

struct conf_section {
	const char *kind;
	const struct conf_setting *settings;
	size_t n_settings;
	/*
	 * Called at a section's line: *section becomes what its settings are put into. name lives
	 * as long as the text. Returns NULL, or what is wrong with the name (static text).
	 */
	const char *(*begin)(void *to, char *name, void **section);
};

struct conf_dialect {
	const struct conf_setting *settings; /* before the first section */
	size_t n_settings;
	const struct conf_section *sections;
	size_t n_sections;
};

struct conf_error {
	unsigned int line; /* from 1 */
	const char *what;  /* static text: the rule that the line breaks */
};

/*
 * Parse text, n bytes and room for one more, into to, which holds the defaults before. No I/O. The
 * text is cut into values, which stay in it: it has to live as long as they are used. Returns 0,
 * or -EINVAL with *error.
 */
int conf_parse(char *text, size_t n, const struct conf_dialect *dialect, void *to,
	struct conf_error *error);

#endif
