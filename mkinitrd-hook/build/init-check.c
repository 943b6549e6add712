#include "mkinitrd-hook/build/init-check.h"

#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS 10
#define NOBODY  65534

static const char mark[] = "it is the /init of an initramfs";

bool init_check_is_ours(const struct blob *program)
{
	return program->size && memmem(program->data, program->size, mark, strlen(mark));
}

/* The image may come from anywhere, so its program is run without rights: not by lib/spawn, which
 * keeps ours. */
static bool drop_rights(void)
{
	if (geteuid() == 0 && (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
				      setresuid(NOBODY, NOBODY, NOBODY)))
		return false;
	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Writes errno to the pipe if it could not be started. */
static void start(int program, int said, int failed)
{
	char *const argv[] = { (char *)"/init", NULL }, *const envp[] = { NULL };
	int null = open("/dev/null", O_RDONLY), error;

	alarm(SECONDS);
	if (drop_rights() && dup2(null, STDIN_FILENO) >= 0 && dup2(said, STDOUT_FILENO) >= 0 &&
		dup2(said, STDERR_FILENO) >= 0)
		fexecve(program, argv, envp);
	error = errno;
	_exit(write(failed, &error, sizeof(error)) == sizeof(error) ? 0 : 1);
}

/* Reads to the end of its output, which ends with the program. */
static bool says_mark(int fd)
{
	char text[4096];
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(text) && (got = read(fd, text + n, sizeof(text) - n)) > 0)
		n += got;
	return memmem(text, n, mark, strlen(mark)) != NULL;
}

static int run(int program, int said[static 2], int failed[static 2])
{
	pid_t pid = fork();
	int error, status;
	bool good;

	if (pid < 0)
		return -errno;
	if (pid == 0)
		start(program, said[1], failed[1]);
	close(said[1]);
	close(failed[1]);
	said[1] = failed[1] = -1;
	good = says_mark(said[0]);
	if (read(failed[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (error)
		return -error;
	return good && WIFEXITED(status) ? 0 : -EPROTO;
}

static int run_in_pipes(int program)
{
	int said[2], failed[2], rc;

	if (pipe2(said, O_CLOEXEC))
		return -errno;
	if (pipe2(failed, O_CLOEXEC)) {
		rc = -errno;
	} else {
		rc = run(program, said, failed);
		close(failed[0]);
		if (failed[1] >= 0)
			close(failed[1]);
	}
	close(said[0]);
	if (said[1] >= 0)
		close(said[1]);
	return rc;
}

int init_check_runs(const struct blob *program)
{
	int fd = memfd_create("init", MFD_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	rc = io_write(fd, program->data, program->size);
	if (!rc && fchmod(fd, 0555))
		rc = -errno;
	if (!rc)
		rc = run_in_pipes(fd);
	close(fd);
	return rc;
}
