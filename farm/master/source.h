/* What a master is made from. */
#ifndef FARM_MASTER_SOURCE_H
#define FARM_MASTER_SOURCE_H

#include "farm/master/recipe.h"

enum master_source_kind {
	MASTER_FROM_RECIPE,
	MASTER_FROM_TREE,  /* a directory that holds an installation */
	MASTER_FROM_IMAGE, /* a disk */
	MASTER_FROM_ISO    /* an installer's medium */
};

struct master_source {
	enum master_source_kind kind;
	const struct recipe *recipe;
	char *path;         /* absolute, but for a recipe */
	const char *format; /* of an image: "raw" or "qcow2" */
};

/* What --from says. Returns 0, or -errno after a message. */
int master_source_open(const char *from, struct master_source *source);
void master_source_free(struct master_source *source);
#define AUTO_MASTER_SOURCE __attribute__((cleanup(master_source_free)))

#endif
