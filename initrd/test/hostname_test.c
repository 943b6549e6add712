/*
 * /etc/hostname of a root, in a directory of the test's own. A power cut is an end before a rename;
 * what fsync() was asked for by then is what survives one.
 */
#include "initrd/hostname.h"

#include "initrd/file.h"
#include "lib/paths.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[64];
static int renames_left;              /* 0: the next one is a power cut; -1: none is */
static bool content_synced, in_order; /* what is renamed is on the disk; so was all before it */
static bool entry_synced;             /* the last rename is on the disk */

int rename(const char *from, const char *to)
{
	if (renames_left == 0)
		_exit(in_order ? 0 : 1);
	if (renames_left > 0)
		renames_left--;
	in_order = in_order && content_synced && entry_synced;
	content_synced = entry_synced = false;
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		entry_synced = true;
	else
		content_synced = true;
	return 0;
}

static const char *in(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

static const char *get(const char *name)
{
	static char text[256];

	file_read(in(name), text, sizeof(text));
	return text;
}

static void begin(int renames)
{
	renames_left = renames;
	in_order = entry_synced = true;
	content_synced = false;
}

/* NULL: no file. */
static void set(const char *hostname, const char *written)
{
	unlink(in("etc/hostname"));
	unlink(in(PATH_ETC_NAME));
	if (hostname)
		file_write(in("etc/hostname"), 0644, hostname);
	if (written)
		file_write(in(PATH_ETC_NAME), 0644, written);
}

static const struct {
	const char *hostname, *written; /* before */
	int rc;
	const char *after, *kept;
	const char *name;
} follows[] = {
	{ "web1\n", "web1\n", 1, "db1", "db1", "the name follows the client's" },
	{ "web1", "web1\n", 1, "db1", "db1", "written without a newline, too" },
	{ "db1\n", "db1\n", 0, "db1", "db1", "it is the same already" },
	{ "mine\n", "web1\n", 0, "mine", "web1", "an administrator's name stays" },
	{ "db1\n", "web1\n", 0, "db1", "web1", "his, as it happens the client's" },
	{ "web1\n# mine\n", "web1\n", 0, "web1\n# mine", "web1", "and his words" },
	{ "web\n", "web1\n", 0, "web", "web1", "one that begins like ours" },
	{ "web10\n", "web1\n", 0, "web10", "web1", "one that ours begins" },
	{ "web1\n", NULL, 0, "web1", "", "one from before such names were kept" },
	{ "", "web1\n", 0, "", "web1", "an empty file is his" },
	{ "", "", 0, "", "", "whatever is kept" },
	{ NULL, "web1\n", 0, "", "web1", "so is none" },
	{ "web1\n", "web1\ndb1\n", 1, "db1", "db1", "cut off before the name was written" },
	{ "db1\n", "web1\ndb1\n", 1, "db1", "db1", "cut off after it" },
	{ "a\n", "a\nb\n", 1, "db1", "db1", "cut off on the way to another name" },
	{ "b\n", "a\nb\n", 1, "db1", "db1", "cut off at its end" },
};

static void test_follow(void)
{
	for (size_t i = 0; i < sizeof(follows) / sizeof(follows[0]); i++) {
		set(follows[i].hostname, follows[i].written);
		begin(-1);
		CHECK(hostname_follow(root, "db1") == follows[i].rc, follows[i].name);
		CHECK_STR(get("etc/hostname"), follows[i].after, "the name");
		CHECK_STR(get(PATH_ETC_NAME), follows[i].kept, "what is kept");
	}
}

static void test_set(void)
{
	struct stat st;

	set("master\n", NULL);
	begin(-1);
	CHECK(hostname_set(root, "web1") == 0, "a new client gets its name");
	CHECK_STR(get("etc/hostname"), "web1", "not the master's");
	CHECK(stat(in("etc/hostname"), &st) == 0 && (st.st_mode & 07777) == 0644,
		"for all to read");
	CHECK(hostname_follow(root, "db1") == 1, "it follows");
	CHECK_STR(get("etc/hostname"), "db1", "to another name");
	CHECK(hostname_follow(root, "db1") == 0, "once");
}

static void test_link(void)
{
	set(NULL, "web1\n");
	file_write(in("name"), 0644, "web1\n");
	CHECK(symlink("../name", in("etc/hostname")) == 0, "a link");
	begin(-1);
	CHECK(hostname_follow(root, "db1") == 0, "is an administrator's");
	CHECK_STR(get("name"), "web1", "and nothing is written through it");
	unlink(in("name"));
}

/* Whenever it is cut off, the next boot brings the name that the client has then. One that has its
 * old name again by then has nothing to do, and the new file of the list may lie there. */
static void test_cut(const char *next)
{
	int status, cuts = 0;

	for (bool over = false; !over; cuts++) {
		pid_t child;

		set("web1\n", "web1\n");
		begin(cuts);
		fflush(stdout);
		child = fork();
		if (child == 0)
			_exit(hostname_follow(root, "db1") == 1 && in_order && entry_synced ? 2
											    : 1);
		CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
				WEXITSTATUS(status) != 1,
			"each step is on the disk before the next");
		over = WEXITSTATUS(status) != 0;
		CHECK(!strcmp(get("etc/hostname"), "web1") || !strcmp(get("etc/hostname"), "db1"),
			"the file is whole");
		begin(-1);
		CHECK(hostname_follow(root, next) >= 0, "the next boot");
		CHECK_STR(get("etc/hostname"), next, "completes it");
		CHECK_STR(get(PATH_ETC_NAME), next, "and knows it for its own");
		CHECK(access(in("etc/hostname.xf-new"), F_OK) < 0, "nothing is left in /etc");
	}
	CHECK(cuts > 3, "all steps were cut off");
}

int main(void)
{
	snprintf(root, sizeof(root), "/tmp/xf-hostname-test.%d", (int)getpid());
	if (file_make_dirs(in("etc/xenfarm")) < 0) {
		perror(root);
		return 1;
	}
	test_set();
	test_follow();
	test_link();
	test_cut("db1");
	test_cut("web1");
	test_cut("third");
	set(NULL, NULL);
	unlink(in(PATH_ETC_NAME ".xf-new"));
	rmdir(in(PATH_ETC));
	rmdir(in("etc"));
	rmdir(root);
	return tap_done();
}
