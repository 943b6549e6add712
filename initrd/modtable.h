/*
 * The table of kernel modules that xf-mkinitrd wrote to /lib/xenfarm/modules (xf-mkinitrd(8)). A
 * parser without I/O or allocation: xf-mkinitrd checks what it writes by it.
 *
 *	xenfarm-modules 1 KERNEL-VERSION
 *	module NAME FILE DEP,DEP,…     FILE is beside the table; all dependencies, in the order to
 *	                               load them; "-": none
 *	alias PATTERN NAME             an fnmatch(3) pattern, as modules.alias has it
 *	builtin NAME                   part of the kernel itself
 */
#ifndef INITRD_MODTABLE_H
#define INITRD_MODTABLE_H

#include <stdbool.h>
#include <stddef.h>

#define MODTABLE_MODULES_MAX 192
#define MODTABLE_ALIASES_MAX 2048

struct modtable_module {
	const char *name, *file, *deps;
	bool builtin;
	bool tried; /* loaded, or failed and said so */
};

struct modtable_alias {
	const char *pattern;
	struct modtable_module *module;
};

struct modtable {
	const char *version;
	unsigned int n_modules, n_aliases;
	struct modtable_module module[MODTABLE_MODULES_MAX];
	struct modtable_alias alias[MODTABLE_ALIASES_MAX];
};

/*
 * Parse a table in place: text is cut into words, and *table points into it. text[length] must be
 * writable. Returns 0, or -EINVAL with *line set (from 1).
 */
int modtable_parse(char *text, size_t length, struct modtable *table, unsigned int *line);

/* The module of that name ('-' and '_' are the same), or the first whose alias fits, or NULL. */
struct modtable_module *modtable_find(struct modtable *table, const char *name_or_alias);

#endif
