/*
 * What a farm's description makes of a server, as texts.
 *
 *	net_test TEXT ADDRESS/PREFIX[,OTHER-SERVER...] [CLIENT-ADDRESS CLIENT-MAC]...
 *
 * prints one of them (rules, network, exports, nfs-conf, vif, unit) for test scripts instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "farm/net/compose.h"
#include "farm/net/test/farm.h"
#include "lib/array.h"

static struct xf_addr addr(const char *text)
{
	struct xf_addr address;

	assert_int_equal(xf_addr_parse(text, strlen(text), &address), 0);
	return address;
}

static const char *text_of(struct buf *buf)
{
	buf_add(buf, "", 1);
	assert_false(buf->failed);
	return buf->data;
}

static void says(struct buf *buf, const char *text)
{
	if (!strstr(buf->data, text))
		fail_msg("%s\nlacks: %s", buf->data, text);
}

static void says_not(struct buf *buf, const char *text)
{
	if (strstr(buf->data, text))
		fail_msg("%s\nhas: %s", buf->data, text);
}

static void reads_addresses(void **state)
{
	static const char *const bad[] = { "", "10.77.0.1", "10.77.0.1/", "10.77.0.1/33",
		"10.77.0.1/31", "10.77.0.1/7", "10.77.0.1/16x", "10.77.0.1/ 16", "10.77.0.1/+16",
		"10.77.0.256/16", "fd00::1/127", "[fd00::1]/64", "10.77.0.1/16/16", "/16",
		"10.77.0.1/99999999999" };
	struct net_farm farm = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_non_null(net_parse_address(&farm, bad[i]));
	assert_null(net_parse_address(&farm, "10.77.0.1/16"));
	assert_int_equal(farm.prefix, 16);
	assert_null(net_parse_address(&farm, "fd00::1/64"));
	assert_int_equal(farm.server.family, 6);
}

static void reads_ports(void **state)
{
	static const char *const bad[] = { "", " ", "nfs", "0", "65536", "2049,111", "2049 -1",
		"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17" };
	struct net_farm farm = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_non_null(net_parse_ports(&farm, bad[i]));
	assert_null(net_parse_ports(&farm, " 111  2049\t20048 "));
	assert_int_equal(farm.n_ports, 3);
	assert_int_equal(farm.port[2], 20048);
}

static void reads_macs(void **state)
{
	static const char *const bad[] = { "", "52:54:00:12:34", "52:54:00:12:34:5",
		"52-54-00-12-34-56", "52:54:00:12:34:56:", "52:54:00:12:34:5g", "5:254:00:12:34:56",
		"52:54:00:12:34:56 " };
	uint8_t mac[6];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_not_equal(net_parse_mac(bad[i], mac), 0);
	assert_int_equal(net_parse_mac("52:54:00:Ab:34:56", mac), 0);
	assert_int_equal(mac[3], 0xab);
}

static void refuses_names_of_bridges(void **state)
{
	static const char *const bad[] = { "", "a b", "a/b", "xen\"farm", "-b", "xf-0a4d000b",
		"sixteen-bytes-xx", "b\n", ".", "b:0" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_non_null(net_check_bridge(bad[i]));
	assert_null(net_check_bridge("xenfarm0"));
	assert_null(net_check_bridge("fifteen-bytes-x"));
}

static void knows_who_belongs(void **state)
{
	struct net_farm farm = farm_of("10.77.0.1/16"), six = farm_of("fd00:77::1/64");
	struct xf_addr good[] = { addr("10.77.0.11"), addr("10.77.255.254"), addr("10.77.1.0") };
	struct xf_addr bad[] = { addr("10.77.0.1"), addr("10.77.0.0"), addr("10.77.255.255"),
		addr("10.78.0.11"), addr("0.0.0.0"), addr("fd00:77::b") };
	struct xf_addr b6 = addr("fd00:77::b"), other6 = addr("fd00:78::b");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_null(net_check_client(&farm, &good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_non_null(net_check_client(&farm, &bad[i]));
	assert_null(net_check_client(&six, &b6));
	assert_non_null(net_check_client(&six, &other6));
	assert_non_null(net_check_client(&six, &six.server));
}

static void names_ports(void **state)
{
	char name[NET_DEVICE_MAX];
	struct xf_addr four = addr("10.77.0.11"), six = addr("fd00:77::a:b:c:d");

	(void)state;
	net_device(&four, name);
	assert_string_equal(name, "xf-0a4d000b");
	net_device(&six, name);
	assert_string_equal(name, "xf-000b000c000d");
}

static void composes_the_network(void **state)
{
	struct net_farm farm = farm_of("10.77.0.1/16");
	AUTO_BUF struct buf out = { 0 }, odd = { 0 };

	(void)state;
	net_compose_network(&farm, NULL, &out);
	text_of(&out);
	says(&out, "<port isolated=\"yes\"/>");
	says(&out, "<dns enable=\"no\"/>");
	says(&out, "<bridge name=\"xenfarm0\" stp=\"off\" delay=\"0\"/>");
	says(&out, "<ip family=\"ipv4\" address=\"10.77.0.1\" prefix=\"16\"/>");
	says_not(&out, "dhcp");
	says_not(&out, "forward");
	farm.network = "<a&b>";
	net_compose_network(&farm, NULL, &odd);
	text_of(&odd);
	says(&odd, "<name>&lt;a&amp;b&gt;</name>");
}

static void composes_exports(void **state)
{
	struct net_share odd[] = { { "/srv/a b\"#\\", UUID }, { "/srv/two", "other" } };
	struct net_farm farm = farm_of("10.77.3.1/16");
	AUTO_BUF struct buf out = { 0 };

	(void)state;
	farm.share = odd;
	farm.n_shares = 2;
	net_compose_exports(&farm, &out);
	assert_string_equal(text_of(&out),
		"/srv/a\\040b\\042\\043\\134\t10.77.0.0/16(ro,no_root_squash,no_subtree_check,sec="
		"sys,fsid=" UUID ")\n"
		"/srv/two\t10.77.0.0/16(ro,no_root_squash,no_subtree_check,sec=sys,fsid=other)\n");
}

static void composes_nfs_conf(void **state)
{
	struct net_farm farm = farm_of("10.77.0.1/16");
	AUTO_BUF struct buf few = { 0 }, many = { 0 }, beside = { 0 };

	(void)state;
	net_compose_nfs_conf(&farm, 3, true, &few);
	assert_string_equal(text_of(&few), "[nfsd]\nhost = 10.77.0.1\nthreads = 16\n"
					   "grace-time = 15\nlease-time = 15\n");
	net_compose_nfs_conf(&farm, 300, true, &many);
	text_of(&many);
	says(&many, "threads = 128\n");
	/* Other exports of this server stay reachable by its other addresses. */
	assert_null(net_parse_ports(&farm, "111 2049 20048"));
	net_compose_nfs_conf(&farm, 17, false, &beside);
	text_of(&beside);
	says_not(&beside, "host");
	says(&beside, "threads = 32\n");
	says(&beside, "[mountd]\nport = 20048\n");
}

static void composes_apparmor(void **state)
{
	struct net_farm farm = farm_of("10.77.0.1/16");
	AUTO_BUF struct buf out = { 0 };

	(void)state;
	farm.disks = "/data/images {1}";
	net_compose_apparmor(&farm, &out);
	assert_string_equal(
		text_of(&out), "\"/var/lib/xenfarm/boot/**\" r,\n\"/data/images \\{1\\}/**\" r,\n");
}

static void composes_rules(void **state)
{
	struct net_farm farm = farm_of("10.77.0.1/16"), six = farm_of("fd00:77::1/64");
	struct net_client b = { addr("10.77.0.11"), { 0x52, 0x54, 0, 0, 0, 0xb } };
	struct net_client b6 = { addr("fd00:77::b"), { 0x52, 0x54, 0, 0, 0, 0xb } };
	AUTO_BUF struct buf none = { 0 }, one = { 0 }, of6 = { 0 };

	(void)state;
	net_compose_rules(&farm, NULL, 0, &none);
	text_of(&none);
	says_not(&none, "elements");
	net_compose_rules(&farm, &b, 1, &one);
	text_of(&one);
	says(&one, "elements = { \"xf-0a4d000b\" . 52:54:00:00:00:0b . 10.77.0.11 }");
	says(&one, "ip daddr 10.77.0.1 tcp dport { 2049 } accept");
	says_not(&one, "ip6");
	net_compose_rules(&six, &b6, 1, &of6);
	text_of(&of6);
	says(&of6, "xf-00000000000b\" . 52:54:00:00:00:0b . 0xfd00007700000000000000000000000b");
	says_not(&of6, "arp");
}

static void knows_other_servers(void **state)
{
	struct net_farm farm = farm_of("10.77.0.1/16");
	struct xf_addr b = addr("10.77.0.11"), second = addr("10.77.0.2"), got[XF_SERVERS_MAX];

	(void)state;
	assert_non_null(net_add_other(&farm, "10.78.0.2"));
	assert_non_null(net_add_other(&farm, "10.77.255.255"));
	assert_non_null(net_add_other(&farm, "10.77.0.2/16"));
	assert_non_null(net_add_other(&farm, "fd00::2"));
	assert_null(net_add_other(&farm, "10.77.0.1")); /* the file of that server */
	assert_int_equal(farm.n_others, 0);
	assert_int_equal(net_servers_of(&farm, &b, got), 1);
	assert_null(net_add_other(&farm, "10.77.0.2"));
	assert_null(net_add_other(&farm, "10.77.0.2"));
	assert_int_equal(farm.n_others, 1);
	assert_string_equal(net_check_client(&farm, &second), "is another server's");
	for (int i = 3; i < 3 + NET_OTHERS_MAX - 1; i++) {
		char text[16];

		snprintf(text, sizeof(text), "10.77.0.%d", i);
		assert_null(net_add_other(&farm, text));
	}
	assert_non_null(net_add_other(&farm, "10.77.0.99"));
}

/* As many begin with each of them, and none lacks one. */
static void spreads_clients(void **state)
{
	struct net_farm farm = farm_of("10.77.0.1/16");
	size_t first[3] = { 0 };

	(void)state;
	assert_null(net_add_other(&farm, "10.77.0.2"));
	assert_null(net_add_other(&farm, "10.77.0.3"));
	for (int i = 0; i < 30; i++) {
		struct xf_addr client = addr("10.77.1.0"), server[XF_SERVERS_MAX];
		unsigned int seen = 0;

		client.byte[3] = (uint8_t)i;
		assert_int_equal(net_servers_of(&farm, &client, server), 3);
		first[server[0].byte[3] - 1]++;
		for (size_t k = 0; k < 3; k++)
			seen |= 1u << server[k].byte[3];
		assert_int_equal(seen, 2 + 4 + 8);
	}
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(first[i], 10);
}

static void composes_rules_of_servers(void **state)
{
	struct net_farm farm = farm_of("10.77.0.1/16");
	AUTO_BUF struct buf one = { 0 }, out = { 0 };

	(void)state;
	net_compose_rules(&farm, NULL, 0, &one);
	text_of(&one);
	says_not(&one, "to_server");
	assert_null(net_add_other(&farm, "10.77.0.2"));
	net_compose_rules(&farm, NULL, 0, &out);
	text_of(&out);
	says(&out, "ip daddr { 10.77.0.1, 10.77.0.2 } tcp dport { 2049 } accept");
	says(&out, "ip daddr 10.77.0.2 tcp dport { 2049 } accept");
}

static void signed_files_are_told(void **state)
{
	AUTO_BUF struct buf script = { 0 }, plain = { 0 };

	(void)state;
	buf_puts(&script, "#!/bin/sh\nexit 0\n");
	assert_int_equal(net_owner(script.data, script.size), NET_FOREIGN);
	assert_int_equal(net_sign(&script), 0);
	assert_memory_equal(script.data, "#!/bin/sh\n# `xenfarm init`", 26);
	assert_int_equal(net_owner(script.data, script.size), NET_OURS);
	script.data[script.size - 2] = '1';
	assert_int_equal(net_owner(script.data, script.size), NET_EDITED);
	assert_int_equal(net_sign(&plain), 0);
	assert_int_equal(net_owner(plain.data, plain.size), NET_OURS);
	for (size_t n = 0; n < plain.size; n++)
		assert_int_equal(net_owner(plain.data, n), NET_FOREIGN);
	assert_int_equal(net_owner("#!", 2), NET_FOREIGN);
}

static int print(char **argv)
{
	char *others = argv[1];
	struct net_farm farm = farm_of(strsep(&others, ","));
	struct net_client clients[8];
	AUTO_BUF struct buf out = { 0 };
	size_t n = 0;

	while (others)
		assert_null(net_add_other(&farm, strsep(&others, ",")));
	for (char **word = argv + 2; word[0] && word[1] && n < ARRAY_SIZE(clients); word += 2) {
		clients[n].address = addr(word[0]);
		assert_int_equal(net_parse_mac(word[1], clients[n++].mac), 0);
	}
	if (strcmp(argv[0], "rules") == 0)
		net_compose_rules(&farm, clients, n, &out);
	else if (strcmp(argv[0], "network") == 0)
		net_compose_network(&farm, NULL, &out);
	else if (strcmp(argv[0], "exports") == 0)
		net_compose_exports(&farm, &out);
	else if (strcmp(argv[0], "nfs-conf") == 0)
		net_compose_nfs_conf(&farm, n, true, &out);
	else if (strcmp(argv[0], "vif") == 0)
		net_compose_vif_script(&out);
	else if (strcmp(argv[0], "unit") == 0)
		net_compose_unit("/etc/xenfarm/rules.nft", &out);
	return fwrite(out.data, 1, out.size, stdout) == out.size ? 0 : 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_addresses),
		cmocka_unit_test(reads_ports),
		cmocka_unit_test(reads_macs),
		cmocka_unit_test(refuses_names_of_bridges),
		cmocka_unit_test(knows_who_belongs),
		cmocka_unit_test(names_ports),
		cmocka_unit_test(composes_the_network),
		cmocka_unit_test(composes_exports),
		cmocka_unit_test(composes_nfs_conf),
		cmocka_unit_test(composes_apparmor),
		cmocka_unit_test(composes_rules),
		cmocka_unit_test(knows_other_servers),
		cmocka_unit_test(spreads_clients),
		cmocka_unit_test(composes_rules_of_servers),
		cmocka_unit_test(signed_files_are_told),
	};

	if (argc > 2)
		return print(argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
