/*
 * The canonical text of xfnet=.
 */
#include "kernel-cmdline/xfnet.h"

#include <errno.h>
#include <string.h>

/* The text being written: what does not fit is counted, not written. */
struct out {
	char *buffer;
	size_t size, used;
};

static void put(struct out *out, const char *text)
{
	size_t n = strlen(text);

	if (out->used < out->size && n < out->size - out->used)
		memcpy(out->buffer + out->used, text, n + 1);
	out->used += n;
}

static void put_address(struct out *out, const struct xf_addr *addr)
{
	char text[XF_ADDR_TEXT_MAX];

	put(out, addr->family == 6 ? "[" : "");
	put(out, xf_addr_format(addr, text));
	put(out, addr->family == 6 ? "]" : "");
}

static void put_prefix(struct out *out, unsigned int prefix)
{
	char text[] = { '/', (char)('0' + prefix / 100), (char)('0' + prefix / 10 % 10),
		(char)('0' + prefix % 10), '\0' };
	unsigned int skip = prefix >= 100 ? 0 : prefix >= 10 ? 1 : 2;

	text[skip] = '/';
	put(out, text + skip);
}

static void put_interface(struct out *out, const struct xfnet *net)
{
	char mac[XF_MAC_TEXT_MAX];

	put(out, net->select == XF_IF_NAME ? net->ifname : xf_mac_format(net->mac, '-', mac));
}

int xfnet_format(const struct xfnet *net, char *buffer, size_t size)
{
	struct out out = { buffer, size, 0 };
	bool interface = net->select != XF_IF_CARRIER;

	put_address(&out, &net->client);
	if (net->prefix_given)
		put_prefix(&out, net->prefix);
	for (unsigned int i = 0; i < net->nservers; i++) {
		put(&out, i ? "," : ":");
		put_address(&out, &net->server[i]);
	}
	if (net->gateway.family || net->broadcast.family || interface)
		put(&out, ":");
	put_address(&out, &net->gateway);
	if (net->broadcast.family || interface)
		put(&out, ":");
	put_address(&out, &net->broadcast);
	if (interface) {
		put(&out, ":");
		put_interface(&out, net);
	}
	return out.used < size ? (int)out.used : -ENOSPC;
}
