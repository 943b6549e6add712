/* Installations that `xenfarm master create` can make from nothing, by mmdebstrap(1). No I/O. */
#ifndef FARM_MASTER_RECIPE_H
#define FARM_MASTER_RECIPE_H

#include <stddef.h>

#include "lib/buf.h"

struct recipe {
	const char *name;     /* what --from calls it */
	const char *title;    /* for a person */
	const char *suite;    /* of the distribution */
	const char *packages; /* with blanks between them; KERNEL is the machine's */
};

/* By its name, or NULL. */
const struct recipe *recipe_find(const char *name);

/* The names of all, with ", " between them. */
void recipe_names(struct buf *out);

/*
 * The arguments of mmdebstrap(1) that make it in the directory tree. more: packages besides, with
 * commas between them, or NULL; mirror: where packages are, or NULL: the distribution's own;
 * machine: of uname(2). Texts are kept in out, and n_max is room enough.
 */
#define RECIPE_ARGUMENTS_MAX 12
struct recipe_arguments {
	const char *argv[RECIPE_ARGUMENTS_MAX]; /* ends with NULL */
	struct buf include;                     /* of the caller, to free */
};
/* Returns 0; -ENOMEM; or -EINVAL: there is no kernel for this machine. */
int recipe_arguments(const struct recipe *recipe, const char *tree, const char *more,
	const char *mirror, const char *machine, struct recipe_arguments *arguments);

/* Why text cannot be a list of packages: static text, or NULL. */
const char *recipe_check_packages(const char *text);

#endif
