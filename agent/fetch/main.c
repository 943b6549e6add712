/*
 * xf-fetch: the part of xf-agent that talks to NFS servers. It is started by xf-agent, has no
 * rights, and reads files, which xf-agent verifies (docs/reconcile.md, "the share over NFS").
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/fetch/client.h"
#include "agent/fetch/confine.h"
#include "lib/exit.h"

static int fail(const char *about, const char *what)
{
	fprintf(stderr, "xf-fetch: %s: %s\n", about, what);
	return EXIT_FAILURE;
}

/* Names become addresses while files can still be read; a name that has none is left out. */
static void look_up(struct share_url *url)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	unsigned int n = 0;

	for (unsigned int i = 0; i < url->n; i++) {
		struct addrinfo *found = NULL;
		int r = getaddrinfo(url->server[i], NULL, &hints, &found);

		if (r == 0)
			r = getnameinfo(found->ai_addr, found->ai_addrlen, url->server[n],
				sizeof(url->server[n]), NULL, 0, NI_NUMERICHOST);
		if (found)
			freeaddrinfo(found);
		if (r)
			fail(url->server[i], gai_strerror(r));
		else
			n++;
	}
	url->n = n;
}

static int is_seqpacket(int fd)
{
	int type = 0;
	socklen_t n = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 && type == SOCK_SEQPACKET;
}

int main(int argc, char **argv)
{
	static struct share_url url;
	unsigned int uid = geteuid(), gid = getegid();
	struct client *client;
	const char *what;
	int r;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("xf-fetch " XF_VERSION);
		return 0;
	}
	if (argc != 3 || !is_seqpacket(0)) {
		fputs("usage: xf-fetch URL FIRST-SERVER\n"
		      "       by xf-agent, which speaks to it on descriptor 0\n",
			stderr);
		return EXIT_USAGE;
	}
	if (share_url_parse(argv[1], &url, &what) < 0)
		return fail(argv[1], what);
	close_range(3, ~0u, 0);
	r = confine_user();
	if (r == 0) {
		look_up(&url);
		r = confine_rest();
	}
	if (r < 0)
		return fail("cannot give up rights", strerror(-r));
	client =
		url.n ? client_new(&url, (unsigned int)strtoul(argv[2], NULL, 10), uid, gid) : NULL;
	if (client)
		client_serve(client, 0);
	return client ? 0 : 1;
}
