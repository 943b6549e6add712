/* Bytes as hexadecimal digits, in lower case; with any libc. */
#ifndef LIB_HEX_H
#define LIB_HEX_H

#include <stddef.h>
#include <stdint.h>

#define HEX_SIZE(n) (2 * (n) + 1) /* of the text for n bytes, with its NUL */

/* Write the text, HEX_SIZE(n) bytes, and return it. */
char *hex_text(char *text, const uint8_t *bytes, size_t n);

#define HEX_UUID_SIZE 37

/* A UUID of RFC 9562, "8-4-4-4-12" digits. */
char *hex_uuid(char text[static HEX_UUID_SIZE], const uint8_t bytes[static 16]);

#endif
