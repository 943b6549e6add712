#include "lib/value.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

const char *value_flag(void *to, const char *text)
{
	(void)text;
	*(bool *)to = true;
	return NULL;
}

const char *value_text(void *to, const char *text)
{
	*(const char **)to = text;
	return NULL;
}

const char *value_absolute(void *to, const char *text)
{
	if (text[0] != '/')
		return "is not an absolute path";
	if (strlen(text) >= PATH_MAX)
		return "is too long";
	return value_text(to, text);
}

const char *value_number(void *to, const char *text)
{
	uint64_t number = 0;

	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9' || number > UINT32_MAX)
			return "is not a number from 1";
		number = 10 * number + (uint64_t)(*p - '0');
	}
	if (number == 0 || number > UINT32_MAX)
		return "is not a number from 1";
	*(uint32_t *)to = (uint32_t)number;
	return NULL;
}
