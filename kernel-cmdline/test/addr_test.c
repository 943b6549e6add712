/*
 * Address text, read and written, under glibc and klibc.
 */
#include "kernel-cmdline/xfnet.h"
#include "lib/test/tap.h"

struct row {
	const char *text, *want;
};

/* Address text: "" for what is refused. */
static void test_addresses(void)
{
	static const struct row rows[] = {
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "192.0.2.10", "192.0.2.10" },
		{ "", "" },
		{ "256.1.1.1", "" },
		{ "1.2.3.256", "" },
		{ "1.2.3", "" },
		{ "1.2.3.4.5", "" },
		{ "1..2.3", "" },
		{ "1.2.3.", "" },
		{ "+1.2.3.4", "" },
		{ "1.2.3.0x4", "" },
		{ "00.0.0.0", "" },
		{ "1.2.3.4294967297", "" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "1::", "1::" },
		{ "2001:DB8::0:1", "2001:db8::1" },
		/* RFC 5952: not one group, the longest run, the first of equals */
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "0:0:1:2:3:4:0:0", "::1:2:3:4:0:0" },
		{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
		{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
		{ "fd00:0010:0200:3000::00a0", "fd00:10:200:3000::a0" },
		{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
		{ "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
		{ "1:2:3:4:5:6:7:1.2.3.4", "" },
		{ "1:2:3:4:5:6:7", "" },
		{ "1:2:3:4:5:6:7:8:9", "" },
		{ "1:2:3:4::5:6:7:8", "" },
		{ ":::", "" },
		{ "1::2::3", "" },
		{ ":1::", "" },
		{ "1:", "" },
		{ "1::2:", "" },
		{ "12345::", "" },
		{ "g::", "" },
		{ "::1.2.3", "" },
		{ "::1.2.3.4:5", "" },
		{ "fe80::1%eth0", "" },
	};
	char text[XF_ADDR_TEXT_MAX];
	struct xf_addr addr;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		text[0] = '\0';
		if (xf_addr_parse(rows[i].text, strlen(rows[i].text), &addr) == 0)
			xf_addr_format(&addr, text);
		CHECK_STR(text, rows[i].want, rows[i].text[0] ? rows[i].text : "no text");
	}
	CHECK(xf_addr_parse("1.2.3.45", 7, &addr) == 0 && addr.byte[3] == 4, "length is kept");
}

static void test_default_name(void)
{
	static const struct row rows[] = {
		{ "10.0.0.11", "xf-10-0-0-11" },
		{ "fd00::b", "xf-fd00--b" },
		{ "fd00::", "xf-fd00--0" },
		{ "2001:db8:1111:2222:3333:4444:5555:6666",
			"xf-2001-db8-1111-2222-3333-4444-5555-6666" },
	};
	char name[XF_NAME_MAX];
	struct xf_addr addr;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		xf_addr_parse(rows[i].text, strlen(rows[i].text), &addr);
		xf_default_name(&addr, name);
		CHECK_STR(name, rows[i].want, rows[i].text);
	}
}

int main(void)
{
	test_addresses();
	test_default_name();
	return tap_done();
}
