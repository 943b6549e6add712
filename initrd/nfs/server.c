#include "initrd/nfs/server.h"

#include "initrd/clock.h"
#include "initrd/fail.h"
#include "initrd/log.h"
#include "initrd/nfs/nfs.h"
#include "initrd/nfs/oncrpc.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One try, in milliseconds: a SYN that got lost is sent again after 1 s, then after 2 more. */
#define TRY_MS       2000
#define TRY_LONG_MS  4000
#define PAUSE_MS     250 /* after the first round; doubled with each, up to: */
#define PAUSE_MAX_MS 4000

void server_search_begin(struct server_search *search, const struct xf_cmdline *cmdline)
{
	memset(search, 0, sizeof(*search));
	search->cmdline = cmdline;
	search->begin = clock_ms();
	for (unsigned int i = 0; i < XF_SERVERS_MAX; i++)
		search->server[i].probe = 1;
}

/* Ask one server whether it serves NFS. Returns 0 or -errno. */
static int probe(const struct xf_cmdline *cmdline, const struct xf_addr *server, uint64_t deadline)
{
	struct oncrpc_procedure null = { NFS_PROGRAM, cmdline->share_vers[0] == '3' ? 3 : 4, 0 };
	int fd = oncrpc_connect(server, nfs_port(cmdline), false, deadline);
	int reply;

	if (fd < 0)
		return fd;
	reply = oncrpc_call(fd, &null, NULL, 0, deadline);
	close(fd);
	/* A version other than the one asked for: the mount finds out which one. */
	if (reply == ONCRPC_SUCCESS || reply == ONCRPC_PROG_MISMATCH)
		return 0;
	return reply < 0 ? reply : -EPROTO;
}

/* Keep how a try of server i ended, and log it if that has changed. */
static void note(const struct server_search *search, unsigned int i, int *state, int error)
{
	char address[XF_ADDR_TEXT_MAX];

	if (*state == error)
		return;
	*state = error;
	xf_addr_format(&search->cmdline->net.server[i], address);
	if (error)
		log_warn("server %s %s", address, nfs_error(error)->what);
	else
		log_info("server %s answers", address);
}

void server_search_note(struct server_search *search, unsigned int i, int error)
{
	note(search, i, &search->server[i].mount, error);
	search->server[i].given_up = nfs_error(error)->final;
	search->last_error = error;
}

/* "10.0.0.1 refuses the connection, 10.0.0.2 does not answer"; the hint is for the last. */
static int out_of_time(const struct server_search *search)
{
	const struct xfnet *net = &search->cmdline->net;
	const struct nfs_error *e = NULL;
	char text[384] = "", address[XF_ADDR_TEXT_MAX];
	size_t n = 0;

	for (unsigned int i = 0; i < net->nservers && n < sizeof(text); i++) {
		e = nfs_error(search->server[i].probe ? search->server[i].probe
						      : search->server[i].mount);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %s", n ? ", " : "",
			xf_addr_format(&net->server[i], address), e->what);
	}
	return fail_note(-ETIMEDOUT, e ? e->hint : NULL, "%s", text);
}

static bool is_anyone_left(const struct server_search *search)
{
	for (unsigned int i = 0; i < search->cmdline->net.nservers; i++)
		if (!search->server[i].given_up)
			return true;
	return false;
}

static void pause_after(unsigned int round)
{
	poll(NULL, 0, round < 4 ? PAUSE_MS << round : PAUSE_MAX_MS);
}

int server_search_next(struct server_search *search)
{
	const struct xfnet *net = &search->cmdline->net;
	uint64_t deadline = search->begin + (uint64_t)search->cmdline->timeout * 1000;

	for (;;) {
		unsigned int i = search->next++;
		int error;

		if (i == net->nservers) {
			search->next = 0;
			if (!is_anyone_left(search))
				return search->last_error;
			if (clock_ms() >= deadline)
				return out_of_time(search);
			pause_after(search->round++);
			continue;
		}
		if (search->server[i].given_up)
			continue;
		error = probe(search->cmdline, &net->server[i],
			clock_ms() + (search->round ? TRY_LONG_MS : TRY_MS));
		note(search, i, &search->server[i].probe, error);
		if (!error)
			return (int)i;
	}
}
