/* What the files of xf-manifest share. */
#ifndef LIB_MANIFEST_TOOL_TOOL_H
#define LIB_MANIFEST_TOOL_TOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/cli.h"
#include "lib/exit.h"
#include "lib/manifest/manifest.h"

/* What the options say. */
struct settings {
	const char *output, *key, *pub, *exclude_from, *cache, *share;
	uint32_t generation, previous, threads;
	bool json, time, one_file_system;
};

/* The commands, see lib/cli.h; options is a struct settings. They return the exit status. */
typedef int command_fn(void *options, char **arguments);

command_fn command_create, command_verify, command_diff, command_show, command_keygen, command_sign,
	command_check;

/* --- print.c --- */

/* How two trees differ, gathered by report_pair() and printed by report_end(). */
struct report {
	bool json, time;
	const char *only_a, *only_b; /* the words for a path that is in one of them only */
	unsigned long same, changed, in_a, in_b, errors;
	struct json_object *changes;
};

void report_begin(struct report *report);
manifest_pair_fn report_pair; /* arg is the report */
void report_end(struct report *report);

void print_manifest(const struct manifest *manifest);
void print_manifest_json(const struct manifest *manifest);

/* "FILE: 12 entries, generation 3 …, signature good" */
void print_check(const char *file, const struct manifest *manifest, bool is_signed, bool json);

#endif
