/* Records, domains' XML, errors and the lock. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "farm/virt/domain-xml.h"
#include "farm/virt/kvm.h"
#include "farm/virt/record.h"
#include "farm/virt/virt.h"
#include "lib/array.h"
#include "lib/cleanup.h"

#define UUID "6b1f0c52-8d7e-4b6a-9f43-2f1d5f3f7a10"
#define HOST_KEY                        \
	"ssh-ed25519 "                  \
	"AAAAC3NzaC1lZDI1NTE5AAAAIBykV" \
	"e91HhsYb0r8V4N7b1mC3i5tT2q0/+" \
	"wXyZ012345"
#define HEAD "<client xmlns=\"" RECORD_NAMESPACE "\" "
#define REST                                                                            \
	" address=\"10.77.0.11\" pin=\"\" channel=\"live\" admin=\"\" state=\"ready\" " \
	"created=\"2026-11-28T14:25:30Z\"/>"

static struct record example(void)
{
	struct record r = { .role = RECORD_CLIENT,
		.share = UUID,
		.address = { 4, { 10, 77, 0, 11 } },
		.pin = 7,
		.channel = "live",
		.admin = "A. <b> & \"c\" 'd' \xc3\xa9",
		.host_key = HOST_KEY,
		.state = RECORD_CREATING,
		.created = "2026-11-28T14:25:30Z" };

	return r;
}

static void assert_same_record(const struct record *a, const struct record *b)
{
	assert_int_equal(a->role, b->role);
	assert_string_equal(a->share, b->share);
	assert_memory_equal(&a->address, &b->address, 5);
	assert_int_equal(a->pin, b->pin);
	assert_string_equal(a->channel, b->channel);
	assert_string_equal(a->admin, b->admin);
	assert_string_equal(a->host_key, b->host_key);
	assert_int_equal(a->state, b->state);
	assert_string_equal(a->created, b->created);
}

static void test_record_both_ways(void **state)
{
	struct record in = example(), out;
	AUTO_FREE char *text = record_format(&in);
	const char *what = NULL;

	(void)state;
	assert_non_null(text);
	assert_int_equal(record_parse(text, &out, &what), 0);
	assert_same_record(&in, &out);
}

static void test_master_record(void **state)
{
	struct record in = { .role = RECORD_MASTER,
		.share = UUID,
		.state = RECORD_READY,
		.created = "2026-11-28T14:25:30Z" };
	struct record out;
	AUTO_FREE char *text = record_format(&in);
	const char *what = NULL;

	(void)state;
	assert_int_equal(record_parse(text, &out, &what), 0);
	assert_int_equal(out.role, RECORD_MASTER);
	assert_string_equal(out.share, UUID);
	assert_int_equal(out.state, RECORD_READY);
	assert_string_equal(out.created, in.created);
}

static void test_bad_records(void **state)
{
	static const struct {
		const char *xml, *what;
	} bad[] = {
		{ "", "it is not XML of ours" },
		{ "<client", "it is not XML of ours" },
		{ "<client xmlns=\"urn:other\" share=\"" UUID "\"" REST,
			"it is not of our namespace" },
		{ "<guest xmlns=\"" RECORD_NAMESPACE "\"/>",
			"it is neither a client's nor a master's" },
		{ HEAD REST, "share is missing" },
		{ HEAD "share=\"../../etc\"" REST, "share is not a UUID" },
		{ HEAD "share=\"6B1F0C52-8D7E-4B6A-9F43-2F1D5F3F7A10\"" REST,
			"share is not a UUID" },
		{ HEAD "share=\"" UUID "0\"" REST, "share is not a UUID" },
		{ HEAD "share=\"" UUID "\" state=\"ready\" created=\"2026-11-28T14:25:30Z\"/>",
			"address is missing" },
		{ HEAD "share=\"" UUID "\" address=\"fd00::1\" state=\"ready\"/>",
			"address is not an IPv4 address" },
		{ HEAD "share=\"" UUID "\" address=\"10.77.0.11 xfail=shell\" state=\"ready\"/>",
			"address is not an IPv4 address" },
		{ HEAD "share=\"" UUID "\" address=\"10.77.0.11\" pin=\"-1\"/>",
			"pin is not a generation's number" },
		{ HEAD "share=\"" UUID "\" address=\"10.77.0.11\" channel=\"a b\"/>",
			"channel is not a name" },
		{ HEAD "share=\"" UUID "\" address=\"10.77.0.11\" admin=\"a&#9;b\"/>",
			"admin is too long, or has control characters" },
		{ HEAD "share=\"" UUID "\" address=\"10.77.0.11\" hostkey=\"ssh-rsa AAAA\"/>",
			"hostkey is not an Ed25519 key" },
		{ HEAD "share=\"" UUID "\" address=\"10.77.0.11\"/>", "state is missing" },
		{ HEAD "share=\"" UUID "\" address=\"10.77.0.11\" state=\"on\"/>",
			"state is unknown" },
		{ HEAD "share=\"" UUID "\" address=\"10.77.0.11\" state=\"ready\"/>",
			"created is missing" },
		{ HEAD "share=\"" UUID
		       "\" address=\"10.77.0.11\" state=\"ready\" created=\"yesterday\"/>",
			"created is not a time" },
		{ "<!DOCTYPE client [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>" HEAD
		  "share=\"" UUID "\"" REST,
			"it is not XML of ours" },
	};
	struct record r;
	const char *what;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(record_parse(bad[i].xml, &r, &what), -EINVAL);
		assert_string_equal(what, bad[i].what);
	}
}

static void test_long_record(void **state)
{
	char *xml = test_malloc(RECORD_BYTES_MAX + 2);
	struct record r;
	const char *what;

	(void)state;
	memset(xml, ' ', RECORD_BYTES_MAX + 1);
	xml[RECORD_BYTES_MAX + 1] = '\0';
	assert_int_equal(record_parse(xml, &r, &what), -EINVAL);
	assert_string_equal(what, "it is longer than 8192 bytes");
	test_free(xml);
}

static void test_unknown_attribute(void **state)
{
	struct record r;
	const char *what = NULL;

	(void)state;
	assert_int_equal(record_parse(HEAD "share=\"" UUID "\" later=\"1\"" REST, &r, &what), 0);
	assert_string_equal(r.channel, "live");
}

static void test_host_key(void **state)
{
	char key[] = HOST_KEY "?";

	(void)state;
	assert_true(record_is_host_key(HOST_KEY));
	assert_false(record_is_host_key("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"));
	assert_false(record_is_host_key(key));
	key[sizeof(key) - 2] = '\0';
	assert_true(record_is_host_key(key));
	key[40] = '\n'; /* a second line of known_hosts */
	assert_false(record_is_host_key(key));
	memcpy(key, "ssh-xd25519", 11);
	assert_false(record_is_host_key(key));
}

static void test_admin(void **state)
{
	char text[RECORD_ADMIN_MAX + 2];

	(void)state;
	assert_null(record_check_admin("Ann \xe2\x82\xac <a@b>"));
	assert_non_null(record_check_admin("\xff"));
	assert_non_null(record_check_admin("\x1b[2J"));
	assert_non_null(record_check_admin("\xc2\x9b"
					   "2J"));
	assert_non_null(record_check_admin("a\xe2\x80\xae"
					   "b"));
	memset(text, 'a', sizeof(text));
	text[RECORD_ADMIN_MAX + 1] = '\0';
	assert_non_null(record_check_admin(text));
	text[RECORD_ADMIN_MAX] = '\0';
	assert_null(record_check_admin(text));
}

/* --- domains --- */

static struct domain_xml domain_example(enum domain_xml_type type)
{
	struct domain_xml d = { .type = type,
		.name = "web1",
		.uuid = UUID,
		.title = "web1: generation 3, ready",
		.memory = 512,
		.cpus = 2,
		.kernel = "/boot/a&b",
		.initrd = "/boot/<i>",
		.cmdline = "console=ttyS0 a=\"b c\" <&>'",
		.disk = "/images/web1.xenfarm.img",
		.network = "xenfarm",
		.bridge = "xenfarm0",
		.device = "xf0a4d000b",
		.mac = "52:54:0a:4d:00:0b",
		.console_log = "/log/<1>.log",
		.record = example() };

	return d;
}

static void test_domain_both_ways(void **state)
{
	struct domain_xml d = domain_example(DOMAIN_XML_QEMU);
	AUTO_FREE char *xml = domain_xml_format(&d);
	AUTO_DOMAIN_XML struct domain_xml_read r = { 0 };

	(void)state;
	assert_non_null(xml);
	assert_int_equal(domain_xml_parse(xml, &r), 0);
	assert_string_equal(r.name, "web1");
	assert_string_equal(r.uuid, UUID);
	assert_string_equal(r.title, d.title);
	assert_string_equal(r.disk, d.disk);
	assert_string_equal(r.kernel, d.kernel);
	assert_string_equal(r.initrd, d.initrd);
	assert_string_equal(r.cmdline, d.cmdline);
	assert_string_equal(r.device, d.device);
	assert_string_equal(r.mac, d.mac);
	assert_int_equal(r.cpus, 2);
	assert_int_equal(r.n_disks, 1);
	assert_non_null(strstr(xml, "<acpi/>"));
	assert_non_null(strstr(xml, "<port isolated=\"yes\"/>"));
	assert_non_null(strstr(xml, "<memory unit=\"MiB\">512</memory>"));
	assert_non_null(strstr(xml, "bus=\"virtio\""));
	assert_non_null(strstr(xml, "<serial type=\"pty\">"));
	assert_non_null(strstr(xml, "<log file=\"/log/&lt;1&gt;.log\" append=\"off\"/>"));
}

/* It is reached by the server and reaches the mirrors, and there is no client beside it. */
static void test_domain_of_master(void **state)
{
	struct domain_xml d = domain_example(DOMAIN_XML_QEMU);
	AUTO_FREE char *xml = NULL, *own = NULL;

	(void)state;
	d.record.role = RECORD_MASTER;
	d.disk_format = "qcow2";
	d.device = NULL;
	xml = domain_xml_format(&d);
	assert_non_null(strstr(xml, "<xenfarm:master "));
	assert_non_null(strstr(xml, "type=\"qcow2\""));
	assert_null(strstr(xml, "isolated"));
	assert_non_null(strstr(xml, "<kernel>"));
	assert_null(strstr(xml, "<boot "));
	d.kernel = NULL;
	own = domain_xml_format(&d);
	assert_null(strstr(own, "<kernel>"));
	assert_non_null(strstr(own, "<boot dev=\"hd\"/>"));
}

static void test_domain_on_xen(void **state)
{
	struct domain_xml d = domain_example(DOMAIN_XML_XEN);
	AUTO_FREE char *xml = NULL;

	(void)state;
	d.script = "/etc/xen/scripts/vif-xenfarm";
	xml = domain_xml_format(&d);
	assert_non_null(strstr(xml, "<domain type=\"xen\">"));
	assert_non_null(strstr(xml, "<type>xen</type>"));
	assert_non_null(strstr(xml, "dev=\"xvda\" bus=\"xen\""));
	assert_non_null(strstr(xml, "<source bridge=\"xenfarm0\"/>"));
	assert_non_null(strstr(xml, "<script path=\"/etc/xen/scripts/vif-xenfarm\"/>"));
	assert_null(strstr(xml, "<rng"));
	assert_null(strstr(xml, "<log"));
	assert_null(strstr(xml, "virtio"));
	assert_null(strstr(xml, "isolated"));
	assert_null(strstr(xml, "<acpi/>"));
}

static void test_change(void **state)
{
	struct domain_xml d = domain_example(DOMAIN_XML_KVM);
	AUTO_FREE char *xml = domain_xml_format(&d);
	struct record record = example();
	struct domain_xml_change change = { .name = "www<1>",
		.disk = "/images/a&b.img",
		.cmdline = "x=<&>",
		.title = "a & b",
		.record = &record };
	AUTO_FREE char *changed = NULL;
	AUTO_DOMAIN_XML struct domain_xml_read r = { 0 };
	char *metadata, *end;
	struct record out;
	const char *what = NULL;

	(void)state;
	record.pin = 99;
	changed = domain_xml_change(xml, &change);
	assert_non_null(changed);
	assert_int_equal(domain_xml_parse(changed, &r), 0);
	assert_string_equal(r.name, "www<1>");
	assert_string_equal(r.title, "a & b");
	assert_string_equal(r.disk, "/images/a&b.img");
	assert_string_equal(r.cmdline, "x=<&>");
	assert_string_equal(r.kernel, "/boot/a&b");
	metadata = strstr(changed, "<xenfarm:client");
	assert_non_null(metadata);
	end = strstr(metadata, "/>");
	assert_non_null(end);
	end[2] = '\0';
	assert_int_equal(record_parse(metadata, &out, &what), 0);
	assert_int_equal(out.pin, 99);
}

static void test_change_without_title(void **state)
{
	struct domain_xml_change change = { .title = "new" };
	AUTO_FREE char *changed = domain_xml_change(
		"<domain><name>a</name><uuid>" UUID "</uuid><vcpu>1</vcpu></domain>", &change);

	(void)state;
	assert_non_null(strstr(changed, "</uuid><title>new</title><vcpu>"));
	assert_null(domain_xml_change("<network/>", &change));
	assert_null(domain_xml_change("nonsense", &change));
}

static void test_mac(void **state)
{
	struct xf_addr address = { 4, { 10, 77, 0, 11 } };

	(void)state;
	assert_string_equal(domain_xml_mac(&address).text, "52:54:0a:4d:00:0b");
}

/* --- libvirt's test driver --- */

static void test_libvirt_takes_it(void **state)
{
	struct domain_xml d = domain_example(DOMAIN_XML_TEST);
	AUTO_FREE char *xml = domain_xml_format(&d);
	AUTO_VIRT virConnectPtr c = NULL;
	AUTO_VIRT_DOMAIN virDomainPtr domain = NULL;
	AUTO_FREE char *element = NULL;
	struct record record = example(), out;
	const char *what = NULL;

	(void)state;
	assert_int_equal(virt_open("test:///default", false, &c), 0);
	/* What libvirt may raise when the other side has gone. */
	assert_int_equal(raise(SIGPIPE), 0);
	assert_int_equal(virt_kind(c), VIRT_TEST);
	domain = virDomainDefineXML(c, xml);
	assert_non_null(domain);
	element = virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, RECORD_NAMESPACE, 0);
	assert_non_null(element);
	assert_int_equal(record_parse(element, &out, &what), 0);
	assert_same_record(&record, &out);
}

static void test_libvirt_keeps_other_names_apart(void **state)
{
	AUTO_VIRT virConnectPtr c = NULL;

	(void)state;
	assert_int_equal(virt_open("test:///default", false, &c), 0);
	assert_null(virDomainLookupByName(c, "absent"));
	assert_int_equal(virt_error(NULL, "cannot start absent"), -ENOENT);
}

static void test_no_libvirt(void **state)
{
	AUTO_VIRT virConnectPtr c = NULL;

	(void)state;
	assert_int_equal(
		virt_open("test+unix:///default?socket=/nonexistent/sock", false, &c), -ENOTCONN);
}

/* A QEMU that never ends: its guest does not leave the firmware. */
static void test_bounded_probe(void)
{
	char qemu[] = "/tmp/xf-qemu-XXXXXX";
	const char script[] = "#!/bin/sh\nexec sleep 20\n";
	time_t began = time(NULL);
	int fd = mkstemp(qemu);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, script, sizeof(script) - 1), sizeof(script) - 1);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	assert_int_equal(kvm_probe(qemu, "kvm", 1), 0);
	assert_true(time(NULL) - began < 10);
	unlink(qemu);
}

static void test_probe(void **state)
{
	int r = kvm_probe("qemu-system-x86_64", "tcg", 60);

	(void)state;
	assert_int_equal(kvm_probe("/nonexistent/qemu", "tcg", 5), -ENOENT);
	test_bounded_probe();
	if (r == -ENOENT)
		skip();
	assert_int_equal(r, 1);
	assert_int_equal(kvm_probe("qemu-system-x86_64", "nonsense", 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_both_ways),
		cmocka_unit_test(test_master_record),
		cmocka_unit_test(test_bad_records),
		cmocka_unit_test(test_long_record),
		cmocka_unit_test(test_unknown_attribute),
		cmocka_unit_test(test_host_key),
		cmocka_unit_test(test_admin),
		cmocka_unit_test(test_domain_both_ways),
		cmocka_unit_test(test_domain_of_master),
		cmocka_unit_test(test_domain_on_xen),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_change_without_title),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_libvirt_takes_it),
		cmocka_unit_test(test_libvirt_keeps_other_names_apart),
		cmocka_unit_test(test_no_libvirt),
		cmocka_unit_test(test_probe),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
