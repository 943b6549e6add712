/*
 * Kernel modules from the table that xf-mkinitrd wrote to /lib/xenfarm/modules (xf-mkinitrd(8)).
 *
 *	xenfarm-modules 1 KERNEL-VERSION
 *	module NAME FILE DEP,DEP,…     dependencies complete, in the order to load; "-": none
 *	alias PATTERN NAME
 *	builtin NAME
 */
#ifndef INITRD_MODULES_H
#define INITRD_MODULES_H

#include <stdbool.h>
#include <stddef.h>

#define MODULES_MAX 192
#define ALIASES_MAX 2048

struct module {
	const char *name, *file, *deps;
	bool builtin;
	bool tried; /* loaded, or failed and said so */
};

struct alias {
	const char *pattern;
	struct module *module;
};

struct modtable {
	const char *version;
	unsigned int n_modules, n_aliases;
	struct module module[MODULES_MAX];
	struct alias alias[ALIASES_MAX];
};

/*
 * Parse a table in place: text is cut into words, and *table points into it. text[length] must be
 * writable. Returns 0, or -EINVAL with *line set (from 1).
 */
int modtable_parse(char *text, size_t length, struct modtable *table, unsigned int *line);

/* The module of that name ('-' and '_' are the same), or the first whose alias fits, or NULL. */
struct module *modtable_find(struct modtable *table, const char *name_or_alias);

/* Read the table. Returns 0, or -errno after failed(). */
int modules_open(void);

/*
 * Load the drivers of all devices that are there and have none yet: those whose modalias the table
 * knows, again until loading brings no new device. Cheap enough to call while waiting for one.
 */
void modules_rescan(void);

/*
 * Begin to load a module that a later step needs, in a child that nobody waits for: the kernel
 * makes whoever needs it before it is ready wait. So it loads while a link comes up or an address
 * is checked.
 */
void modules_load_ahead(const char *name);

/*
 * /sbin/modprobe, which the kernel calls when it wants a module itself (a file system, an NFS
 * version, a VLAN): `modprobe -q -- NAME`. Returns the exit status; a name that is not in the table
 * is 1.
 */
int modprobe_main(int argc, char **argv);

#endif
