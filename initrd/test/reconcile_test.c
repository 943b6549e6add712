/*
 * Reconciling, and the first boot of a blank root, in a root of the test's own. The share's
 * programs are a table of how they end; what they would have made is made here.
 */
#include "initrd/reconcile.h"

#include "initrd/handover.h"
#include "initrd/test/fake.h"
#include "initrd/test/sandbox.h"
#include "initrd/tools.h"
#include "lib/paths.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK "/root/.xenfarm-first-boot"

static struct {
	int agent, copy; /* how they end */
	unsigned int limit;
	char argv[4096];     /* of the last one but ssh-keygen, with spaces */
	bool marked, synced; /* when the agent began: the mark was there, and on the disk */
	bool etc_only;       /* the fill makes no /etc/ssh */
	bool handed;         /* when ssh-keygen began: the key of the server was there */
} tools;

/* What there is when everything is written to the disks: the mark, and the client's own files. */
static char synced[64];

void sync(void)
{
	size_t n = strlen(synced);

	snprintf(synced + n, sizeof(synced) - n, "%s%s ", sandbox_exists(MARK) ? "mark" : "",
		sandbox_exists("/root/etc/machine-id") ? "+id" : "");
}

static void fill(void)
{
	sandbox_file("/root/etc/fstab", "the master's\n");
	sandbox_file("/root/etc/hostname", "master\n");
	mkdir("/root/etc/ssh", 0755);
}

int tools_run(const struct mounted_share *share, unsigned int limit, const char *const argv[],
	int *status)
{
	bool is_agent = !strcmp(argv[0], "/usr/sbin/xf-agent");

	(void)share;
	if (strstr(argv[0], "ssh-keygen")) {
		tools.handed = sandbox_exists("/root/etc/ssh/ssh_host_ed25519_key");
		sandbox_file("/root/etc/ssh/ssh_host_key", argv[3]);
		*status = 0;
		return 0;
	}
	tools.limit = limit;
	tools.marked = sandbox_exists(MARK);
	tools.synced = synced[0];
	tools.argv[0] = '\0';
	for (unsigned int i = 0; argv[i]; i++)
		if (strncmp(argv[i], "bad=", 4))
			strcat(strcat(tools.argv, argv[i]), " ");
	if (tools.marked)
		fill();
	*status = is_agent ? tools.agent : tools.copy;
	return *status < 0 ? *status : 0;
}

static struct xf_cmdline cmdline;
static struct mounted_root root = { .device = "/dev/vda", .type = "ext4" };
static struct mounted_share share = { .tree = "/mroot/live", .generation = 7 };
static const char *outcome;

static int run(int agent, int copy)
{
	fake_reset();
	synced[0] = '\0';
	memset(&tools, 0, sizeof(tools));
	tools.agent = agent;
	tools.copy = copy;
	outcome = "";
	return reconcile_root(&cmdline, &share, &root, &outcome);
}

static void parse(const char *options)
{
	static struct xf_problems problems;
	char text[256];
	int n = snprintf(text, sizeof(text), "xfnet=10.0.0.9/24:10.0.0.1 xfname=web %s", options);

	CHECK(xf_cmdline_parse(text, (size_t)n, &cmdline, &problems) == 0, options);
}

static void blank(void)
{
	sandbox_empty("/root");
	mkdir("/root/lost+found", 0700);
}

static const struct {
	int agent, copy;
	bool filled;
	const char *outcome, *name;
} fills[] = {
	{ 0, -1, true, "filled", "the agent fills it" },
	{ 10, -1, true, "filled", "conflicts are no failure" },
	{ 11, -1, true, "filled", "nor is what was put off" },
	{ 20, 0, false, NULL, "a guard's refusal is one" },
	{ 30, 0, false, NULL, "so is an agent that rolled back" },
	{ 1, 0, false, NULL, "and one that failed" },
	{ -ETIMEDOUT, 0, false, NULL, "and one that took too long" },
	{ -ENOENT, 0, true, "copied", "without an agent it is copied" },
	{ -ENOENT, 1, false, NULL, "a copy that failed is one, too" },
	{ -ENOENT, -ENOENT, false, NULL, "and a share without tar" },
};

static void test_fills(void)
{
	parse("root=UUID=11111111-1111-1111-1111-111111111111");
	for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
		blank();
		CHECK((run(fills[i].agent, fills[i].copy) == 0) == fills[i].filled, fills[i].name);
		CHECK(tools.marked && tools.synced, "what is begun is marked, on the disk");
		CHECK(sandbox_exists(MARK) == !fills[i].filled,
			fills[i].filled ? "the mark is gone" : "it stays marked as not done");
		if (!fills[i].filled)
			continue;
		CHECK_STR(outcome, fills[i].outcome, "the outcome");
		CHECK_STR(
			synced, "mark mark+id +id ", "the mark goes when all else is on the disk");
	}
	blank();
	run(30, 0);
	CHECK(run(0, -1) == 0 && strstr(tools.argv, "xf-agent") && fake_logged("interrupted"),
		"what was not done is begun again at the next boot");
}

static void test_own(void)
{
	char first[64];
	struct stat st;

	parse("root=UUID=11111111-1111-1111-1111-111111111111 rootflags=noatime");
	sandbox_file(PATH_RUN_KEY, "the key\n");
	blank();
	run(0, -1);
	snprintf(first, sizeof(first), "%s", sandbox_read("/root/etc/machine-id"));
	CHECK(strlen(first) == 33 && strspn(first, "0123456789abcdef") == 32 && first[12] == '4',
		"a machine-id");
	CHECK(stat("/root/etc/machine-id", &st) == 0 && (st.st_mode & 07777) == 0444,
		"that nobody writes");
	CHECK_STR(sandbox_read("/root/etc/hostname"), "web\n", "its own name, not the master's");
	CHECK(strstr(sandbox_read("/root/etc/fstab"),
		      "\nUUID=11111111-1111-1111-1111-111111111111 / ext4 noatime 0 1\n") != NULL,
		"its own disk in fstab");
	CHECK_STR(sandbox_read("/root/etc/ssh/ssh_host_key"), TOOLS_TARGET, "its own host keys");
	CHECK_STR(sandbox_read("/root/etc/xenfarm/share.pub"), "the key\n", "the share's key");
	blank();
	run(0, -1);
	CHECK(strcmp(sandbox_read("/root/etc/machine-id"), first) != 0,
		"a second client has another machine-id");
	snprintf(first, sizeof(first), "%s", sandbox_read("/root/etc/machine-id"));
	run(0, -1);
	CHECK_STR(sandbox_read("/root/etc/machine-id"), first, "which the next boot leaves alone");
	CHECK(!fake_logged("hostname"), "nor is the name written again");
	CHECK(!strcmp(outcome, "done") && tools.limit == 120, "as it is no blank root any more");
	sandbox_file(MARK, NULL);
	run(0, -1);
	CHECK(!strcmp(outcome, "filled"), "a fill that was cut off at its very end");
	CHECK_STR(sandbox_read("/root/etc/machine-id"), first, "keeps the identity that was made");
}

#define ID      "/root/etc/machine-id"
#define DBUS_ID "/root/var/lib/dbus/machine-id"
#define PRESET  "/run/systemd/system-preset/00-xenfarm.preset"
#define UUID    "6b1f0c528d7e4b6a9f432f1d5f3f7a10"

static void boot_as(const char *options)
{
	unlink(PRESET);
	parse(options);
	CHECK(run(0, -1) == 0, options);
}

/* Where systemd is the init, it has to find that the boot is the first, and the id that it will be.
 */
static void test_first_boot_of_systemd(void)
{
	char first[64];

	mkdir("/mroot/live/sbin", 0755);
	CHECK(symlink("/lib/systemd/systemd", "/mroot/live/sbin/init") == 0, "systemd is the init");
	blank();
	boot_as("root=LABEL=x");
	CHECK_STR(sandbox_read(ID), "uninitialized\n", "the machine-id is systemd's to write");
	snprintf(first, sizeof(first), "%s", sandbox_read(DBUS_ID));
	CHECK(strlen(first) == 33 && first[12] == '4', "which is found where systemd looks for it");
	CHECK(strstr(sandbox_read(PRESET), "\nignore *\ndisable *\n") != NULL,
		"units stay as the master has them");
	boot_as("root=LABEL=x");
	CHECK_STR(sandbox_read(ID), "uninitialized\n", "after a power cut it is still the first");
	CHECK_STR(sandbox_read(DBUS_ID), first, "of the same machine");
	CHECK(sandbox_exists(PRESET), "with the master's units");
	sandbox_file(MARK, NULL);
	unlink(ID);
	boot_as("root=LABEL=x");
	CHECK_STR(sandbox_read(DBUS_ID), first, "cut off in the fill, too");
	sandbox_file(ID, first);
	boot_as("root=LABEL=x");
	CHECK(!sandbox_exists(PRESET), "then presets are as anywhere");
	CHECK_STR(sandbox_read(ID), first, "and the machine-id stays");
	unlink(ID);
	boot_as("root=LABEL=x");
	CHECK(sandbox_exists(PRESET), "an administrator who wants a first boot removes the file");

	blank();
	boot_as("root=LABEL=x systemd.machine_id=" UUID);
	CHECK(!sandbox_exists(DBUS_ID), "systemd.machine_id= systemd reads by itself");
	CHECK_STR(sandbox_read(ID), "uninitialized\n", "it is a first boot all the same");
	blank();
	boot_as("root=LABEL=x init=/bin/other systemd.machine_id=" UUID);
	CHECK_STR(sandbox_read(ID), UUID "\n", "with another init the id is written");
	blank();
	boot_as("root=LABEL=x init=/lib/systemd/systemd");
	CHECK_STR(sandbox_read(ID), "uninitialized\n", "init= names systemd");
	unlink("/mroot/live/sbin/init");
	CHECK(symlink("runit-systemd", "/mroot/live/sbin/init") == 0, "another init");
	blank();
	boot_as("root=LABEL=x");
	CHECK(strlen(sandbox_read(ID)) == 33 && !sandbox_exists(PRESET), "needs no presets");
	unlink("/mroot/live/sbin/init");
}

/* A client that got another name. */
static void test_name(void)
{
	parse("root=UUID=11111111-1111-1111-1111-111111111111");
	blank();
	run(0, -1);
	strcpy(cmdline.name, "db1");
	CHECK(run(0, -1) == 0 && fake_logged("/etc/hostname now says db1"), "it is said");
	CHECK_STR(sandbox_read("/root/etc/hostname"), "db1\n", "/etc/hostname follows it");
	strcpy(cmdline.name, "db2");
	cmdline.agent = false;
	run(0, -1);
	CHECK_STR(sandbox_read("/root/etc/hostname"), "db2\n", "without the agent, too");
	sandbox_file("/root/etc/hostname", "mine\n");
	strcpy(cmdline.name, "db3");
	CHECK(run(0, -1) == 0 && !fake_log[0], "an administrator's name");
	CHECK_STR(sandbox_read("/root/etc/hostname"), "mine\n", "stays");
	sandbox_file("/root/etc/hostname", "db2\n");
	unlink("/root/etc/hostname.xf-new");
	sandbox_file("/root/etc/hostname.xf-new/in-the-way", NULL);
	CHECK(run(0, -1) == 0 && fake_logged("/etc/hostname keeps its name: EISDIR"),
		"a name that cannot be written is no reason not to boot");
}

/* The server put a host key on the blank disk, so that it knows it. */
static void test_handed_keys(void)
{
	parse("root=UUID=11111111-1111-1111-1111-111111111111");
	blank();
	sandbox_file("/root/.xenfarm-host-keys/ssh_host_ed25519_key", "private");
	sandbox_file("/root/.xenfarm-host-keys/ssh_host_ed25519_key.pub", "public");
	CHECK(run(0, -1) == 0 && !strcmp(outcome, "filled"), "a disk with a host key is blank");
	CHECK_STR(sandbox_read("/root/etc/ssh/ssh_host_ed25519_key"), "private", "it has that key");
	CHECK_STR(sandbox_read("/root/etc/ssh/ssh_host_ed25519_key.pub"), "public", "all of it");
	CHECK(tools.handed, "before others are made");
	CHECK(!sandbox_exists("/root/.xenfarm-host-keys"), "which is nowhere else any more");
	blank();
	sandbox_file("/root/etc/ssh/ssh_host_ed25519_key", "private");
	sandbox_file("/root/.xenfarm-host-keys/ssh_host_ed25519_key.pub", "public");
	sandbox_file(MARK, NULL);
	CHECK(run(0, -1) == 0, "cut off between two of its files");
	CHECK_STR(sandbox_read("/root/etc/ssh/ssh_host_ed25519_key"), "private", "the first stays");
	CHECK_STR(sandbox_read("/root/etc/ssh/ssh_host_ed25519_key.pub"), "public",
		"the second follows");
}

static const struct {
	const char *option;
	int agent;
	const char *outcome, *said;
} boots[] = {
	{ "", 0, "done", "" },
	{ "", 10, "done", "" },
	{ "", 11, "done", "" },
	{ "", 30, "failed", "ended with 30: booting" },
	{ "", 128 + 11, "failed", "ended with 139: booting" },
	{ "", -ETIMEDOUT, "failed", "was stopped after 120 s: booting" },
	{ "", -ENOMEM, "failed", "xf-agent: ENOMEM: booting" },
	{ "", -ENOENT, "none", "" },
	{ "xfagent=off", 30, "off", "" },
};

static void test_boots(void)
{
	blank();
	sandbox_file("/root/etc/passwd", "mine\n");
	for (size_t i = 0; i < sizeof(boots) / sizeof(boots[0]); i++) {
		parse(boots[i].option);
		CHECK(run(boots[i].agent, -1) == 0, "the boot goes on");
		CHECK_STR(outcome, boots[i].outcome, "the outcome");
		CHECK(boots[i].said[0] ? fake_logged(boots[i].said) : !fake_log[0], boots[i].said);
		CHECK(!sandbox_exists(MARK) && !sandbox_exists("/root/etc/machine-id"),
			"nothing of a first boot");
	}
	parse("");
	run(0, -1);
	CHECK_STR(tools.argv,
		"/usr/sbin/xf-agent boot --root /target --source /mroot --pub "
		"/run/xenfarm/share.pub ",
		"the agent, with the key from the initrd");
}

/* Which members tar is given. */
static void test_copy(void)
{
	static const char layout[] =
		"# xenfarm layout 1\nbind usr\nlink bin usr/bin\nbind var/lib/dpkg\n"
		"writeable usr/local\n";
	static const char *const in[] = { " ./etc ", " ./var ", " ./usr/local ", " ./tmp ",
		" --exclude=./var/lib/dpkg " };
	static const char *const out[] = { " ./usr ", " ./bin " };
	unsigned int line;
	const char *what, *plain, *recursive;

	CHECK(layout_parse(layout, strlen(layout), &share.layout, &line, &what) == 0, "a layout");
	for (size_t i = 0; i < 5; i++) {
		static const char *const tops[] = { "etc", "var", "tmp", "usr", "bin" };
		char path[64];

		snprintf(path, sizeof(path), "/mroot/live/%s/x", tops[i]);
		sandbox_file(path, NULL);
	}
	parse("xfagent=off");
	blank();
	CHECK(run(-1, 0) == 0 && !strcmp(outcome, "copied"), "a blank root without the agent");
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		CHECK(strstr(tools.argv, in[i]) != NULL, in[i]);
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		CHECK(strstr(tools.argv, out[i]) == NULL, out[i]);
	plain = strstr(tools.argv, "--no-recursion");
	recursive = strstr(tools.argv, "--recursion");
	CHECK(plain && recursive && strstr(plain, " ./tmp ") < recursive &&
			strstr(plain, " ./etc ") > recursive,
		"of what a running system fills, the empty directory alone");
}

int main(void)
{
	const char *reason = sandbox_enter();

	if (reason) {
		tap_skip("reconciling", reason);
		return tap_done();
	}
	mkdir("/root", 0755);
	sandbox_file("/mroot/live/etc/passwd", NULL);
	test_fills();
	test_own();
	test_first_boot_of_systemd();
	test_name();
	test_handed_keys();
	test_boots();
	test_copy();
	return tap_done();
}
