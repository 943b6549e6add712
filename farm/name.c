#include "farm/name.h"

#include <fnmatch.h>
#include <stdint.h>
#include <string.h>

/* isalnum(3) asks the locale. */
static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

const char *name_check(const char *name)
{
	size_t n = strlen(name);

	if (n == 0)
		return "is empty";
	if (n > NAME_LABEL_MAX)
		return "is longer than 63 letters";
	for (size_t i = 0; i < n; i++)
		if (!is_letter_or_digit(name[i]) && name[i] != '-')
			return "has other characters than a-z, 0-9 and -";
	if (name[0] == '-' || name[n - 1] == '-')
		return "begins or ends with -";
	return NULL;
}

bool name_matches(const char *pattern, const char *name)
{
	return fnmatch(pattern, name, FNM_NOESCAPE) == 0;
}

bool name_is_pattern(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

/* Optimal string alignment distance, of texts that are labels. */
static size_t distance(const char *a, const char *b)
{
	uint8_t row[3][NAME_LABEL_MAX + 1];
	size_t n = strlen(a), m = strlen(b);

	for (size_t j = 0; j <= m; j++)
		row[0][j] = (uint8_t)j;
	for (size_t i = 1; i <= n; i++) {
		uint8_t *now = row[i % 3], *before = row[(i + 2) % 3], *earlier = row[(i + 1) % 3];

		now[0] = (uint8_t)i;
		for (size_t j = 1; j <= m; j++) {
			uint8_t d = (uint8_t)(before[j - 1] + (a[i - 1] != b[j - 1]));

			if (before[j] + 1 < d)
				d = (uint8_t)(before[j] + 1);
			if (now[j - 1] + 1 < d)
				d = (uint8_t)(now[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				earlier[j - 2] + 1 < d)
				d = (uint8_t)(earlier[j - 2] + 1);
			now[j] = d;
		}
	}
	return row[n % 3][m];
}

const char *name_nearest(const char *name, const char *const *names, size_t n)
{
	size_t length = strlen(name), least = 3;
	const char *nearest = NULL;

	if (length > NAME_LABEL_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t d;

		if (strlen(names[i]) > NAME_LABEL_MAX)
			continue;
		d = distance(name, names[i]);
		if (d < least && 2 * d < length) {
			least = d;
			nearest = names[i];
		}
	}
	return nearest;
}
