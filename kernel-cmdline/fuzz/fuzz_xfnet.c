/*
 * Any bytes as a command line, as an xfnet= value and as an address. Beyond what the sanitizers
 * see: problems lie inside the text, what parses has one canonical text that means the same, and
 * addresses are read as glibc reads them.
 *
 * To dig: build/fuzz/fuzz_xfnet -dict=kernel-cmdline/fuzz/xfnet.dict -max_len=1400 NEW \
 *	kernel-cmdline/fuzz/corpus
 */
#include "kernel-cmdline/xfnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth)
		abort();
}

static void check_problems(const struct xf_problems *p, int rc, size_t size)
{
	require(p->n <= XF_PROBLEMS_MAX && p->errors <= p->n + p->dropped);
	require(rc == (p->errors ? -EINVAL : 0));
	for (unsigned int i = 0; i < p->n; i++) {
		const struct xf_problem *x = &p->problem[i];

		require(x->at <= size && x->length <= size - x->at);
		require(x->field && x->what);
	}
}

static void check_net(const struct xfnet *net)
{
	char text[1024], again_text[1024];
	struct xf_problems p;
	struct xfnet again;
	int n = xfnet_format(net, text, sizeof(text));

	require(n > 0 && (size_t)n == strlen(text));
	require(xfnet_parse(text, (size_t)n, &again, &p) == 0);
	require(memcmp(net, &again, sizeof(again)) == 0);
	require(xfnet_format(&again, again_text, sizeof(again_text)) == n);
	require(strcmp(text, again_text) == 0);
	require(net->nservers >= 1 && net->nservers <= XF_SERVERS_MAX);
	require(net->prefix >= net->prefix_shortest && net->prefix_shortest >= 1);
	require(net->prefix <= (net->client.family == 4 ? 32 : 128));
}

static void check_address(const char *text, size_t size)
{
	char copy[64], formatted[XF_ADDR_TEXT_MAX];
	struct xf_addr addr, again;
	uint8_t want[16] = { 0 };
	bool good = xf_addr_parse(text, size, &addr) == 0;

	if (size >= sizeof(copy) || memchr(text, '\0', size)) {
		require(!good);
		return;
	}
	memcpy(copy, text, size);
	copy[size] = '\0';
	require(good ==
		(inet_pton(AF_INET, copy, want) == 1 || inet_pton(AF_INET6, copy, want) == 1));
	if (!good)
		return;
	require(memcmp(addr.byte, want, addr.family == 4 ? 4 : 16) == 0);
	xf_addr_format(&addr, formatted);
	require(xf_addr_parse(formatted, strlen(formatted), &again) == 0);
	require(memcmp(&addr, &again, sizeof(addr)) == 0);
}

static void check_cmdline(const struct xf_cmdline *c)
{
	require(memchr(c->share_path, '\0', sizeof(c->share_path)));
	require(memchr(c->share_options, '\0', sizeof(c->share_options)));
	require(memchr(c->root_value, '\0', sizeof(c->root_value)));
	require(memchr(c->name, '\0', sizeof(c->name)));
	require(c->vlan <= 4094 && c->mtu <= 65535 && c->timeout >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xf_cmdline cmdline;
	struct xf_problems problems;
	/* Exactly as long as the text, so that a read past its end is seen. */
	char *text = malloc(size ? size : 1);
	struct xfnet net;
	int rc;

	require(text);
	if (size)
		memcpy(text, data, size);
	rc = xf_cmdline_parse(text, size, &cmdline, &problems);
	check_problems(&problems, rc, size);
	check_cmdline(&cmdline);
	if (rc == 0 && cmdline.has_net)
		check_net(&cmdline.net);
	rc = xfnet_parse(text, size, &net, &problems);
	check_problems(&problems, rc, size);
	if (rc == 0)
		check_net(&net);
	check_address(text, size);
	free(text);
	return 0;
}
