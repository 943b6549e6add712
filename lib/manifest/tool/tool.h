/* What the files of xf-manifest share. */
#ifndef LIB_MANIFEST_TOOL_TOOL_H
#define LIB_MANIFEST_TOOL_TOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/cli.h"
#include "lib/exit.h"
#include "lib/manifest/manifest.h"

/* What the options say. */
struct tool_options {
	const char *output, *key, *pub, *exclude_from, *cache, *share;
	uint32_t generation, previous, threads;
	bool json, time, one_file_system;
};

/* The commands, see lib/cli.h; options is a struct tool_options. They return the exit status. */
typedef int tool_fn(void *options, char **arguments);

tool_fn tool_create, tool_verify, tool_diff, tool_delta, tool_show, tool_keygen, tool_sign,
	tool_check;

/* --- print.c --- */

/* How two trees differ, gathered by tool_report_pair() and printed by tool_report_end(). */
struct tool_report {
	bool json, time;
	const char *only_a, *only_b; /* the words for a path that is in one of them only */
	unsigned long same, changed, in_a, in_b, errors;
	struct json_object *changes;
};

void tool_report_begin(struct tool_report *report);
manifest_pair_fn tool_report_pair; /* arg is the report */
void tool_report_end(struct tool_report *report);

void print_manifest(const struct manifest *manifest);
void print_manifest_json(const struct manifest *manifest);

/* "FILE: 12 entries, generation 3 …, signature good" */
void print_check(const char *file, const struct manifest *manifest, bool is_signed, bool json);

#endif
