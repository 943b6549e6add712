/*
 * What a command that changes something says with --json: one document on standard output,
 *
 *	{"version":1,"operation":ID,"results":[
 *		{"name":NAME,"state":TEXT,"result":"done"|"already"|"failed","message":TEXT,
 *		 "seconds":NUMBER}]}
 *
 * with a result for each thing that the command was to work on, and more members in it if there is
 * more to say. Without an operation, because the command was refused before, that is null. What
 * went wrong with none of them in particular is "message" beside "results". A dry run has no
 * results: "dry_run" is true, "steps" has the lines that it would print, and "message" why it would
 * fail.
 *
 * A process has one operation, so these have no argument for it. Names and messages are copied.
 * Until results_want(true) is called, all of this does nothing. Without memory something is
 *missing.
 */
#ifndef FARM_RESULTS_H
#define FARM_RESULTS_H

#include <stdbool.h>
#include <stdint.h>

void results_want(bool wanted);
bool results_wanted(void);

/* Of farm/operation.c. */
void results_begin(const char *id, bool dry_run);

/* The operation works on this from now on, if it was not begun: messages are about it, and its
 * seconds count until another one follows. NULL: about none in particular. */
void results_of(const char *name);

/* Nothing had to be done; it failed, which counts more. Without either, it is done, or it failed if
 * the command failed and nothing else did. */
void results_already(const char *name);
void results_failed(const char *name);

/* What it is now: "running". */
void results_state(const char *name, const char *state);

/* More about it; text may be NULL. */
void results_text(const char *name, const char *key, const char *text);
void results_number(const char *name, const char *key, uint64_t number);

/* Of farm/output.c: a message, and a line that would be printed. */
void results_message(const char *text);
void results_line(const char *text);

/* Print the document, for the command's exit status. Once; another call does nothing. */
void results_print(int status);

#endif
