/* What is decided and composed for masters; and the locks on their disks. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "farm/master/boot-choice.h"
#include "farm/master/network.h"
#include "farm/master/os-release.h"
#include "farm/master/recipe.h"
#include "farm/virt/domain-xml.h"
#include "farm/virt/virt.h"
#include "lib/array.h"
#include "lib/cleanup.h"

#define UUID "6b1f0c52-8d7e-4b6a-9f43-2f1d5f3f7a10"

static struct os_release os_of(const char *text)
{
	struct os_release os;

	os_release_parse(text, strlen(text), &os);
	return os;
}

/* --- distributions --- */

static void test_os_release(void **state)
{
	struct os_release os = os_of("# of a test\n\nPRETTY_NAME=\"A \x1b[2J name\"\nNAME=Other\n"
				     "ID='rocky'\nID_LIKE=\"rhel centos fedora\"\nBROKEN\n=\n");

	(void)state;
	assert_string_equal(os.id, "rocky");
	assert_string_equal(os.pretty_name, "A  [2J name");
	assert_true(os_release_is(&os, "rocky"));
	assert_true(os_release_is(&os, "fedora"));
	assert_true(os_release_is(&os, "rhel"));
	assert_false(os_release_is(&os, "cent"));
	assert_false(os_release_is(&os, "debian"));
	os = os_of("ID=debian");
	assert_string_equal(os.id, "debian");
	assert_false(os_release_is(&os, ""));
	os = os_of("ID=0123456789012345678901234567890123456789\n");
	assert_string_equal(os.id, "");
}

/* --- recipes --- */

static void test_recipe(void **state)
{
	const struct recipe *recipe = recipe_find("debian12");
	struct recipe_arguments a;

	(void)state;
	assert_non_null(recipe);
	assert_null(recipe_find("debian"));
	assert_null(recipe_find(""));
	assert_int_equal(recipe_arguments(recipe, "/t", "vim,less", "", "x86_64", &a), 0);
	assert_string_equal(a.argv[0], "mmdebstrap");
	assert_non_null(strstr(a.argv[3], "--include=systemd-sysv,"));
	assert_non_null(strstr(a.argv[3], ",linux-image-cloud-amd64,"));
	assert_non_null(strstr(a.argv[3], ",libnfs13,vim,less"));
	assert_null(strstr(a.argv[3], "KERNEL"));
	assert_string_equal(a.argv[4], "bookworm");
	assert_string_equal(a.argv[5], "/t");
	assert_null(a.argv[6]);
	buf_free(&a.include);
	assert_int_equal(recipe_arguments(recipe, "/t", NULL, "http://m/", "aarch64", &a), 0);
	assert_non_null(strstr(a.argv[3], ",linux-image-cloud-arm64,"));
	assert_string_equal(a.argv[6], "http://m/");
	assert_null(a.argv[7]);
	buf_free(&a.include);
	assert_int_equal(recipe_arguments(recipe, "/t", NULL, "", "sparc", &a), -EINVAL);
}

static void test_packages(void **state)
{
	static const char *const bad[] = { "", "-x", "a,-x", "a b", "a;b", "a,,b", ",a", "$(x)",
		"a/b" };

	(void)state;
	assert_null(recipe_check_packages("vim,g++,libc6:i386"));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_non_null(recipe_check_packages(bad[i]));
}

/* --- kernels --- */

static void test_boot_choice(void **state)
{
	static const char *const debian[] = { "vmlinuz-6.1.0-9-cloud", "initrd.img-6.1.0-9-cloud",
		"vmlinuz-6.1.0-40-cloud", "initrd.img-6.1.0-40-cloud", "vmlinuz-6.1.0-41-cloud",
		"xf-initrd-6.1.0-41-cloud.img", "config-6.1.0-41-cloud" };
	static const char *const fedora[] = { "initramfs-6.11.4-301.fc41.x86_64.img", "loader" };
	static const char *const fedora_modules[] = { "6.11.4-301.fc41.x86_64" };
	static const char *const suse[] = { "initrd-6.4.0-150600.21-default" };
	static const char *const suse_modules[] = { "6.4.0-150600.21-default" };
	struct boot_choice c;

	(void)state;
	assert_int_equal(boot_choose(debian, ARRAY_SIZE(debian), NULL, 0, &c), 0);
	assert_string_equal(c.kernel, "boot/vmlinuz-6.1.0-40-cloud");
	assert_string_equal(c.initrd, "boot/initrd.img-6.1.0-40-cloud");
	assert_int_equal(boot_choose(fedora, ARRAY_SIZE(fedora), fedora_modules, 1, &c), 0);
	assert_string_equal(c.kernel, "usr/lib/modules/6.11.4-301.fc41.x86_64/vmlinuz");
	assert_string_equal(c.initrd, "boot/initramfs-6.11.4-301.fc41.x86_64.img");
	assert_int_equal(boot_choose(suse, 1, suse_modules, 1, &c), 0);
	assert_string_equal(c.initrd, "boot/initrd-6.4.0-150600.21-default");
	assert_int_equal(boot_choose(debian + 4, 3, NULL, 0, &c), -ENOENT);
	assert_int_equal(boot_choose(NULL, 0, fedora_modules, 1, &c), -ENOENT);
}

/* --- network --- */

static void test_network_addresses(void **state)
{
	static const char *const bad[] = { "", "10.78.0.1", "10.78.0.1/", "10.78.0.1/30",
		"10.78.0.1/7", "10.78.0.1/24x", "10.78.0.1/+24", "10.78.0/24", "fd00::1/64" };
	struct master_network n = { .name = "m" };
	struct xf_addr a, b;
	char text[XF_ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_non_null(master_network_parse(&n, bad[i]));
	assert_null(master_network_parse(&n, "10.78.0.2/29"));
	assert_int_equal(n.prefix, 29);
	assert_true(master_network_address(&n, 0, &a));
	xf_addr_format(&a, text);
	assert_string_equal(text, "10.78.0.1");
	assert_true(master_network_address(&n, 1, &a));
	xf_addr_format(&a, text);
	assert_string_equal(text, "10.78.0.3");
	assert_true(master_network_address(&n, 4, &a));
	xf_addr_format(&a, text);
	assert_string_equal(text, "10.78.0.6");
	assert_false(master_network_address(&n, 5, &a));
	assert_true(master_network_of_mac(domain_xml_mac(&a).text, &b));
	assert_memory_equal(a.byte, b.byte, 4);
	assert_false(master_network_of_mac("52:55:0a:4d:00:0b", &b));
	assert_false(master_network_of_mac("52:54:0a:4d:00", &b));
	assert_false(master_network_of_mac("52:54:0a:4d:00:0b:11", &b));
	/* As many as DHCP may name. */
	assert_null(master_network_parse(&n, "10.0.0.1/8"));
	assert_true(master_network_address(&n, MASTER_NETWORK_HOSTS_MAX - 1, &a));
	assert_false(master_network_address(&n, MASTER_NETWORK_HOSTS_MAX, &a));
}

static void test_network_xml(void **state)
{
	struct master_network n = { .name = "m&1", .bridge = "br<", .reaches_out = true };
	AUTO_FREE char *xml = NULL, *closed = NULL;

	(void)state;
	assert_null(master_network_parse(&n, "10.78.0.1/24"));
	xml = master_network_xml(&n);
	assert_non_null(strstr(xml, "<name>m&amp;1</name>"));
	assert_non_null(strstr(xml, "<forward mode=\"nat\"/>"));
	assert_non_null(strstr(xml, "<range start=\"10.78.0.2\" end=\"10.78.0.251\"/>"));
	assert_non_null(strstr(xml, "<host mac=\"52:54:0a:4e:00:02\" ip=\"10.78.0.2\"/>"));
	assert_null(strstr(xml, "ip=\"10.78.0.1\""));
	n.reaches_out = false;
	closed = master_network_xml(&n);
	assert_null(strstr(closed, "forward"));
}

/* libvirt takes it, and a second start finds it. */
static void test_network_start(void **state)
{
	struct master_network n = { .name = "xenfarm-master", .bridge = "xenfarm-m0" };
	virConnectPtr connection = NULL;
	virNetworkPtr network;

	(void)state;
	assert_null(master_network_parse(&n, "10.78.0.1/24"));
	assert_int_equal(virt_open("test:///default", false, &connection), 0);
	assert_int_equal(master_network_start(connection, &n), 0);
	network = virNetworkLookupByName(connection, n.name);
	assert_int_equal(virNetworkIsActive(network), 1);
	assert_int_equal(virNetworkDestroy(network), 0);
	assert_int_equal(master_network_start(connection, &n), 0);
	assert_int_equal(virNetworkIsActive(network), 1);
	assert_int_equal(master_network_start(connection, &n), 0);
	virNetworkFree(network);
	virt_close(&connection);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_os_release),
		cmocka_unit_test(test_recipe),
		cmocka_unit_test(test_packages),
		cmocka_unit_test(test_boot_choice),
		cmocka_unit_test(test_network_addresses),
		cmocka_unit_test(test_network_xml),
		cmocka_unit_test(test_network_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
