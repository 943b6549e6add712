/*
 * Names as printable text: vis(3) octal escapes, "\ooo" for every byte that is not a printable
 * ASCII character and for space, '\', '#', '=', ',', '"', '*', '?' and '['. The manifest, messages
 * and JSON all write paths this way, so that any name fits on one line and can be decoded exactly.
 */
#ifndef LIB_VIS_H
#define LIB_VIS_H

#include "lib/buf.h"

void vis_encode(struct buf *out, const char *bytes, size_t n);

/* The same as a string, for messages. The caller frees it; NULL without memory. */
char *vis_string(const char *bytes);

/*
 * Undo vis_encode() in place, NUL-terminating. [text, text + n) holds printable ASCII and text[n]
 * is writeable. Returns 0 and the length in *length, or -EINVAL for a '\' without three octal
 * digits of a byte, and for an escaped NUL.
 */
int vis_decode(char *text, size_t n, size_t *length);

#endif
