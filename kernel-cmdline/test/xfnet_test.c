/*
 * Tables of what the parser takes and refuses, run under glibc and klibc. Braces in a text mark the
 * places that problems must point at; they are taken out before it is parsed.
 */
#include "kernel-cmdline/xfnet.h"
#include "lib/paths.h"
#include "lib/test/tap.h"

#include <errno.h>

struct row {
	const char *text; /* with {marks} */
	const char *want; /* what comes of it: problems, or values */
};

struct marked {
	char text[4096];
	size_t length, n;
	struct {
		size_t at, length;
	} mark[XF_PROBLEMS_MAX];
};

static void strip_marks(const char *with, struct marked *m)
{
	memset(m, 0, sizeof(*m));
	for (; *with; with++) {
		if (*with == '{')
			m->mark[m->n].at = m->length;
		else if (*with == '}')
			m->mark[m->n].length = m->length - m->mark[m->n].at, m->n++;
		else
			m->text[m->length++] = *with;
	}
}

static void sort_by_place(struct xf_problems *p)
{
	for (unsigned int i = 1; i < p->n; i++) {
		struct xf_problem x = p->problem[i];
		unsigned int k = i;

		for (; k > 0 && p->problem[k - 1].at > x.at; k--)
			p->problem[k] = p->problem[k - 1];
		p->problem[k] = x;
	}
}

/* Sort the problems by place and write them as "FIELD: WHAT; FIELD: WHAT", warnings with a '?'. */
static void render_problems(struct xf_problems *p, char *to, size_t size)
{
	size_t used = 0;

	to[0] = '\0';
	sort_by_place(p);
	for (unsigned int i = 0; i < p->n; i++)
		used += (size_t)snprintf(to + used, size - used, "%s%s%s: %s", i ? "; " : "",
			p->problem[i].kind == XF_WARNING ? "?" : "", p->problem[i].field,
			p->problem[i].what);
}

static bool marks_match(const struct marked *m, const struct xf_problems *p)
{
	if (m->n != p->n)
		return false;
	for (size_t i = 0; i < m->n; i++)
		if (m->mark[i].at != p->problem[i].at || m->mark[i].length != p->problem[i].length)
			return false;
	return true;
}

static bool same_net(const struct xfnet *a, const struct xfnet *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* "= CANONICAL" for what parses, else its problems. */
static const struct row xfnet_rows[] = {
	/* what people write */
	{ "10.0.0.11:10.0.0.1:10.0.0.1:10.0.0.255", "= 10.0.0.11:10.0.0.1:10.0.0.1:10.0.0.255" },
	{ "10.0.0.11/24:10.0.0.1,10.0.0.2", "= 10.0.0.11/24:10.0.0.1,10.0.0.2" },
	{ "[fd00::b]/64:[fd00::1]", "= [fd00::b]/64:[fd00::1]" },
	{ "[FD00:0:0::0B]/64:[fd00::0001]:::", "= [fd00::b]/64:[fd00::1]" },
	{ "[fd00::b]/64:[fd00::1],[fd01::1]:[fe80::1]",
		"= [fd00::b]/64:[fd00::1],[fd01::1]:[fe80::1]" },
	{ "10.0.0.11/24:10.0.0.1:::eth0", "= 10.0.0.11/24:10.0.0.1:::eth0" },
	{ "10.0.0.11/24:10.0.0.1:::52-54-00-AB-cd-0f",
		"= 10.0.0.11/24:10.0.0.1:::52-54-00-ab-cd-0f" },
	{ "10.0.0.11/24:10.0.0.1::10.0.0.255:enp0s31f6.100",
		"= 10.0.0.11/24:10.0.0.1::10.0.0.255:enp0s31f6.100" },
	{ "10.0.0.11/8:10.1.2.3", "= 10.0.0.11/8:10.1.2.3" },
	{ "10.0.0.11/24:192.168.1.1:10.0.0.1", "= 10.0.0.11/24:192.168.1.1:10.0.0.1" },
	{ "10.0.0.0/31:10.0.0.1", "= 10.0.0.0/31:10.0.0.1" },
	{ "[fd00::]/127:[fd00::1]", "= [fd00::]/127:[fd00::1]" },
	{ "1.2.3.4/24:1.2.3.11,1.2.3.12,1.2.3.13,1.2.3.14,1.2.3.15,1.2.3.16,1.2.3.17,1.2.3.18",
		"= 1.2.3.4/24:1.2.3.11,1.2.3.12,1.2.3.13,1.2.3.14,1.2.3.15,1.2.3.16,1.2.3.17,"
		"1.2.3.18" },

	/* a field is missing */
	{ "{}{}", "CLIENT: missing; SERVER: missing" },
	{ "10.0.0.11/24{}", "SERVER: missing" },
	{ "10.0.0.11/24:{}", "SERVER: missing" },
	{ "{}:10.0.0.1", "CLIENT: missing" },
	{ "{}/24:10.0.0.1", "CLIENT: missing" },
	{ "10.0.0.11/24:10.0.0.1,{}", "SERVER: missing" },
	{ "10.0.0.11/24:{},10.0.0.1", "SERVER: missing" },
	{ "10.0.0.11{}:10.0.0.1", "PREFIX: missing" },
	{ "[fd00::b]{}:[fd00::1]", "PREFIX: missing" },

	/* no address */
	{ "{256.1.1.1}/24:10.0.0.1", "CLIENT: not an address" },
	{ "10.0.0.11/24:{1.2.3.4x}", "SERVER: not an address" },
	{ "10.0.0.11/24:{10.0.0.01}", "SERVER: not an address" },
	{ "10.0.0.11/24:{10.0.0}", "SERVER: not an address" },
	{ "10.0.0.11/24:{10.0.0.1.}", "SERVER: not an address" },
	{ "10.0.0.11/24:{server}", "SERVER: not an address" },
	{ "{ 10.0.0.11}/24:10.0.0.1", "CLIENT: not an address" },
	{ "10.0.0.11/24:10.0.0.1:{10.0.0.1 }", "GATEWAY: not an address" },
	{ "10.0.0.11/24:10.0.0.1::{-}", "BROADCAST: not an address" },
	{ "{[fd00::b}/64:[fd00::1]{}", "CLIENT: bracket not closed; SERVER: missing" },
	{ "[fd00::b]/64:{[fd00::1::2]}", "SERVER: not an address" },
	{ "[fd00::b]/64:{[fd00::1]x}", "SERVER: bracket not closed" },
	{ "[fd00::b]/64:{[}", "SERVER: bracket not closed" },
	{ "[fd00::b]/64:{[]}", "SERVER: not an address" },
	{ "{[10.0.0.11]}/24:10.0.0.1", "CLIENT: IPv4 in brackets" },
	{ "{10.0.0}/24:{1000.0.0.1}:{x}",
		"CLIENT: not an address; SERVER: not an address; GATEWAY: not an address" },

	/* an address that no machine has */
	{ "{0.0.0.0}/24:10.0.0.1", "CLIENT: an unspecified address" },
	{ "10.0.0.11/24:{127.0.0.1}", "SERVER: a loopback address" },
	{ "10.0.0.11/24:{224.0.0.1}", "SERVER: a multicast address" },
	{ "10.0.0.11/24:10.0.0.1:{255.255.255.255}", "GATEWAY: a reserved address" },
	{ "[fd00::b]/64:{[::1]}", "SERVER: a loopback address" },
	{ "[fd00::b]/64:{[::]}", "SERVER: an unspecified address" },
	{ "[fd00::b]/64:{[ff02::1]}", "SERVER: a multicast address" },
	{ "[fd00::b]/64:{[::ffff:10.0.0.1]}", "SERVER: an IPv4-mapped address" },
	{ "{[fe80::b]}/64:{[febf::1]}",
		"CLIENT: a link-local address; SERVER: a link-local address" },

	/* prefix */
	{ "10.0.0.11/{0}:10.0.0.1", "PREFIX: not a prefix length" },
	{ "10.0.0.11/{33}:10.0.0.1", "PREFIX: not a prefix length" },
	{ "10.0.0.11/{024}:10.0.0.1", "PREFIX: not a prefix length" },
	{ "10.0.0.11/{}:10.0.0.1", "PREFIX: not a prefix length" },
	{ "10.0.0.11/{24/24}:10.0.0.1", "PREFIX: not a prefix length" },
	{ "10.0.0.11/{255.255.255.0}:10.0.0.1", "PREFIX: not a prefix length" },
	{ "10.0.0.11/{4294967320}:10.0.0.1", "PREFIX: not a prefix length" },
	{ "[fd00::b]/{129}:[fd00::1]", "PREFIX: not a prefix length" },

	/* fields that disagree */
	{ "10.0.0.11/24:{10.0.0.11}", "SERVER: the same as CLIENT" },
	{ "10.0.0.11/24:10.0.0.1,{10.0.0.1}", "SERVER: named twice" },
	{ "[fd00::b]/64:[fd00::1],{[fd00:0::1]}", "SERVER: named twice" },
	{ "10.0.0.11/24:10.0.0.1:{10.0.0.11}", "GATEWAY: the same as CLIENT" },
	{ "{10.0.0.255}:10.0.0.1::10.0.0.255", "CLIENT: the same as BROADCAST" },
	{ "{10.0.0.255}/24:10.0.0.1", "CLIENT: the network's broadcast address" },
	{ "{10.0.0.0}/24:10.0.0.1", "CLIENT: the network's own address" },
	{ "{[fd00::]}/64:[fd00::1]", "CLIENT: the network's own address" },
	{ "10.0.0.11/24:{10.0.0.255}", "SERVER: the network's broadcast address" },
	{ "10.0.0.11/24:10.0.0.1:{10.0.0.0}", "GATEWAY: the network's own address" },
	{ "10.0.0.11/24:10.0.0.1:{10.0.1.1}", "GATEWAY: outside CLIENT's network" },
	{ "[fd00::b]/64:[fd00::1]:{[fd01::1]}", "GATEWAY: outside CLIENT's network" },
	{ "10.0.0.11/24:10.0.0.1::{10.0.0.127}", "BROADCAST: not the broadcast of CLIENT/PREFIX" },
	{ "10.0.0.11/31:10.0.0.10::{10.0.0.12}", "BROADCAST: not the broadcast of CLIENT/PREFIX" },
	{ "10.0.0.11/24:{[fd00::1]}", "SERVER: not of CLIENT's family" },
	{ "[fd00::b]/64:[fd00::1]:{10.0.0.1}", "GATEWAY: not of CLIENT's family" },
	{ "10.0.0.11/24:10.0.0.1::{[fd00::1]}", "BROADCAST: not of CLIENT's family" },
	{ "[fd00::b]/64:[fd00::1]::{10.0.0.255}", "BROADCAST: IPv6 has no broadcast" },
	{ "10.0.0.11/24:{10.0.1.1}",
		"?SERVER: outside CLIENT's network, and no gateway leads there" },

	/* interface */
	{ "10.0.0.11/24:10.0.0.1:::{sixteen-letters-}", "INTERFACE: not an interface" },
	{ "10.0.0.11/24:10.0.0.1:::{eth 0}", "INTERFACE: not an interface" },
	{ "10.0.0.11/24:10.0.0.1:::{eth/0}", "INTERFACE: not an interface" },
	{ "10.0.0.11/24:10.0.0.1:::{eth%d}", "INTERFACE: not an interface" },
	{ "10.0.0.11/24:10.0.0.1:::{..}", "INTERFACE: not an interface" },
	{ "10.0.0.11/24:10.0.0.1:::{lo}", "INTERFACE: not an interface" },
	{ "10.0.0.11/24:10.0.0.1:::{7}", "INTERFACE: not an interface" },
	{ "10.0.0.11/24:10.0.0.1:::{\xc3\xa9th0}", "INTERFACE: not an interface" },
	{ "10.0.0.11/24:10.0.0.1:::{52-54-00-12-34-5g}", "INTERFACE: not the MAC of an interface" },
	{ "10.0.0.11/24:10.0.0.1:::{01-54-00-12-34-56}", "INTERFACE: not the MAC of an interface" },
	{ "10.0.0.11/24:10.0.0.1:::{52-54-00-12-34_56}", "INTERFACE: not the MAC of an interface" },

	/* too much */
	{ "10.0.0.11/24:10.0.0.1:::eth0:{}", "xfnet: text after INTERFACE" },
	{ "10.0.0.11/24:10.0.0.1:::52:{54:00:12:34:56}", "xfnet: text after INTERFACE" },
	{ "1.2.3.4/24:1.2.3.11,1.2.3.12,1.2.3.13,1.2.3.14,1.2.3.15,1.2.3.16,1.2.3.17,1.2.3.18,"
	  "{1.2.3.19}",
		"SERVER: too many servers" },
	{ "[fd00::b]/64:{[fd00:0000:0000:0000:0000:0000:0000:0000:0001]}",
		"SERVER: not an address" },
};

static void test_xfnet(void)
{
	char got[1024], again[512];
	struct xfnet net, twice;
	struct xf_problems p;
	struct marked m;

	for (size_t i = 0; i < sizeof(xfnet_rows) / sizeof(*xfnet_rows); i++) {
		const struct row *row = &xfnet_rows[i];
		int rc;

		strip_marks(row->text, &m);
		rc = xfnet_parse(m.text, m.length, &net, &p);
		if (rc == 0 && p.n == 0) {
			got[0] = '=', got[1] = ' ';
			xfnet_format(&net, got + 2, sizeof(got) - 2);
		} else {
			render_problems(&p, got, sizeof(got));
		}
		CHECK_STR(got, row->want, row->text);
		CHECK((rc == 0) == (p.errors == 0), "  status tells errors");
		CHECK(marks_match(&m, &p), "  points at the place");
		if (rc)
			continue;
		rc = xfnet_format(&net, again, sizeof(again));
		CHECK(rc > 0 && (size_t)rc == strlen(again) &&
				xfnet_parse(again, strlen(again), &twice, &p) == 0 &&
				same_net(&net, &twice),
			"  its canonical text means the same");
	}
}

/* The prefix that follows from a broadcast: longest and shortest; 0 if none. */
static void test_prefix(void)
{
	static const struct {
		const char *text;
		unsigned int longest, shortest;
	} rows[] = {
		{ "10.0.0.11:10.0.0.1::10.0.0.255", 24, 24 },
		{ "10.0.0.200:10.0.0.201::10.0.0.255", 26, 24 },
		{ "10.0.0.200:10.0.0.201:10.0.0.129:10.0.0.255", 25, 24 },
		{ "10.0.0.200:10.0.0.1:10.0.0.1:10.0.0.255", 24, 24 },
		/* 10.0.0.128 and .192 would be networks' own addresses */
		{ "10.0.0.128:10.0.0.1::10.0.0.255", 24, 24 },
		{ "10.0.0.200:10.0.0.201:10.0.0.192:10.0.0.255", 25, 24 },
		{ "10.0.0.254:10.0.0.253::10.0.0.255", 30, 24 },
		{ "172.31.255.1:172.31.255.2::172.31.255.255", 24, 11 },
		{ "11.0.0.1:10.0.0.1::10.0.0.255", 0, 0 },
		{ "10.0.0.11:10.0.0.1::10.0.0.254", 0, 0 },
		{ "10.0.0.11:10.0.0.1::10.0.1.255", 23, 23 },
		{ "10.0.0.11:10.0.0.1:10.0.1.1:10.0.0.255", 0, 0 },
		{ "10.0.0.11:10.0.0.1:10.0.0.255:10.0.0.255", 0, 0 },
	};
	struct xf_problems p;
	struct xfnet net;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int rc = xfnet_parse(rows[i].text, strlen(rows[i].text), &net, &p);

		CHECK((rc == 0) == (rows[i].longest != 0), rows[i].text);
		if (rc)
			continue;
		CHECK(net.prefix == rows[i].longest && net.prefix_shortest == rows[i].shortest,
			"  longest and shortest prefix");
		CHECK((p.n == 1) == (net.prefix != net.prefix_shortest) && !net.prefix_given,
			"  said if several fit");
	}
}

static size_t say(char *to, size_t size, const char *key, const char *value)
{
	return value[0] ? (size_t)snprintf(to, size, " %s=%s", key, value) : 0;
}

static size_t say_number(
	char *to, size_t size, const char *key, unsigned long value, unsigned long usual)
{
	return value != usual ? (size_t)snprintf(to, size, " %s=%lu", key, value) : 0;
}

/* All that differs from the defaults. */
static void render_cmdline(const struct xf_cmdline *c, char *to, size_t size)
{
	static const char *const roots[] = { "", "device", "uuid", "label", "partuuid", "tmpfs" };
	bool other_share = strcmp(c->share_path, PATH_SERVER_SHARE) != 0;
	char net[512] = "";
	size_t n = 0;

	to[0] = to[1] = '\0';
	if (c->has_net)
		xfnet_format(&c->net, net, sizeof(net));
	n += say(to + n, size - n, "net", net);
	n += say(to + n, size - n, "share", other_share ? c->share_path : "");
	n += say(to + n, size - n, "vers", c->share_vers);
	n += say(to + n, size - n, "options", c->share_options);
	n += say_number(to + n, size - n, "gen", c->generation, 0);
	n += say(to + n, size - n, "channel", strcmp(c->channel, "live") ? c->channel : "");
	n += say_number(to + n, size - n, "mtu", c->mtu, 0);
	n += say_number(to + n, size - n, "vlan", c->vlan, 0);
	n += say(to + n, size - n, "root", roots[c->root]);
	n += say(to + n, size - n, "value", c->root_value);
	n += say(to + n, size - n, "rootfstype", c->rootfstype);
	n += say(to + n, size - n, "rootflags", c->rootflags);
	n += say_number(to + n, size - n, "rootwait", c->rootwait, 0);
	n += say_number(to + n, size - n, "rw", c->root_rw, 0);
	n += say(to + n, size - n, "init", c->init);
	n += say(to + n, size - n, "machine", c->machine_id);
	n += say_number(to + n, size - n, "debug", c->debug, 0);
	n += say_number(to + n, size - n, "timeout", c->timeout, XF_TIMEOUT_DEFAULT);
	n += say_number(to + n, size - n, "fail", c->fail, XF_FAIL_REBOOT);
	n += say(to + n, size - n, "name", c->name);
	say_number(to + n, size - n, "agent", c->agent, 1);
}

#define NET  "xfnet=10.0.0.11/24:10.0.0.1"
#define UUID "01234567-89ab-cdef-0123-456789abcdef"
#define X16  "xxxxxxxxxxxxxxxx"
#define X64  X16 X16 X16 X16
#define X256 X64 X64 X64 X64

/* "KEY=VALUE …" that differ from the defaults, then the problems after a '|'. */
static const struct row cmdline_rows[] = {
	{ "", "" },
	{ "\n", "" },
	{ "BOOT_IMAGE=/vmlinuz quiet console=hvc0 " NET "\n", "net=10.0.0.11/24:10.0.0.1" },
	{ "quiet xenfarm=1 x f=2", "" },

	/* words, as the kernel cuts them */
	{ "  " NET "\t\nxfgen=7  ", "net=10.0.0.11/24:10.0.0.1 gen=7" },
	{ "\"xfshare=/a b,soft\"", "share=/a b options=soft" },
	{ "xfshare=\"/a b\" xfgen=1", "share=/a b gen=1" },
	{ "xfshare=/a\"b c\"d", "share=/a\"b c\"d" },
	{ "foo=\"xfgen=1 xfgen=2\"", "" },
	{ "xfgen=1 -- xfgen=2 xfbad", "gen=1" },
	{ "xfgen=1 --x xfgen=2", "gen=2" },
	{ "{\"xfshare=/a b}", "share=/a b|?\": not closed" },
	{ "xfgen=1 {\"}", "gen=1|?\": not closed" },

	/* the last one wins, whatever the ones before it say */
	{ "xfgen=1 xfgen=2", "gen=2" },
	{ "xfgen=X xfgen=2 xfnet=bad " NET, "net=10.0.0.11/24:10.0.0.1 gen=2" },
	{ "xfgen=2 xfgen={X}", "|xfgen: neither a generation nor a channel" },
	{ "rw ro", "" },
	{ "ro rw", "rw=1" },
	{ "xfdebug=net xfdebug=share", "debug=2" },

	/* unknown and valueless */
	{ "xfgen=3 {xfoo} {xf.bar}=1", "gen=3|?xf…: unknown option; ?xf…: unknown option" },
	{ "{xfnet}", "|xfnet: no value" },
	{ "{xfgen}", "|xfgen: no value" },
	{ "root init ro=1 rw=x rootfstype", "" },

	{ "xfnet={10.0.0.256}/24:10.0.0.1", "|CLIENT: not an address" },
	{ "quiet xfnet=10.0.0.11/24:{}", "|SERVER: missing" },

	{ "xfgen=4294967295", "gen=4294967295" },
	{ "xfgen={4294967296}", "|xfgen: neither a generation nor a channel" },
	{ "xfgen={0}", "|xfgen: neither a generation nor a channel" },
	{ "xfgen={00}", "|xfgen: neither a generation nor a channel" },
	{ "xfgen={007}", "|xfgen: neither a generation nor a channel" },
	{ "xfgen={}", "|xfgen: neither a generation nor a channel" },
	{ "xfgen={-1}", "|xfgen: neither a generation nor a channel" },
	{ "xfgen={-}", "|xfgen: neither a generation nor a channel" },
	{ "xfgen={a-}", "|xfgen: neither a generation nor a channel" },
	{ "xfgen={Canary}", "|xfgen: neither a generation nor a channel" },
	{ "xfgen={can_ary}", "|xfgen: neither a generation nor a channel" },
	{ "xfgen={can/ary}", "|xfgen: neither a generation nor a channel" },
	{ "xfgen={..}", "|xfgen: neither a generation nor a channel" },
	{ "xfgen={a.b}", "|xfgen: neither a generation nor a channel" },
	{ "xfgen={caf\xc3\xa9}", "|xfgen: neither a generation nor a channel" },
	{ "xfgen={" X64 "}", "|xfgen: neither a generation nor a channel" },
	{ "xfgen=live", "" },
	{ "xfgen=canary", "channel=canary" },
	{ "xfgen=7-a", "channel=7-a" },
	{ "xfgen=a", "channel=a" },
	{ "xfgen=" X16 X16 X16 "xxxxxxxxxxxxxxx", "channel=" X16 X16 X16 "xxxxxxxxxxxxxxx" },
	{ "xfgen=3 xfgen=canary", "channel=canary" },
	{ "xfgen=canary xfgen=3", "gen=3" },

	{ "xfnet.mtu=9000 xfnet.vlan=100", "mtu=9000 vlan=100" },
	{ "xfnet.mtu={67}", "|xfnet.mtu: not an MTU" },
	{ "xfnet.mtu={65536}", "|xfnet.mtu: not an MTU" },
	{ "xfnet.mtu=1279 " NET, "net=10.0.0.11/24:10.0.0.1 mtu=1279" },
	{ "xfnet.mtu=1280 xfnet=[fd00::b]/64:[fd00::1]", "net=[fd00::b]/64:[fd00::1] mtu=1280" },
	{ "xfnet.mtu={1279} xfnet=[fd00::b]/64:[fd00::1]",
		"mtu=1279|xfnet.mtu: too small for IPv6" },
	{ "xfnet.vlan={0}", "|xfnet.vlan: not a VLAN id" },
	{ "xfnet.vlan={4095}", "|xfnet.vlan: not a VLAN id" },

	{ "xfshare=/srv/s", "share=/srv/s" },
	{ "xfshare=/s,vers=3,nolock,rsize=65536", "share=/s vers=3 options=nolock,rsize=65536" },
	{ "xfshare=/s,nolock,nfsvers=4.1", "share=/s vers=4.1 options=nolock" },
	{ "xfshare=/s,v4.2,soft", "share=/s vers=4.2 options=soft" },
	{ "xfshare=/s,vers={2}", "share=/s|xfshare: not an NFS version" },
	{ "xfshare=/s,vers={4}", "share=/s|xfshare: not an NFS version" },
	{ "xfshare=/s,v{2}", "share=/s|xfshare: not an NFS version" },
	{ "xfshare=/s,vers={}", "share=/s|xfshare: not an NFS version" },
	{ "xfshare=/s,{addr=10.0.0.9}", "share=/s|xfshare: set by xf-init, not here" },
	{ "xfshare=/s,{clientaddr=1.2.3.4}", "share=/s|xfshare: set by xf-init, not here" },
	{ "xfshare=/s,{rw}", "share=/s|xfshare: set by xf-init, not here" },
	{ "xfshare=/s,{},soft", "share=/s|xfshare: empty option" },
	{ "xfshare=/s,{}", "share=/s|xfshare: empty option" },
	{ "xfshare={srv}", "share=srv|xfshare: not an absolute path" },
	{ "xfshare={}", "|xfshare: not an absolute path" },
	{ "xfshare={10.0.0.1:/srv}", "share=10.0.0.1:/srv|xfshare: not an absolute path" },
	{ "\"xfshare=/a{\t}b\"", "|xfshare: a control character" },
	{ "xfshare=/a{\x7f}b", "|xfshare: a control character" },
	{ "xfshare=/srv/\xc3\xa0", "share=/srv/\xc3\xa0" },
	{ "xfshare={/" X256 X256 X256 X256 "}", "|xfshare: too long" },

	{ "root=/dev/vda1", "root=device value=/dev/vda1" },
	{ "root=UUID=01234567-89AB-cdef-0123-456789abcdef", "root=uuid value=" UUID },
	{ "root=PARTUUID=" UUID, "root=partuuid value=" UUID },
	{ "root=PARTUUID=DEADBEEF-01", "root=partuuid value=deadbeef-01" },
	{ "\"root=LABEL=my disk\"", "root=label value=my disk" },
	{ "root=tmpfs", "root=tmpfs" },
	{ "root=tmpfs,size=150M,mode=755", "root=tmpfs value=size=150M,mode=755" },
	{ "root=tmpfs,size=50%", "root=tmpfs value=size=50%" },
	{ "root=tmpfs,size=1 root=/dev/xvda", "root=device value=/dev/xvda" },
	{ "root=tmpfs,{}", "root=tmpfs|root: not an option of tmpfs" },
	{ "root=tmpfs,{size=}", "root=tmpfs|root: not an option of tmpfs" },
	{ "root=tmpfs,{size=12X}", "root=tmpfs|root: not an option of tmpfs" },
	{ "root={tmpfsx}", "|root: not a root that a client can have" },
	{ "root={/dev/}", "|root: not a root that a client can have" },
	{ "root={sda1}", "|root: not a root that a client can have" },
	{ "root={LABEL=}", "|root: not a root that a client can have" },
	{ "root={PARTLABEL=x}", "|root: not a root that a client can have" },
	{ "root={}", "|root: not a root that a client can have" },
	{ "root={UUID=0123}", "root=uuid|root: not a UUID" },
	{ "root={UUID=" UUID "-}", "root=uuid|root: not a UUID" },
	{ "root={UUID=01234567-89ab-cdef-0123-456789abcdeg}", "root=uuid|root: not a UUID" },
	{ "root={PARTUUID=deadbeef}", "root=partuuid|root: not a PARTUUID" },

	{ "rootfstype=ext4,xfs rootflags=noatime rootwait init=/bin/sh",
		"rootfstype=ext4,xfs rootflags=noatime rootwait=1 init=/bin/sh" },
	{ "rootwait={10}", "rootwait=1|?rootwait: a limit is not kept, the wait has no end" },
	{ "rootfstype={" X64 "}", "|rootfstype: too long" },
	{ "init=", "" },
	{ "init={sh}", "|init: not an absolute path" },
	{ "systemd.machine_id=0123456789ABCDEF0123456789abcdef",
		"machine=0123456789abcdef0123456789abcdef" },
	{ "systemd.machine_id={0123456789abcdef0123456789abcde}",
		"|?systemd.machine_id: not a machine ID" },
	{ "systemd.machine_id={0123456789abcdef0123456789abcdeg}",
		"|?systemd.machine_id: not a machine ID" },
	{ "systemd.machine_id={" UUID "}", "|?systemd.machine_id: not a machine ID" },
	{ "systemd.machine_id", "" },

	{ "xfdebug", "debug=16" },
	{ "xfdebug=net,share,root,agent,init", "debug=31" },
	{ "xfdebug=net,{x},{}", "debug=1|xfdebug: unknown step; xfdebug: unknown step" },
	{ "xftimeout=1", "timeout=1" },
	{ "xftimeout={0}", "|xftimeout: not a time" },
	{ "xftimeout={86401}", "|xftimeout: not a time" },
	{ "xftimeout={3m}", "|xftimeout: not a time" },
	{ "xffail=shell", "fail=1" },
	{ "xffail=poweroff", "fail=2" },
	{ "xffail=wait", "fail=3" },
	{ "xffail=wait xffail=reboot", "" },
	{ "xffail={shell,reboot}", "|xffail: unknown action" },
	{ "xfagent=off", "agent=0" },
	{ "xfagent=off xfagent=on", "" },
	{ "xfagent={yes}", "|xfagent: neither on nor off" },
	{ "xfname=Web-01.farm.example", "name=Web-01.farm.example" },
	{ "xfname={-web}", "|xfname: not a host name" },
	{ "xfname={web-}.x", "|xfname: not a host name" },
	{ "xfname=web.{}", "|xfname: not a host name" },
	{ "xfname={web_1}", "|xfname: not a host name" },
	{ "xfname={w\xc3\xa9}", "|xfname: not a host name" },
	{ "xfname={}", "|xfname: not a host name" },
	{ "xfname={" X64 "}", "|xfname: not a host name" },
	{ "xfname={" X16 X16 "." X16 X16 "}", "|xfname: too long" },
};

static void test_cmdline(void)
{
	static struct xf_cmdline cmdline;
	char got[3 * XF_WORD_MAX], *end;
	struct xf_problems p;
	struct marked m;

	for (size_t i = 0; i < sizeof(cmdline_rows) / sizeof(*cmdline_rows); i++) {
		const struct row *row = &cmdline_rows[i];
		int rc;

		strip_marks(row->text, &m);
		rc = xf_cmdline_parse(m.text, m.length, &cmdline, &p);
		cmdline.has_net &= rc == 0; /* after an error it need not be whole */
		render_cmdline(&cmdline, got, sizeof(got));
		end = got + strlen(got);
		if (p.n) {
			*end++ = '|';
			render_problems(&p, end, (size_t)(got + sizeof(got) - end));
		}
		CHECK_STR(got[0] == ' ' ? got + 1 : got, row->want, row->text);
		CHECK((rc == 0) == (p.errors == 0), "  status tells errors");
		CHECK(marks_match(&m, &p), "  points at the place");
	}
}

/* A small generator, the same everywhere: Numerical Recipes' constants. */
static uint32_t next_random(void)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return state >> 8;
}

static void random_addr(uint8_t family, unsigned int last, struct xf_addr *addr)
{
	static const uint8_t start[7] = { 0, 0, 0, 0, 10, 0, 0xfd };

	*addr = (struct xf_addr){ .family = family, .byte = { start[family] } };
	for (unsigned int i = 1; i < (family == 4 ? 3U : 15U); i++)
		addr->byte[i] = (uint8_t)(next_random() % 3 * next_random());
	addr->byte[family == 4 ? 3 : 15] = (uint8_t)last;
}

/* Any net that the parser could have made, with its prefix given. */
static void random_net(struct xfnet *net)
{
	uint8_t family = next_random() % 2 ? 4 : 6;

	memset(net, 0, sizeof(*net));
	random_addr(family, 2, &net->client);
	net->prefix = net->prefix_shortest = family == 4 ? 8 : 7;
	net->prefix_given = true;
	net->nservers = 1 + next_random() % XF_SERVERS_MAX;
	for (unsigned int i = 0; i < net->nservers; i++)
		random_addr(family, 10 + i, &net->server[i]);
	if (next_random() % 2)
		random_addr(family, 3, &net->gateway);
	net->select = next_random() % 3;
	if (net->select == XF_IF_NAME)
		strcpy(net->ifname, "eth0");
	for (unsigned int i = 0; net->select == XF_IF_MAC && i < 6; i++)
		net->mac[i] = (uint8_t)(next_random() & (i ? 0xff : 0xfe));
}

static void test_round_trip(void)
{
	struct xfnet net, again;
	struct xf_problems p;
	unsigned int bad = 0;
	char text[512];

	for (unsigned int i = 0; i < 20000; i++) {
		int n;

		random_net(&net);
		n = xfnet_format(&net, text, sizeof(text));
		if (n < 0 || xfnet_parse(text, (size_t)n, &again, &p) || !same_net(&net, &again)) {
			bad++;
			printf("# %s\n", text);
		}
	}
	CHECK(bad == 0, "20000 random nets survive format and parse");
}

static void test_limits(void)
{
	static const char many[] = "1:2,3,4,5,6,7,8,9:10:11::::";
	static char errors[64 * 4 + 1];
	static struct xf_cmdline cmdline;
	struct xf_problems p;
	struct xfnet net;
	char text[64];
	int n;

	xfnet_parse("10.0.0.11/24:10.0.0.1", 21, &net, &p);
	n = xfnet_format(&net, text, 22);
	CHECK(n == 21 && text[21] == '\0', "format into room that just suffices");
	text[21] = 'x';
	CHECK(xfnet_format(&net, text, 21) == -ENOSPC, "format into one byte less");
	CHECK(text[21] == 'x', "  and nothing beyond it");
	CHECK(xfnet_format(&net, text, 0) == -ENOSPC, "format into no room");
	CHECK(xfnet_parse(many, strlen(many), &net, &p) == -EINVAL && p.errors == 1,
		"too many fields are one error");
	for (unsigned int i = 0; i < 64; i++)
		memcpy(errors + 4 * i, "xf? ", 5);
	CHECK(xf_cmdline_parse(errors, 256, &cmdline, &p) == 0 && p.n == XF_PROBLEMS_MAX &&
			p.dropped == 64 - XF_PROBLEMS_MAX,
		"problems without room are counted");
}

int main(void)
{
	test_xfnet();
	test_prefix();
	test_cmdline();
	test_round_trip();
	test_limits();
	return tap_done();
}
