/* What xf-init leaves for the system that follows, in a root of the test's own. */
#include "initrd/handover.h"

#include "initrd/test/fake.h"
#include "initrd/test/sandbox.h"
#include "lib/paths.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static struct boot boot = {
	.interface = { .name = "eth0", .mac = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 } },
	.share = { .version = "4.2", .generation = 7, .tree = "/mroot/live" },
	.root = { .device = "/dev/vda1" },
	.agent = "done",
};

static void parse(const char *options)
{
	static struct xf_problems problems;
	char text[256];
	int n = snprintf(text, sizeof(text),
		"xfnet=10.0.0.9/24:10.0.0.1,10.0.0.2:10.0.0.254 xfname=web %s", options);

	CHECK(xf_cmdline_parse(text, (size_t)n, &boot.cmdline, &problems) == 0, options);
	boot.share.server = boot.cmdline.net.server[0];
}

static void holds(const char *path, const char *text, const char *name)
{
	if (!CHECK(strstr(sandbox_read(path), text) != NULL, name))
		printf("# %s: no \"%s\" in: %s\n", path, text, sandbox_read(path));
}

static void test_key(void)
{
	CHECK(handover_begin() == 0 && !sandbox_exists(PATH_RUN_KEY), "an initrd without a key");
	sandbox_file("/etc/xenfarm/share.pub", "the key\n");
	CHECK(handover_begin() == 0, "one with a key");
	CHECK_STR(sandbox_read(PATH_RUN_KEY), "the key\n", "hands it on");
}

static void test_systemd(void)
{
	static const char drop_in[] = "/run/systemd/system/mroot.mount.d/xenfarm.conf";

	parse("");
	sandbox_file("/root/usr/lib/systemd/systemd", NULL);
	mkdir("/root/sbin", 0755);
	CHECK(symlink("/lib/systemd/systemd", "/root/sbin/init") == 0 && handover_files(&boot) == 0,
		"a system with systemd");
	holds("/run/systemd/network/00-xenfarm.network", "MACAddress=52:54:00:12:34:56\n",
		"the link");
	holds("/run/systemd/network/00-xenfarm.network", "\nUnmanaged=yes\n", "is not networkd's");
	holds("/run/systemd/network/00-xenfarm.network", "\nKeepConfiguration=yes\n",
		"and keeps all");
	holds("/run/systemd/network/00-xenfarm.link", "\nNamePolicy=keep\n", "its name, too");
	holds("/run/NetworkManager/conf.d/00-xenfarm.conf", "=mac:52:54:00:12:34:56\nmanaged=0\n",
		"nor NetworkManager's");
	holds("/run/network/ifstate", "eth0=eth0\n", "ifupdown thinks that it is up");
	holds("/run/systemd/system/networking.service.d/xenfarm.conf",
		"EXCLUDE_INTERFACES=eth0 eth0", "and leaves it when it stops");
	CHECK(sandbox_exists("/run/systemd/system/ifup@eth0.service"), "hotplug leaves it alone");
	holds(drop_in, "\nDefaultDependencies=no\n", "the share is not unmounted early");
	holds("/run/systemd/system/xenfarm-guard-poweroff.service",
		"ExecStart=/run/initramfs/shutdown --guard poweroff\n", "a guard for poweroff");
	holds("/run/systemd/system/xenfarm-guard-reboot.service",
		"ExecStart=/run/initramfs/shutdown --guard reboot\n", "and one for reboot");
	CHECK(sandbox_exists("/run/systemd/system/multi-user.target.wants/"
			     "xenfarm-guard-reboot.service"),
		"that are started");
	CHECK_STR(sandbox_read("/run/initramfs/shutdown"), "the exit program", "the exit program");
	CHECK(access("/run/initramfs/shutdown", X_OK) == 0, "that can be run");
	CHECK_STR(sandbox_read("/run/initramfs/share/current"), "7\n", "that has the share, too");
	CHECK(handover_files(&boot) == 0, "the step may be tried again");
	CHECK(umount2("/run/initramfs/share", 0) == 0 &&
			!sandbox_exists("/run/initramfs/share/current"),
		"which mounts it once");
}

static void test_vlan(void)
{
	strcpy(boot.interface.name, "eth0.5");
	strcpy(boot.interface.parent, "eth0");
	CHECK(handover_files(&boot) == 0, "a VLAN");
	holds("/run/network/ifstate", "eth0.5=eth0.5\neth0=eth0\n", "the NIC under it, too");
	CHECK(sandbox_exists("/run/systemd/system/ifup@eth0.5.service"), "and for hotplug");
	strcpy(boot.interface.name, "eth0");
	boot.interface.parent[0] = '\0';
}

static void test_sysvinit(void)
{
	sandbox_empty("/run");
	unlink("/root/sbin/init");
	sandbox_file("/root/sbin/init", NULL);
	sandbox_file("/root/etc/init.d/umountnfs.sh", "umount -a -t nfs\n");
	CHECK(handover_begin() == 0 && handover_files(&boot) == 0, "a system without systemd");
	CHECK(!sandbox_exists("/run/systemd/system"), "is not told that systemd runs");
	CHECK(!sandbox_exists("/run/initramfs/share"), "and mounts the share once");
	holds("/root/etc/init.d/umountnfs.sh", "nfs*:10.0.0.1:*", "its script spares the share");
	umount2("/root/etc/init.d/umountnfs.sh", MNT_DETACH);
	CHECK_STR(sandbox_read("/root/etc/init.d/umountnfs.sh"), "umount -a -t nfs\n",
		"and is not changed on the disk");
	parse("init=/lib/systemd/systemd");
	CHECK(handover_files(&boot) == 0 && sandbox_exists("/run/systemd/system"),
		"init= may name systemd");
}

static void check_key(const char *key, size_t n)
{
	char line[32];

	snprintf(line, sizeof(line), "\n%.*s=", (int)n, key);
	CHECK(strstr(sandbox_read(PATH_RUN_RECORD), line) ||
			!strncmp(sandbox_read(PATH_RUN_RECORD), line + 1, strlen(line + 1)),
		line + 1);
}

/* The keys of docs/boot-contract.md, which is a table: | `key`, `key` | value | */
static void test_contract(const char *contract)
{
	const char *line = strstr(contract, "| key | value |");

	if (!CHECK(line != NULL, "the contract has a table of keys"))
		return;
	while ((line = strchr(line, '\n')) && *++line == '|') {
		const char *value = strstr(line, " | ");

		if (line[1] == '-')
			continue;
		for (const char *p = strchr(line, '`'); p && p < value; p = strchr(p + 1, '`')) {
			size_t n = strcspn(++p, "`");

			if (strncmp(p, "step.NAME", n))
				check_key(p, n);
			p += n;
		}
	}
}

static void test_record(const char *contract)
{
	parse("xfshare=/srv/farm,port=2050 xfnet.vlan=5");
	boot.time[0].name = "devices";
	boot.time[0].ms = 20;
	boot.n_times = 1;
	CHECK(handover_record(&boot) == 0, "the record");
	CHECK_STR(sandbox_read(PATH_RUN_RECORD),
		"version=" XF_VERSION
		"\nname=web\ninterface=eth0\nmac=52:54:00:12:34:56\nvlan=5\nclient=10.0.0.9\n"
		"prefix=24\ngateway=10.0.0.254\nservers=10.0.0.1,10.0.0.2\nserver=10.0.0.1\nport="
		"2050\nshare=/srv/farm\n"
		"nfs=4.2\ngeneration=7\nchannel=live\ntree=/mroot/live\nroot=/dev/"
		"vda1\nagent=done\n"
		"step.devices=20\n",
		"says what this boot found");
	test_contract(contract);
	boot.agent = NULL;
	CHECK(handover_record(&boot) == 0, "a record before the agent has run");
	holds(PATH_RUN_RECORD, "\nagent=\n", "leaves its result open");
	boot.agent = "done";
	parse("xfgen=canary");
	CHECK(handover_record(&boot) == 0, "a record of a client in a channel");
	holds(PATH_RUN_RECORD, "\nchannel=canary\n", "names it");
	parse("xfgen=7");
	CHECK(handover_record(&boot) == 0, "a record of a client that is pinned");
	holds(PATH_RUN_RECORD, "\nchannel=\n", "has no channel");
}

int main(void)
{
	static char contract[65536];
	FILE *doc = fopen("docs/boot-contract.md", "r");
	const char *reason;

	if (!doc) {
		printf("Bail out! no docs/boot-contract.md: run it from the root of the tree\n");
		return 1;
	}
	contract[fread(contract, 1, sizeof(contract) - 1, doc)] = '\0';
	fclose(doc);
	reason = sandbox_enter();
	if (reason) {
		tap_skip("what is handed over", reason);
		return tap_done();
	}
	mkdir("/run", 0755);
	sandbox_file("/shutdown", "the exit program");
	chmod("/shutdown", 0755);
	sandbox_file("/mroot/current", "7\n");
	test_key();
	test_systemd();
	test_vlan();
	test_sysvinit();
	test_record(contract);
	return tap_done();
}
