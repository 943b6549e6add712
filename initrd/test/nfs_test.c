/* What the command line means to mount(2): tables, under glibc and klibc. */
#include "initrd/nfs/nfs.h"

#include "lib/test/tap.h"

#include <errno.h>

static struct xf_cmdline cmdline;

static void set(const char *vers, const char *options)
{
	snprintf(cmdline.share_vers, sizeof(cmdline.share_vers), "%s", vers);
	snprintf(cmdline.share_options, sizeof(cmdline.share_options), "%s", options);
}

static struct xf_addr address(const char *text)
{
	struct xf_addr a;

	CHECK(xf_addr_parse(text, strlen(text), &a) == 0, text);
	return a;
}

#define V3_TCP ",proto=tcp,mountproto=tcp"

static const struct {
	const char *name, *server, *vers, *given, *tried, *options;
} rows[] = {
	{ "nothing said", "10.0.0.1", "", "", "4.2", "vers=4.2,addr=10.0.0.1" },
	{ "options are kept", "10.0.0.1", "", "rsize=65536,port=2050", "4.1",
		"vers=4.1,addr=10.0.0.1,rsize=65536,port=2050" },
	{ "NFSv3 has local locks", "10.0.0.1", "3", "", "3",
		"vers=3,addr=10.0.0.1" V3_TCP ",nolock" },
	{ "given options come last", "10.0.0.1", "3", "proto=udp", "3",
		"vers=3,addr=10.0.0.1" V3_TCP ",proto=udp,nolock" },
	{ "NFSv3 with locks", "10.0.0.1", "3", "lock", "3", "vers=3,addr=10.0.0.1" V3_TCP ",lock" },
	{ "NFSv3 as the last resort, no portmapper", "10.0.0.1", "", "lock", "3",
		"vers=3,addr=10.0.0.1" V3_TCP ",lock,nolock" },
	{ "IPv6", "fd00::1", "", "", "4.2", "vers=4.2,addr=fd00::1" },
	{ "IPv6, NFSv3", "fd00::1", "3", "", "3",
		"vers=3,addr=fd00::1,proto=tcp6,mountproto=tcp6,nolock" },
};

static void test_options(void)
{
	char options[NFS_OPTIONS_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct xf_addr server = address(rows[i].server);

		set(rows[i].vers, rows[i].given);
		nfs_options(&cmdline, &server, rows[i].tried, options);
		CHECK_STR(options, rows[i].options, rows[i].name);
	}
}

static void test_longest(void)
{
	char options[NFS_OPTIONS_MAX], source[NFS_SOURCE_MAX];
	struct xf_addr server = address("1111:2222:3333:4444:5555:6666:7777:8888");

	memset(cmdline.share_options, 'x', sizeof(cmdline.share_options) - 1);
	memset(cmdline.share_path, 'p', sizeof(cmdline.share_path) - 1);
	CHECK(nfs_options(&cmdline, &server, "3", options) == 0, "the longest options fit");
	nfs_source(&cmdline, &server, source);
	CHECK(strlen(source) == sizeof(cmdline.share_path) - 1 + 39 + 3,
		"and so does the longest source");
}

static void test_source(void)
{
	char source[NFS_SOURCE_MAX];
	struct xf_addr v4 = address("10.0.0.1"), v6 = address("fd00::1");

	strcpy(cmdline.share_path, "/srv/share");
	CHECK_STR(nfs_source(&cmdline, &v4, source), "10.0.0.1:/srv/share", "source");
	CHECK_STR(nfs_source(&cmdline, &v6, source), "[fd00::1]:/srv/share", "IPv6 source");
}

static void test_versions(void)
{
	const char *const *v;

	set("", "");
	v = nfs_versions(&cmdline);
	CHECK(!strcmp(v[0], "4.2") && !strcmp(v[1], "4.1") && !strcmp(v[2], "4.0") &&
			!strcmp(v[3], "3") && !v[4],
		"all versions, the best first");
	set("4.1", "");
	v = nfs_versions(&cmdline);
	CHECK(!strcmp(v[0], "4.1") && !v[1], "the version asked for, and no other");
}

static const struct {
	const char *vers, *options;
	bool locks;
} locks[] = {
	{ "3", "lock", true },
	{ "3", "", false },
	{ "3", "nolock", false },
	{ "3", "nolock,lock", true },
	{ "3", "lock,nolock", false },
	{ "3", "rsize=4096,lock,soft", true },
	{ "3", "local_lock=none,locks", false },
	{ "", "lock", false },
	{ "4.2", "lock", false },
};

static const struct {
	const char *options;
	unsigned int port;
} ports[] = {
	{ "", 2049 },
	{ "port=20049", 20049 },
	{ "port=1,soft,port=2", 2 },
	{ "mountport=3", 2049 },
	{ "port", 2049 },
	{ "port=0", 2049 },
	{ "port=65536", 2049 },
};

static void test_asked(void)
{
	for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
		set(locks[i].vers, locks[i].options);
		CHECK(nfs_v3_locks(&cmdline) == locks[i].locks, locks[i].options);
	}
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		set("", ports[i].options);
		CHECK(nfs_port(&cmdline) == ports[i].port, ports[i].options);
	}
	CHECK(nfs_error(-EACCES)->final && !nfs_error(-ETIMEDOUT)->final && !nfs_error(-EIO)->final,
		"errors that stay, and errors that may pass");
	CHECK(nfs_error(-ENOKEY)->final, "a server's setting stays");
	CHECK(nfs_is_nobody(65534) && nfs_is_nobody(4294967294u), "the two nobodies");
	CHECK(!nfs_is_nobody(0) && !nfs_is_nobody(1000) && !nfs_is_nobody(65533),
		"root and others are somebody");
}

int main(void)
{
	test_options();
	test_longest();
	test_source();
	test_versions();
	test_asked();
	return tap_done();
}
