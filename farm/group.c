#include "farm/group.h"

#include <string.h>

#define BETWEEN ", \t"
/* Of names, of the patterns of fnmatch(3), and between the name of a host and that of a client. */
#define LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-*?[]!/"

bool group_next(const char **clients, char word[static GROUP_WORD_SIZE])
{
	const char *begin = *clients + strspn(*clients, BETWEEN);
	size_t n = strcspn(begin, BETWEEN);

	*clients = begin + n;
	if (n == 0 || n >= GROUP_WORD_SIZE)
		return false;
	memcpy(word, begin, n);
	word[n] = '\0';
	return true;
}

const char *group_check(const char *clients)
{
	const char *p = clients + strspn(clients, BETWEEN);

	if (*p == '\0')
		return "names no client";
	for (; *p; p += strspn(p, BETWEEN)) {
		size_t n = strcspn(p, BETWEEN);

		if (*p == '@')
			return "has a group in it: groups have clients only";
		if (n >= GROUP_WORD_SIZE)
			return "has a word that is too long";
		if (strspn(p, LETTERS) < n)
			return "is not a list of names and patterns of clients";
		p += n;
	}
	return NULL;
}
