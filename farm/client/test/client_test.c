/* Addresses, command lines and disks of clients. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "farm/client/address.h"
#include "farm/client/cmdline.h"
#include "farm/client/console-log.h"
#include "farm/client/disk.h"
#include "farm/client/servers.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"

#define UUID  "6b1f0c52-8d7e-4b6a-9f43-2f1d5f3f7a10"
#define OTHER "7b1f0c52-8d7e-4b6a-9f43-2f1d5f3f7a10"

static struct net_farm farm_of(const char *text)
{
	struct net_farm farm = { 0 };

	assert_null(net_parse_address(&farm, text));
	return farm;
}

static struct xf_addr addr_of(const char *text)
{
	struct xf_addr addr;

	assert_int_equal(xf_addr_parse(text, strlen(text), &addr), 0);
	return addr;
}

/* --- addresses --- */

static void test_address_numbers(void **state)
{
	struct xf_addr a = addr_of("10.77.1.254"), b = address_to(address_of(&a));

	(void)state;
	assert_int_equal(address_of(&a), 0x0a4d01fe);
	assert_memory_equal(&a, &b, 5);
}

static void test_first_free(void **state)
{
	struct net_farm farm = farm_of("10.0.0.4/29"); /* .1 … .6 */
	uint32_t net = 0x0a000000, used[8];

	(void)state;
	assert_int_equal(address_first_free(&farm, used, 0), net + 5);
	used[0] = net + 6;
	used[1] = net + 5;
	assert_int_equal(address_first_free(&farm, used, 2), net + 1);
	used[2] = net + 1;
	used[3] = net + 3;
	assert_int_equal(address_first_free(&farm, used, 4), net + 2);
	used[4] = net + 2;
	assert_int_equal(address_first_free(&farm, used, 5), 0);
}

static void test_address_check(void **state)
{
	struct net_farm farm = farm_of("10.77.0.1/16");
	const uint32_t used[] = { 0x0a4d0009 };
	struct xf_addr good = addr_of("10.77.0.10"), taken = addr_of("10.77.0.9"),
		       server = addr_of("10.77.0.1"), outside = addr_of("10.78.0.1"),
		       network = addr_of("10.77.0.0"), broadcast = addr_of("10.77.255.255"),
		       six = addr_of("fd00::1");

	(void)state;
	assert_null(address_check(&farm, &good, used, 1));
	assert_string_equal(address_check(&farm, &taken, used, 1), "belongs to another client");
	assert_non_null(address_check(&farm, &server, used, 1));
	assert_non_null(address_check(&farm, &outside, used, 1));
	assert_non_null(address_check(&farm, &network, used, 1));
	assert_non_null(address_check(&farm, &broadcast, used, 1));
	assert_string_equal(address_check(&farm, &six, used, 1), "is not an IPv4 address");
}

/* --- command lines --- */

static struct client_cmdline line_example(const struct net_farm *farm)
{
	struct client_cmdline c = { .console = "ttyS0",
		.name = "web1",
		.uuid = UUID,
		.share = "/srv/xenfarm/share",
		.farm = farm,
		.address = addr_of("10.77.0.11"),
		.channel = "live" };

	return c;
}

static void test_cmdline(void **state)
{
	struct net_farm farm = farm_of("10.77.0.1/16");
	struct client_cmdline c = line_example(&farm);
	const char *wrong = NULL;
	AUTO_FREE char *live = client_cmdline_format(&c, &wrong);
	AUTO_FREE char *pinned = NULL, *canary = NULL;

	(void)state;
	assert_string_equal(live,
		"console=ttyS0 xfnet=10.77.0.11/16:10.77.0.1 xfshare=/srv/xenfarm/share "
		"xfname=web1 root=UUID=" UUID " rootwait "
		"systemd.machine_id=6b1f0c528d7e4b6a9f432f1d5f3f7a10");
	c.channel = "canary";
	canary = client_cmdline_format(&c, &wrong);
	assert_non_null(strstr(canary, " xfgen=canary"));
	c.generation = 12;
	pinned = client_cmdline_format(&c, &wrong);
	assert_non_null(strstr(pinned, " xfgen=12"));
	assert_null(strstr(pinned, "canary"));
}

static void test_servers(void **state)
{
	static const char *const bad[] = { "", "10.77.0.3", "10.77.0.2,", "10.77.0.1,10.77.0.1",
		"all", "10.77.0.2 10.77.0.1", "10.77.0.2,,10.77.0.1", "10.77.0.11" };
	struct net_farm farm = farm_of("10.77.0.1/16");
	struct xf_addr odd = addr_of("10.77.0.11"), even = addr_of("10.77.0.12");
	char text[XF_WORD_MAX];

	(void)state;
	assert_null(net_add_other(&farm, "10.77.0.2"));
	assert_null(client_servers_format(&farm, &odd, NULL, text));
	assert_string_equal(text, "10.77.0.11/16:10.77.0.2,10.77.0.1");
	assert_null(client_servers_format(&farm, &even, "spread", text));
	assert_string_equal(text, "10.77.0.12/16:10.77.0.1,10.77.0.2");
	assert_null(client_servers_format(&farm, &odd, "10.77.0.1,10.77.0.2", text));
	assert_string_equal(text, "10.77.0.11/16:10.77.0.1,10.77.0.2");
	assert_null(client_servers_format(&farm, &odd, "10.77.0.2", text));
	assert_string_equal(text, "10.77.0.11/16:10.77.0.2");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_non_null(client_servers_format(&farm, &odd, bad[i], text));
}

/* What a path may hold does not become another option. */
static void test_cmdline_refuses(void **state)
{
	static const char *const paths[] = { "/srv/a b", "/srv/a xffail=shell", "/srv/\"a",
		"/srv/a,ro", "srv/a", "/srv/\n" };
	struct net_farm farm = farm_of("10.77.0.1/16");
	struct client_cmdline c = line_example(&farm);

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		const char *wrong = NULL;

		c.share = paths[i];
		assert_null(client_cmdline_format(&c, &wrong));
		assert_non_null(wrong);
	}
}

static void assert_set(const char *line, const char *name, const char *value, const char *wanted)
{
	AUTO_FREE char *got = client_cmdline_set(line, name, value);

	assert_string_equal(got, wanted);
}

static void test_cmdline_set(void **state)
{
	(void)state;
	assert_set("a b", "xfgen", "3", "a b xfgen=3");
	assert_set("a xfgen=1 b", "xfgen", "3", "a b xfgen=3");
	assert_set("a xfgen=1 b xfgen=2", "xfgen", NULL, "a b");
	assert_set("xfgen=1", "xfgen", NULL, "");
	assert_set("", "xfgen", "3", "xfgen=3");
	assert_set("a=\"b xfgen=1\" xfgens=2 -xfgen=3", "xfgen", NULL,
		"a=\"b xfgen=1\" xfgens=2 -xfgen=3");
	assert_set("quiet -- xfgen=1 single", "xfgen", "3", "quiet xfgen=3 -- xfgen=1 single");
}

/* --- consoles --- */

static void assert_clean(const char *text, const char *wanted)
{
	AUTO_BUF struct buf out = { 0 };

	console_log_clean(text, strlen(text), &out);
	buf_add(&out, "", 1);
	assert_string_equal(out.data, wanted);
}

static void test_console_clean(void **state)
{
	(void)state;
	assert_clean("[  1.0] a\tb\r\nc\n", "[  1.0] a\tb\nc\n");
	assert_clean("\033[0;32m  OK  \033[0m] up\033[K\n", "  OK  ] up\n");
	assert_clean("\033]0;title\007x", "0;title\\007x"); /* sets a window's title */
	assert_clean("a\033cb", "ab");                      /* resets the terminal */
	assert_clean("\302\233"
		     "31m\x7f",
		"\\302\\23331m\\177");
	assert_clean("end \033", "end ");
	assert_clean("end \033[1;", "end ");
}

/* --- disks --- */

static char directory[] = "/tmp/xf-client-test.XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return fsroot_remove(AT_FDCWD, directory);
}

static enum disk_kind kind_of(const char *path, char uuid[static RECORD_UUID_SIZE])
{
	enum disk_kind kind;

	assert_int_equal(disk_look(path, &kind, uuid), 0);
	return kind;
}

/* Set bytes of a file. */
static void patch(const char *path, off_t at, const void *bytes, size_t n)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_int_equal(pwrite(fd, bytes, n, at), n);
}

static void test_disk(void **state)
{
	char key[RECORD_HOST_KEY_SIZE] = "";
	AUTO_FREE char *path = disk_path(directory, "web1");
	char uuid[RECORD_UUID_SIZE] = "";
	struct stat st;

	(void)state;
	assert_int_equal(kind_of(path, uuid), DISK_ABSENT);
	assert_int_equal(disk_make(path, 64, UUID, "web1", key), 0);
	assert_int_equal(kind_of(path, uuid), DISK_BLANK);
	assert_string_equal(uuid, UUID);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 64 << 20);
	assert_true(st.st_blocks < 4 << 11); /* sparse: less than 4 MiB */
	assert_int_equal(disk_make(path, 64, OTHER, "web1", key), -EEXIST);
	assert_int_equal(disk_sweep(path), 0);

	patch(path, 1024 + 0x2c, "\1\2\3\4", 4); /* as if it had been mounted */
	assert_int_equal(kind_of(path, uuid), DISK_USED);
	assert_int_equal(disk_remove(path, OTHER), -EPERM);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(disk_remove(path, UUID), 0);
	assert_int_equal(kind_of(path, uuid), DISK_ABSENT);
	assert_int_equal(disk_remove(path, UUID), 0);
}

/* What a command prints, without its last newline. */
static const char *output(const char *format, const char *argument)
{
	static char text[512];
	char command[512];
	FILE *f;
	size_t n;

	snprintf(command, sizeof(command), format, argument);
	f = popen(command, "r");
	n = fread(text, 1, sizeof(text) - 1, f);
	pclose(f);
	text[n && text[n - 1] == '\n' ? n - 1 : n] = '\0';
	return text;
}

/* The keys are on the disk, whole, for its root alone; and nowhere else. */
static void test_host_key(void **state)
{
	AUTO_FREE char *path = disk_path(directory, "web5");
	char key[RECORD_HOST_KEY_SIZE] = "", other[RECORD_HOST_KEY_SIZE] = "";

	(void)state;
	assert_int_equal(disk_make(path, 64, UUID, "web5", key), 0);
	assert_true(record_is_host_key(key));
	assert_string_equal(output("debugfs -R 'cat /.xenfarm-host-keys/ssh_host_ed25519_key.pub' "
				   "%s 2>/dev/null | cut -d ' ' -f 1-2",
				    path),
		key);
	assert_string_equal(
		output("cd %s && debugfs -R 'dump /.xenfarm-host-keys/ssh_host_ed25519_key "
		       "private' web5.xenfarm.img 2>/dev/null && chmod 600 private && "
		       "ssh-keygen -y -f private | cut -d ' ' -f 1-2 && rm private",
			directory),
		key);
	assert_string_equal(output("debugfs -R 'ls -l /.xenfarm-host-keys' %s 2>/dev/null | awk "
				   "'$9 ~ /_key/ { print $2, $9 }' | sort | tr '\\n' ' '",
				    path),
		"100600 ssh_host_ecdsa_key 100600 ssh_host_ed25519_key 100600 ssh_host_rsa_key "
		"100644 ssh_host_ecdsa_key.pub 100644 ssh_host_ed25519_key.pub 100644 "
		"ssh_host_rsa_key.pub ");
	assert_string_equal(
		output("debugfs -R 'ls -l /' %s 2>/dev/null | grep host-keys | cut -c 10-15", path),
		" 40700");
	assert_string_equal(output("find %s -name '.*' | wc -l", directory), "0");
	assert_int_equal(disk_remove(path, UUID), 0);
	assert_int_equal(disk_make(path, 64, UUID, "web5", other), 0);
	assert_string_not_equal(key, other);
	assert_int_equal(disk_remove(path, UUID), 0);
}

/* What a kill leaves goes, the key with it. */
static void test_sweep(void **state)
{
	AUTO_FREE char *path = disk_path(directory, "web6");

	(void)state;
	output("mkdir -p %s/.web6.xenfarm.img.content/keys", directory);
	output("touch %s/.web6.xenfarm.img.content/keys/private", directory);
	assert_int_equal(disk_sweep(path), 1);
	assert_string_equal(output("find %s -name '.*' | wc -l", directory), "0");
	assert_int_equal(disk_sweep(path), 0);
}

static void test_foreign_disks(void **state)
{
	char key[RECORD_HOST_KEY_SIZE] = "";
	AUTO_FREE char *path = disk_path(directory, "web2");
	AUTO_FREE char *link = disk_path(directory, "web3");
	AUTO_FREE char *fifo = disk_path(directory, "web4");
	char uuid[RECORD_UUID_SIZE] = "";

	(void)state;
	patch(path, 0, "short", 5);
	assert_int_equal(kind_of(path, uuid), DISK_FOREIGN);
	assert_int_equal(disk_remove(path, UUID), -EPERM);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(disk_make(path, 64, UUID, "web1", key), 0);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(kind_of(link, uuid), DISK_FOREIGN);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(kind_of(fifo, uuid), DISK_FOREIGN);
	patch(path, 1024 + 0x78, "another", 8);
	assert_int_equal(kind_of(path, uuid), DISK_FOREIGN);
}

static void test_two_names(void **state)
{
	AUTO_FREE char *path = disk_path(directory, "old");
	AUTO_FREE char *name = disk_path(directory, "new");
	AUTO_FREE char *other = disk_path(directory, "other");

	(void)state;
	patch(path, 0, "a", 1);
	patch(other, 0, "a", 1);
	assert_int_equal(disk_link(path, name), 0);
	assert_int_equal(disk_link(path, name), 0);
	assert_int_equal(disk_link(path, other), -EEXIST);
	assert_int_equal(disk_unlink(path), 0);
	assert_int_equal(disk_unlink(path), 0);
}

/* A rename that was cut off: both names go, and a copy stays. */
static void test_remove_two_names(void **state)
{
	char key[RECORD_HOST_KEY_SIZE] = "";
	AUTO_FREE char *path = disk_path(directory, "a");
	AUTO_FREE char *name = disk_path(directory, "b");
	AUTO_FREE char *command = NULL;
	char uuid[RECORD_UUID_SIZE], other[sizeof(directory) + 16];

	(void)state;
	snprintf(other, sizeof(other), "%s/a.backup", directory);
	assert_int_equal(disk_make(path, 64, UUID, "web1", key), 0);
	assert_int_equal(disk_link(path, name), 0);
	assert_int_equal(link(path, other), 0);
	assert_true(asprintf(&command, "cp --sparse=always %s %s/copy.xenfarm.img", path,
			    directory) > 0);
	assert_int_equal(system(command), 0);
	assert_int_equal(disk_remove(path, UUID), 0);
	assert_int_equal(kind_of(path, uuid), DISK_ABSENT);
	assert_int_equal(kind_of(name, uuid), DISK_ABSENT);
	assert_int_equal(kind_of(other, uuid), DISK_BLANK);
	free(path);
	path = disk_path(directory, "copy");
	assert_int_equal(kind_of(path, uuid), DISK_BLANK);
}

/* A disk that could not be made leaves nothing. */
static void test_failed_disk(void **state)
{
	char key[RECORD_HOST_KEY_SIZE] = "";
	AUTO_FREE char *path = disk_path(directory, "small");
	AUTO_FREE char *nowhere = disk_path("/nonexistent", "web1");
	char uuid[RECORD_UUID_SIZE];

	(void)state;
	assert_int_equal(disk_make(path, 64, "not a UUID", "web1", key), -EIO);
	assert_int_equal(kind_of(path, uuid), DISK_ABSENT);
	assert_int_equal(disk_sweep(path), 0);
	assert_int_equal(disk_make(nowhere, 64, UUID, "web1", key), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_numbers),
		cmocka_unit_test(test_first_free),
		cmocka_unit_test(test_address_check),
		cmocka_unit_test(test_cmdline),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_cmdline_refuses),
		cmocka_unit_test(test_cmdline_set),
		cmocka_unit_test(test_console_clean),
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_host_key),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_foreign_disks),
		cmocka_unit_test(test_two_names),
		cmocka_unit_test(test_remove_two_names),
		cmocka_unit_test(test_failed_disk),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
