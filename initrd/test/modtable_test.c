/* The module table's parser and look-up, as xf-init and modprobe use them. */
#include "initrd/modtable.h"
#include "lib/test/tap.h"

#include <stdlib.h>

static struct modtable table;

static const char good[] = "xenfarm-modules 1 6.1.0-test\n"
			   "module virtio M/virtio.ko -\n"
			   "module virtio_net M/virtio_net.ko virtio,net_failover\n"
			   "module net_failover M/net_failover.ko -\n"
			   "builtin ext4\n"
			   "alias virtio:d00000001v* virtio_net\n"
			   "alias fs-ext4 ext4\n"
			   "alias pci:v00001AF4d0000[12]000* virtio\n";

static int parse(const char *text, unsigned int *line)
{
	static char buffer[4096];

	strcpy(buffer, text);
	return modtable_parse(buffer, strlen(text), &table, line);
}

static const char *found(const char *name)
{
	const struct modtable_module *module = modtable_find(&table, name);

	return module ? module->name : "none";
}

static void test_good(void)
{
	unsigned int line;

	CHECK(parse(good, &line) == 0, "a table");
	CHECK_STR(table.version, "6.1.0-test", "its kernel version");
	CHECK_STR(found("virtio_net"), "virtio_net", "by name");
	CHECK_STR(found("virtio-net"), "virtio_net", "by name with a dash");
	CHECK_STR(found("virtio:d00000001v00001AF4"), "virtio_net", "by modalias");
	CHECK_STR(found("pci:v00001AF4d00001000sv0"), "virtio", "by a modalias with a bracket");
	CHECK_STR(found("fs-ext4"), "ext4", "by what the kernel asks for");
	CHECK_STR(found("virtio:d00000002v00001AF4"), "none",
		"a device without a driver in the table");
	CHECK_STR(modtable_find(&table, "virtio_net")->deps, "virtio,net_failover", "dependencies");
	CHECK(modtable_find(&table, "ext4")->builtin, "built in");
}

static void test_bad(void)
{
	static const struct {
		const char *text, *name;
		unsigned int line;
	} bad[] = {
		{ "", "an empty table", 1 },
		{ "xenfarm-modules 2 6.1\n", "another version of the format", 1 },
		{ "xenfarm-modules 1 6.1\nmodule a b\n", "a module without dependencies", 2 },
		{ "xenfarm-modules 1 6.1\nmodule a b - x\n", "a word too many", 2 },
		{ "xenfarm-modules 1 6.1\n\nalias x y\n", "an alias of an unknown module", 3 },
		{ "xenfarm-modules 1 6.1\nblah\n", "an unknown word", 2 },
	};
	unsigned int line;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(parse(bad[i].text, &line) < 0 && line == bad[i].line, bad[i].name);
}

static void test_limits(void)
{
	char *text = malloc(64 * (MODTABLE_MODULES_MAX + 2)), *p = text;
	unsigned int line;

	p += sprintf(p, "xenfarm-modules 1 6.1\n");
	for (unsigned int i = 0; i <= MODTABLE_MODULES_MAX; i++)
		p += sprintf(p, "module m%u f -\n", i);
	CHECK(modtable_parse(text, p - text, &table, &line) < 0 && line == MODTABLE_MODULES_MAX + 2,
		"more modules than there is room for");
	free(text);
}

int main(void)
{
	test_good();
	test_bad();
	test_limits();
	return tap_done();
}
