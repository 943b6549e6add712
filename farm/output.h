/* Results on standard output, progress on standard error. Messages are printed by cli_error(). */
#ifndef FARM_OUTPUT_H
#define FARM_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

/* From now on output_line() and output_progress() print nothing: for --quiet and --json. */
void output_be_quiet(void);

/* True if standard error is a terminal, and progress may be drawn. */
bool output_is_watched(void);

/*
 * Draw the progress of a phase ("copy", "read", …) on one line of the terminal, a few times a
 * second: files, and bytes if there are any. The next output replaces the line. Does nothing unless
 * output_is_watched().
 */
void output_progress(const char *phase, uint64_t files, uint64_t bytes);

/* The same of a phase whose end is known: done of all. */
void output_count(const char *phase, uint64_t done, uint64_t all);

/* For struct cli_program: a message ends the line of progress. */
void output_message(const char *text);

/* Print a result, one line. In a dry run with --json it is one of the steps. */
void output_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print a text's lines, indented, below a line that says what it is. */
void output_text(const char *text);

#endif
