/* The options of all commands, in one table. */
#ifndef FARM_OPTIONS_H
#define FARM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_COMMON "hcskq"

struct options {
	bool help, json, quiet, dry_run, checksum, no_initrd, strict;
	const char *config, *share, *key;
	const char *from, *note, *layout, *partition, *in_use_kernel;
	const char *in_use, *keep, *new_key;
};

/*
 * Read those options of argv that are among letters (options.c gives each option a letter). Returns
 * the number of arguments, which are argv[1] and on then, with NULL behind them; or -1, with a
 * message, for anything else.
 */
int options_read(int argc, char **argv, const char *letters, struct options *options);

/* Print a line for each option among letters. */
void options_help(const char *letters);

/* A number from 1, or 0. */
uint32_t options_number(const char *text);

#endif
