#include "kernel-cmdline/tool/facts.h"

#include "kernel-cmdline/tool/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 4, 5))) static struct fact *add(
	struct facts *facts, const char *key, enum fact_kind kind, const char *format, ...)
{
	struct fact *fact = &facts->fact[facts->n++];
	va_list args;

	memset(fact, 0, sizeof(*fact));
	fact->key = key;
	fact->kind = kind;
	va_start(args, format);
	vsnprintf(fact->value, sizeof(fact->value), format, args);
	va_end(args);
	return fact;
}

static void note(struct fact *fact, const char *text)
{
	snprintf(fact->note, sizeof(fact->note), "%s", text);
}

/* A note with what an unset value means. */
static void note_unset(struct fact *fact, const char *text)
{
	if (!fact->value[0])
		note(fact, text);
}

static struct fact *add_number(struct facts *facts, const char *key, unsigned long number)
{
	return number ? add(facts, key, FACT_NUMBER, "%lu", number)
		      : add(facts, key, FACT_NUMBER, "%s", "");
}

static struct fact *add_address(struct facts *facts, const char *key, const struct xf_addr *addr)
{
	char text[XF_ADDR_TEXT_MAX];

	return add(facts, key, FACT_TEXT, "%s", xf_addr_format(addr, text));
}

static void add_interface(struct facts *facts, const struct xfnet *net)
{
	char mac[XF_MAC_TEXT_MAX] = "";

	if (net->select == XF_IF_MAC)
		xf_mac_format(net->mac, ':', mac);
	note_unset(add(facts, "interface", FACT_TEXT, "%s", net->ifname),
		mac[0] ? "the one with this MAC" : "the first that has carrier");
	add(facts, "mac", FACT_TEXT, "%s", mac);
}

static void add_net(struct facts *facts, const struct xfnet *net)
{
	char text[XF_WORD_MAX], addr[XF_ADDR_TEXT_MAX];
	struct fact *fact;

	xfnet_format(net, text, sizeof(text));
	add(facts, "xfnet", FACT_TEXT, "%s", text);
	add_address(facts, "client", &net->client);
	fact = add_number(facts, "prefix", net->prefix);
	if (!net->prefix_given)
		text_prefix_origin(net, fact->note, sizeof(fact->note));
	text[0] = '\0';
	for (unsigned int i = 0; i < net->nservers; i++) {
		strcat(text, i ? " " : "");
		strcat(text, xf_addr_format(&net->server[i], addr));
	}
	note(add(facts, "server", FACT_LIST, "%s", text), net->nservers > 1 ? "tried in turn" : "");
	note_unset(add_address(facts, "gateway", &net->gateway), "no default route");
	add_address(facts, "broadcast", &net->broadcast);
	add_interface(facts, net);
}

static void add_root(struct facts *facts, const struct xf_cmdline *c)
{
	bool tmpfs = c->root == XF_ROOT_TMPFS;

	add(facts, "root", FACT_TEXT, "%s%s%s", tmpfs ? "tmpfs" : xf_root_prefix(c->root),
		tmpfs && c->root_value[0] ? "," : "", c->root_value);
	add(facts, "rootfstype", FACT_TEXT, "%s", c->rootfstype);
	add(facts, "rootflags", FACT_TEXT, "%s", c->rootflags);
	add(facts, "rootwait", FACT_BOOL, "%d", c->rootwait);
	add(facts, "rw", FACT_BOOL, "%d", c->root_rw);
	note_unset(
		add(facts, "init", FACT_TEXT, "%s", c->init), "/sbin/init and the kernel's others");
	note_unset(add(facts, "machine_id", FACT_TEXT, "%s", c->machine_id), "random");
}

static void add_debug(struct facts *facts, unsigned int debug)
{
	static const char *const step[] = { "net", "share", "root", "agent", "init" };
	char text[64] = "";

	for (unsigned int i = 0; i < sizeof(step) / sizeof(*step); i++) {
		if (!(debug & 1U << i))
			continue;
		strcat(text, text[0] ? " " : "");
		strcat(text, step[i]);
	}
	note(add(facts, "debug", FACT_LIST, "%s", text), text[0] ? "a shell before these" : "");
}

static void add_share(struct facts *facts, const struct xf_cmdline *c)
{
	add(facts, "share", FACT_TEXT, "%s", c->share_path);
	note_unset(add(facts, "nfs", FACT_TEXT, "%s", c->share_vers), "4.2, else 4.1, 4.0, 3");
	add(facts, "share_options", FACT_TEXT, "%s", c->share_options);
	add(facts, "channel", FACT_TEXT, "%s", c->generation ? "" : c->channel);
	note_unset(add_number(facts, "generation", c->generation), "the channel's");
}

void facts_make(const struct xf_cmdline *c, struct facts *facts)
{
	static const char *const fail[] = { "reboot", "shell", "poweroff", "wait" };
	char name[XF_NAME_MAX];

	facts->n = 0;
	add_net(facts, &c->net);
	note_unset(add_number(facts, "mtu", c->mtu), "the driver's");
	add_number(facts, "vlan", c->vlan);
	add_share(facts, c);
	add_root(facts, c);
	xf_default_name(&c->net.client, name);
	note(add(facts, "name", FACT_TEXT, "%s", c->name[0] ? c->name : name),
		c->name[0] ? "" : "from the address");
	add(facts, "agent", FACT_BOOL, "%d", c->agent);
	note(add_number(facts, "timeout", c->timeout), "seconds for the server to answer");
	note(add(facts, "fail", FACT_TEXT, "%s", fail[c->fail]), "what happens then");
	add_debug(facts, c->debug);
}
