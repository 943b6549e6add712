/* The authority's key pair, what a tree gets of it, and the certificate of a session, as
 * ssh-keygen(1) shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/ssh/authority.h"
#include "lib/cleanup.h"

static char directory[] = "/tmp/xf-ssh-XXXXXX", key[64], public[64];

/* The lines that a command prints. */
static const char *output(const char *format, const char *argument)
{
	static char text[4096];
	char command[PATH_MAX + 64];
	FILE *pipe;
	size_t n;

	snprintf(command, sizeof(command), format, argument);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	n = fread(text, 1, sizeof(text) - 1, pipe);
	text[n] = '\0';
	pclose(pipe);
	return text;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void a_pair_is_made_once(void **state)
{
	struct stat before, after;

	(void)state;
	assert_int_equal(ssh_authority_make(key), 0);
	assert_int_equal(mode_of(key), 0600);
	assert_int_equal(stat(key, &before), 0);
	assert_int_equal(ssh_authority_make(key), 0);
	assert_int_equal(stat(key, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_string_equal(output("ls -A %s | tr '\\n' ' '", directory), "ca ca.pub ");
}

static void half_a_pair_is_not_one(void **state)
{
	char kept[80];

	(void)state;
	snprintf(kept, sizeof(kept), "%s.kept", public);
	assert_int_equal(rename(public, kept), 0);
	assert_int_equal(ssh_authority_make(key), -ENOENT);
	assert_int_equal(rename(kept, public), 0);
}

static void a_tree_gets_line_and_key(void **state)
{
	AUTO_CLOSE int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	(void)state;
	/* No sshd that reads sshd_config.d: nothing is put there. */
	assert_int_equal(ssh_authority_install(key, root), 0);
	assert_int_equal(fstatat(root, "etc", &st, 0), -1);
	output("mkdir -p %s/etc/ssh/sshd_config.d", directory);
	assert_int_equal(ssh_authority_install(key, root), 0);
	assert_string_equal(output("grep -v '^#' %s/etc/ssh/sshd_config.d/xenfarm.conf", directory),
		"TrustedUserCAKeys /etc/ssh/xenfarm-ca.pub\n");
	assert_string_equal(
		output("cd %s; cmp ca.pub etc/ssh/xenfarm-ca.pub && echo same", directory),
		"same\n");
	output("rm -r %s/etc", directory);
}

static void a_session_is_for_one_login(void **state)
{
	struct ssh_session s;
	const char *shown;

	(void)state;
	assert_int_equal(ssh_session_begin(key, "root", "web1", &s), 0);
	assert_int_equal(mode_of(s.directory), 0700);
	shown = output("ssh-keygen -L -f %s-cert.pub", s.key);
	assert_non_null(strstr(shown, "user certificate"));
	assert_non_null(strstr(shown, "to web1\""));
	assert_non_null(strstr(shown, "Principals: \n                root\n"));
	/* Ten minutes, around now. */
	assert_string_equal(
		output("ssh-keygen -L -f %s-cert.pub | sed -n 's/.*from \\(.*\\) to /\\1 /p' | "
		       "{ read a b; echo $((($(date -d $b +%%s) - $(date -d $a +%%s)) / 60)); }",
			s.key),
		"10\n");
	assert_int_equal(ssh_session_know(&s, "a-uuid", "ssh-ed25519 AAAA"), 0);
	assert_string_equal(output("cat %s", s.known_hosts), "a-uuid ssh-ed25519 AAAA\n");
	ssh_session_end(&s);
	assert_int_equal(access(s.directory, F_OK), -1);
	ssh_session_end(&s);
}

static void without_an_authority_there_is_no_session(void **state)
{
	struct ssh_session s;

	(void)state;
	assert_true(ssh_session_begin("/nowhere/ca", "root", "web1", &s) < 0);
	assert_int_equal(access(s.directory, F_OK), -1);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(key, sizeof(key), "%s/ca", directory);
	snprintf(public, sizeof(public), "%s/ca.pub", directory);
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	unlink(key);
	unlink(public);
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_is_made_once),
		cmocka_unit_test(half_a_pair_is_not_one),
		cmocka_unit_test(a_tree_gets_line_and_key),
		cmocka_unit_test(a_session_is_for_one_login),
		cmocka_unit_test(without_an_authority_there_is_no_session),
	};

	return cmocka_run_group_tests_name("ssh_authority", tests, set_up, clean_up);
}
