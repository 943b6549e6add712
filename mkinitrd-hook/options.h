/*
 * The options of all commands, as the command line has them, and in the form that build and
 * exchange need.
 */
#ifndef MKINITRD_HOOK_OPTIONS_H
#define MKINITRD_HOOK_OPTIONS_H

#include "lib/value.h"
#include "mkinitrd-hook/build/initrd.h"

#include <stdbool.h>

struct mkinitrd_options {
	const char *output;                      /* NULL: the default */
	char *root, *platform, *fs, *add, *tree; /* taken apart where they lie */
	const char *kernel, *pub, *init, *shutdown, *busybox;
	const char *compress, *level;
	bool firmware, keep_compressed, dry_run, json, quiet, verbose, details;

	struct initrd_options initrd; /* made of them; version: what --kernel says, or NULL */
};

/* For options whose text is modified: argv's strings may be (C11, 5.1.2.2.1). */
value_set_fn mkinitrd_options_set_modifiable;

/* Set options->initrd from the others. Returns 0, or -EINVAL after a message. */
int mkinitrd_options_make(struct mkinitrd_options *options);

/* The version in initrd.version must be one. Returns 0, or -EINVAL after a message. */
int mkinitrd_options_check_version(const struct mkinitrd_options *options);

#endif
