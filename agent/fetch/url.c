#include "agent/fetch/url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NFS_PORT    2049
#define TIMEOUT     10
#define TIMEOUT_MAX 600

/* [from, end) as a string; false if it is empty or too long. */
static int copy(char *to, size_t room, const char *from, const char *end)
{
	size_t n = (size_t)(end - from);

	if (n == 0 || n >= room)
		return 0;
	memcpy(to, from, n);
	to[n] = '\0';
	return 1;
}

static const char *add_server(struct share_url *url, const char *from, const char *end)
{
	if (end - from > 2 && *from == '[' && end[-1] == ']') {
		from++;
		end--;
	}
	if (url->n == NFS_URL_SERVERS)
		return "more than 8 servers";
	if (!copy(url->server[url->n++], sizeof(url->server[0]), from, end))
		return "a server's name is empty or too long";
	return NULL;
}

static const char *set_option(struct share_url *url, const char *text, size_t n)
{
	unsigned int *number = strncmp(text, "port=", 5) == 0      ? &url->port
			       : strncmp(text, "timeout=", 8) == 0 ? &url->timeout
								   : NULL;
	unsigned int most = number == &url->port ? 65535 : TIMEOUT_MAX;
	unsigned long value;
	char *end;

	if (!number)
		return "unknown option (port=N, timeout=SECONDS)";
	value = strtoul(strchr(text, '=') + 1, &end, 10);
	if (end != text + n || value == 0 || value > most)
		return "an option's number is out of range";
	*number = (unsigned int)value;
	return NULL;
}

static const char *parse(const char *text, struct share_url *url)
{
	const char *slash, *question, *what = NULL;

	if (strncmp(text, NFS_URL_PREFIX, strlen(NFS_URL_PREFIX)) != 0)
		return "not nfs://";
	text += strlen(NFS_URL_PREFIX);
	slash = strchr(text, '/');
	if (!slash)
		return "no path: nfs://SERVER/PATH";
	for (const char *end; !what && text < slash; text = end + 1) {
		end = memchr(text, ',', (size_t)(slash - text));
		if (!end)
			end = slash;
		what = add_server(url, text, end);
	}
	if (!what && url->n == 0)
		what = "no server";
	question = strchrnul(slash, '?');
	if (!what && !copy(url->path, sizeof(url->path), slash + 1, question))
		what = "the path is empty or too long";
	while (!what && *question) {
		text = question + 1;
		question = strchrnul(text, '&');
		what = set_option(url, text, (size_t)(question - text));
	}
	return what;
}

int share_url_parse(const char *text, struct share_url *url, const char **what)
{
	*url = (struct share_url){ .port = NFS_PORT, .timeout = TIMEOUT };
	*what = parse(text, url);
	return *what ? -EINVAL : 0;
}
