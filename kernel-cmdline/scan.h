/*
 * Pieces of the text and the list of problems, for the parsers of this directory. Internal.
 */
#ifndef KERNEL_CMDLINE_SCAN_H
#define KERNEL_CMDLINE_SCAN_H

#include "kernel-cmdline/xfnet.h"

/* A piece of the text, not NUL-terminated. */
struct span {
	const char *p;
	size_t n;
};

/* The whole text, from which problems count their offsets, and where problems go. */
struct scan {
	const char *text;
	struct xf_problems *problems;
};

void scan_problem(const struct scan *scan, enum xf_problem_kind kind, struct span where,
	const char *field, const char *what, const char *expected);

/* An error at a piece of the text. Returns false, for `return scan_error(…)`. */
bool scan_error(const struct scan *scan, struct span where, const char *field, const char *what,
	const char *expected);

bool span_is(struct span span, const char *word);
bool span_starts(struct span span, const char *prefix);

/* The rest from the n-th byte on; n is at most the span's length. */
struct span span_from(struct span span, size_t n);

/*
 * Cut the first item off *list, up to a separator or the end. Returns false when nothing is left;
 * "a,,b" has an empty item, and so has "a," at its end. list->p becomes NULL after the last one.
 */
bool span_cut(struct span *list, char separator, struct span *item);

/* A decimal number in min … max, without sign or leading zeros. */
bool span_number(struct span span, uint32_t min, uint32_t max, uint32_t *value);

/* The value of a hexadecimal digit, or -1. */
int scan_hex_digit(char c);

/* The value of xfnet=, whose errors count from the start of scan->text. Returns false after an
 * error. */
bool xfnet_scan(const struct scan *scan, struct span value, struct xfnet *net);

#endif
