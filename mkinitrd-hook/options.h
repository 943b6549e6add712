/*
 * The options of the commands that make an initrd: build and exchange.
 */
#ifndef MKINITRD_HOOK_OPTIONS_H
#define MKINITRD_HOOK_OPTIONS_H

#include "mkinitrd-hook/build/initrd.h"

#include <stdbool.h>

/* What the command line asks for. */
struct options {
	struct initrd_options initrd; /* version: what --kernel says, or NULL */
	bool codec_given;             /* --compress; else the codec is gzip */
	const char *output;           /* NULL: the default */
	bool dry_run, json, quiet, verbose;
	const char *argument; /* the one word that is no option */
};

/* The part of --help that tells them. */
extern const char options_help[];

/*
 * Read them; usage and options_help are printed for --help, argument is what the one word is
 * called. Returns -1 to go on, or the exit status to end with, after messages.
 */
int options_parse(
	int argc, char **argv, const char *usage, const char *argument, struct options *options);

/* The version in initrd.version must be one. Returns false after a message. */
bool options_check_version(const struct options *options);

#endif
