/*
 * Reading a text, and showing what is wrong with it, on any terminal.
 */
#ifndef KERNEL_CMDLINE_TOOL_TEXT_H
#define KERNEL_CMDLINE_TOOL_TEXT_H

#include "kernel-cmdline/xfnet.h"

#include <stddef.h>
#include <stdio.h>

#define TEXT_BYTES_MAX 65536 /* of a text to look at; Linux has 2048 or 4096 */

/* Join arguments by spaces, as the shell took them apart. Returns the length, or -E2BIG after a
 * message. */
int text_join(char *const *words, char text[static TEXT_BYTES_MAX]);

/*
 * Parse a command line, or the bare value of xfnet= (a text without '=' and white space), and print
 * on standard error what is wrong with it. Returns 0, or -EINVAL: also where there is no xfnet=.
 */
int text_read(const char *text, size_t length, struct xf_cmdline *cmdline);

/* Write text with all that could act on a terminal as \xNN. */
void text_show(FILE *to, const char *text, size_t length);

/* Write problems, each with the text and a caret under the place. */
void text_show_problems(
	FILE *to, const char *text, size_t length, const struct xf_problems *problems);

/* How the prefix came about: "follows from broadcast 10.0.0.255; /25 and /24 fit too". */
void text_prefix_origin(const struct xfnet *net, char *to, size_t size);

#endif
