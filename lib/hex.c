#include "lib/hex.h"

char *hex_text(char *text, const uint8_t *bytes, size_t n)
{
	static const char digit[] = "0123456789abcdef";
	char *to = text;

	for (size_t i = 0; i < n; i++) {
		*to++ = digit[bytes[i] >> 4];
		*to++ = digit[bytes[i] & 15];
	}
	*to = '\0';
	return text;
}

char *hex_uuid(char text[static HEX_UUID_SIZE], const uint8_t bytes[static 16])
{
	static const uint8_t field[] = { 4, 2, 2, 2, 6 };
	char *to = text;

	for (size_t i = 0; i < sizeof(field); i++) {
		hex_text(to, bytes, field[i]);
		to += 2 * field[i];
		*to++ = '-';
		bytes += field[i];
	}
	*--to = '\0';
	return text;
}
