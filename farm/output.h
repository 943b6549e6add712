/* What xenfarm reports: results on standard output, progress on standard error. Messages are
 * cli_error()'s. */
#ifndef FARM_OUTPUT_H
#define FARM_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

/* Without results in words: --quiet, and --json, whose output is for programs. */
void output_be_quiet(void);

/* True if a person watches and progress may be drawn. */
bool output_is_watched(void);

/*
 * Draw how far a phase ("copy", "read", …) is, on one line of the terminal, some times a second at
 * most: files, and bytes if there are any. Whatever is said next takes the line's place. Nothing
 * where nobody watches.
 */
void output_progress(const char *phase, uint64_t files, uint64_t bytes);

/* For struct cli_program: a message ends the line of progress. */
void output_message(const char *text);

/* A result, one line. */
void output_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
