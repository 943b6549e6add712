#include "mkinitrd-hook/build/module-table.h"

#include "initrd/modtable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void write_module(struct buf *out, const struct kernel_module *m)
{
	buf_printf(out, "module %s %s ", m->name, m->file);
	for (size_t i = 0; i < m->ndeps; i++)
		buf_printf(out, "%s%s", i ? "," : "", m->dep[i]->name);
	buf_puts(out, m->ndeps ? "\n" : "-\n");
}

/* One line of modules.alias, "alias PATTERN NAME". Other lines, and patterns with spaces, are left
 * out.
 */
static void write_alias(
	struct buf *out, const struct kernel_modules *set, const char *line, size_t length)
{
	static const char word[] = "alias ";
	const size_t skip = sizeof(word) - 1;
	const char *name;

	if (length < skip || memcmp(line, word, skip))
		return;
	name = memchr(line + skip, ' ', length - skip);
	if (!name++)
		return;
	if (kernel_modules_get(set, name, length - (name - line)))
		buf_printf(out, "%.*s\n", (int)length, line);
}

void module_table_write(struct buf *out, const char *version, const struct kernel_modules *set,
	const struct blob *aliases)
{
	const char *at = (const char *)aliases->data, *end = at + aliases->size;

	buf_printf(out, "xenfarm-modules 1 %s\n", version);
	for (size_t i = 0; i < set->n; i++)
		write_module(out, set->module[i]);
	while (at < end) {
		const char *newline = memchr(at, '\n', end - at);
		size_t length = (newline ? newline : end) - at;

		write_alias(out, set, at, length);
		at += length + 1;
	}
	for (size_t i = 0; i < set->nbuiltin; i++)
		buf_printf(out, "builtin %s\n", set->builtin[i]);
}

int module_table_check(const struct blob *table, unsigned int *line)
{
	struct modtable *parsed = malloc(sizeof(*parsed));
	char *copy = malloc(table->size + 1);
	int rc = -ENOMEM;

	if (parsed && copy) {
		memcpy(copy, table->data, table->size);
		rc = modtable_parse(copy, table->size, parsed, line) ? -EINVAL : 0;
	}
	free(copy);
	free(parsed);
	return rc;
}
