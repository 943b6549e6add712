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
#include "farm/master/boot-once.h"
#include "farm/master/image-lock.h"
#include "farm/master/network.h"
#include "farm/master/os-release.h"
#include "farm/master/recipe.h"
#include "farm/master/update.h"
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

static void test_update_ways(void **state)
{
	static const struct {
		const char *os_release, *way, *commands;
	} cases[] = {
		{ "ID=debian\n", "apt", "dist-upgrade" },
		{ "ID=debian\n", "apt", "Error-Mode=any update" },
		{ "ID=ubuntu\nID_LIKE=debian\n", "apt", "dist-upgrade" },
		{ "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "apt", "dist-upgrade" },
		{ "ID=fedora\n", "dnf", "dnf -y --refresh upgrade" },
		{ "ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\n", "dnf", "dnf -y" },
		{ "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "zypper",
			"zypper --non-interactive update" },
		{ "ID=\"sles\"\nID_LIKE=\"suse\"\n", "zypper", "zypper --non-interactive update" },
		{ "ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n", "zypper",
			"zypper --non-interactive dist-upgrade" },
		{ "ID=arch\n", NULL, NULL },
		{ "", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct os_release os = os_of(cases[i].os_release);
		const struct update_way *way = update_way_of(&os);

		if (!cases[i].way) {
			assert_null(way);
			continue;
		}
		assert_non_null(way);
		assert_string_equal(way->name, cases[i].way);
		assert_non_null(strstr(way->commands, cases[i].commands));
	}
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
	assert_non_null(strstr(a.argv[3], ",libnfs13,libtirpc3,vim,less"));
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

/* --- one run --- */

static char *domain_xml(enum domain_xml_type type)
{
	struct domain_xml d = { .type = type,
		.name = "m1",
		.uuid = UUID,
		.title = "m1",
		.memory = 512,
		.cpus = 1,
		.kernel = "/k",
		.initrd = "/i",
		.cmdline = "root=UUID=1",
		.disk = "/d.img",
		.network = "xenfarm-master",
		.bridge = "xenfarm-m0",
		.mac = "52:54:0a:4e:00:02",
		.record = { .role = RECORD_MASTER,
			.share = UUID,
			.state = RECORD_READY,
			.created = "2026-11-28T14:25:30Z" } };

	return domain_xml_format(&d);
}

static void test_boot_once(void **state)
{
	AUTO_FREE char *xml = domain_xml(DOMAIN_XML_QEMU), *once = NULL, *twice = NULL;
	AUTO_FREE char *xen = domain_xml(DOMAIN_XML_XEN);
	AUTO_DOMAIN_XML struct domain_xml_read r = { 0 };
	char device[8];

	(void)state;
	assert_int_equal(boot_once_device(xml, device), 0);
	assert_string_equal(device, "vdb");
	once = boot_once_xml(xml, &(struct boot_once){ .file = "/a&b",
					  .device = device,
					  .kernel = "/k2",
					  .initrd = "/i&2",
					  .cmdline = "x=\"1 2\" <y>" });
	assert_non_null(once);
	assert_int_equal(domain_xml_parse(once, &r), 0);
	assert_string_equal(r.cmdline, "x=\"1 2\" <y>");
	assert_string_equal(r.kernel, "/k2");
	assert_string_equal(r.initrd, "/i&2");
	assert_int_equal(r.n_disks, 2);
	assert_string_equal(r.disk, "/d.img");
	assert_non_null(strstr(once, "<source file=\"/a&amp;b\"/>"));
	assert_non_null(strstr(once, "dev=\"vdb\" bus=\"virtio\""));
	assert_int_equal(boot_once_device(once, device), 0);
	assert_string_equal(device, "vdc");
	assert_int_equal(boot_once_device(xen, device), 0);
	assert_string_equal(device, "xvdb");
	twice = boot_once_xml(xen, &(struct boot_once){ .file = "/s",
					   .device = device,
					   .kernel = "/k",
					   .initrd = "/i",
					   .cmdline = "x" });
	assert_non_null(strstr(twice, "<driver name=\"phy\" type=\"raw\"/><source file=\"/s\"/>"));
	assert_int_equal(boot_once_device("<domain/>", device), -EINVAL);
	assert_int_equal(boot_once_device("<dom", device), -EINVAL);
	assert_null(boot_once_xml("<domain><devices/></domain>", &(struct boot_once){ 0 }));
}

static const struct update_way *debian(void)
{
	struct os_release os = os_of("ID=debian\n");

	return update_way_of(&os);
}

static struct update_script script_example(void)
{
	return (struct update_script){ .way = debian(),
		.token = "run-1",
		.device = "vdb",
		.mac = "52:54:0a:4e:00:02",
		.address = "10.78.0.2",
		.prefix = "24",
		.server = "10.78.0.1",
		.proxy = "http://it's:3142/$(x)" };
}

/* Each script is one that a shell can read. */
static void test_script(void **state)
{
	struct update_script script = script_example();
	AUTO_BUF struct buf text = { 0 }, words = { 0 };
	char *huge = test_malloc(UPDATE_LOG_OFFSET + 1);
	FILE *shell;

	(void)state;
	assert_int_equal(update_script_compose(&script, &text), 0);
	buf_add(&text, "", 1);
	assert_non_null(strstr(text.data, "proxy='http://it'\\''s:3142/$(x)'\n"));
	assert_non_null(strstr(text.data, "dist-upgrade\n"));
	shell = popen("sh -n", "w");
	assert_non_null(shell);
	fputs(text.data, shell);
	assert_int_equal(pclose(shell), 0);
	update_cmdline("vdb", &words);
	buf_add(&words, "", 1);
	assert_string_equal(words.data,
		"systemd.run=\"/bin/sh /dev/vdb\" systemd.run_success_action=poweroff "
		"systemd.run_failure_action=poweroff");
	memset(huge, 'x', UPDATE_LOG_OFFSET);
	huge[UPDATE_LOG_OFFSET] = '\0';
	script.proxy = huge;
	assert_int_equal(update_script_compose(&script, &text), -E2BIG);
	test_free(huge);
}

static void test_log(void **state)
{
	static const struct {
		const char *log, *line;
		bool ended;
		int status;
	} cases[] = {
		{ "", "", false, 0 },
		{ "Reading", "", false, 0 },
		{ "Get:1 a\nGet:2 b\n", "Get:2 b", false, 0 },
		{ "Get:1 a\n\n\nGe", "Get:1 a", false, 0 },
		{ "1%\r50%\r99%\n", "99%", false, 0 },
		{ "1%\r50%\r\n", "50%", false, 0 },
		{ "a\x1b[31mb\n", "a[31mb", false, 0 },
		{ "E: failed\n\nrun-1 ended with 100\n", "E: failed", true, 100 },
		{ "run-2 ended with 0\n", "run-2 ended with 0", false, 0 },
		{ "run-1 ended with 0", "", false, 0 },
		{ "x\nrun-1 ended with 0\n", "x", true, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct update_progress p;

		update_read_log(cases[i].log, strlen(cases[i].log) + 1, "run-1", &p);
		assert_string_equal(p.line, cases[i].line);
		assert_int_equal(p.ended, cases[i].ended);
		assert_int_equal(p.status, cases[i].status);
	}
}

/* --- locks --- */

/* In another process, as a lock is its opener's, not a process's: what does the second one get? */
static int lock_again(const char *path, bool write)
{
	int fd = image_lock(path, write);

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : fd;
}

static void test_image_lock(void **state)
{
	char path[] = "/tmp/xf-image-XXXXXX";
	int made = mkstemp(path), fd;

	(void)state;
	assert_true(made >= 0);
	fd = image_lock(path, false);
	assert_true(fd >= 0);
	assert_int_equal(lock_again(path, false), 0);
	assert_int_equal(lock_again(path, true), -EBUSY);
	close(fd);
	assert_int_equal(lock_again(path, true), 0);
	fd = image_lock(path, true);
	assert_true(fd >= 0);
	assert_int_equal(lock_again(path, false), -EBUSY);
	assert_int_equal(lock_again(path, true), -EBUSY);
	close(fd);
	assert_int_equal(image_lock("/nonexistent/image", false), -ENOENT);
	close(made);
	unlink(path);
}

/* QEMU sees our lock, and we see QEMU's. qemu-io opens it as a machine does. */
static int qemu_io(const char *options, const char *path)
{
	char command[300];

	snprintf(command, sizeof(command), "qemu-io %s -f raw -c 'read 0 512' %s >/dev/null 2>&1",
		options, path);
	return system(command);
}

static void test_qemu_sees_lock(void **state)
{
	char path[] = "/tmp/xf-image-XXXXXX";
	int made = mkstemp(path), fd;

	(void)state;
	assert_int_equal(ftruncate(made, 1 << 20), 0);
	if (system("command -v qemu-io >/dev/null") != 0)
		skip();
	assert_int_equal(qemu_io("", path), 0);
	fd = image_lock(path, false);
	assert_int_not_equal(qemu_io("", path), 0);
	assert_int_equal(qemu_io("-r", path), 0);
	close(fd);
	fd = image_lock(path, true);
	assert_int_not_equal(qemu_io("-r", path), 0);
	close(fd);
	close(made);
	unlink(path);
}

static void test_sees_qemu(void **state)
{
	char path[] = "/tmp/xf-image-XXXXXX", command[200];
	int made = mkstemp(path), r = 0;
	FILE *qemu;

	(void)state;
	assert_int_equal(ftruncate(made, 1 << 20), 0);
	if (system("command -v qemu-io >/dev/null") != 0)
		skip();
	/* It has the file open until its standard input ends. */
	snprintf(command, sizeof(command), "qemu-io -f raw %s >/dev/null 2>&1", path);
	qemu = popen(command, "we");
	assert_non_null(qemu);
	for (int i = 0; i < 100 && r == 0; i++) {
		r = lock_again(path, false);
		usleep(50000);
	}
	assert_int_equal(r, -EBUSY);
	pclose(qemu);
	assert_int_equal(lock_again(path, true), 0);
	close(made);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_os_release),
		cmocka_unit_test(test_update_ways),
		cmocka_unit_test(test_recipe),
		cmocka_unit_test(test_packages),
		cmocka_unit_test(test_boot_choice),
		cmocka_unit_test(test_network_addresses),
		cmocka_unit_test(test_network_xml),
		cmocka_unit_test(test_network_start),
		cmocka_unit_test(test_boot_once),
		cmocka_unit_test(test_script),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_image_lock),
		cmocka_unit_test(test_qemu_sees_lock),
		cmocka_unit_test(test_sees_qemu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
