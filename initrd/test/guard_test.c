/* The guard of a shutdown: a server and a clock that are numbers, a machine that is a list. */
#include "initrd/guard.h"

#include "initrd/handover.h"
#include "initrd/nfs/oncrpc.h"
#include "initrd/power.h"
#include "initrd/test/fake.h"
#include "initrd/test/sandbox.h"
#include "lib/paths.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000

static struct {
	char done[128];
	uint64_t end; /* when the machine went down, ms */
} * seen;             /* shared with children */

static const struct row {
	const char *name;
	uint64_t silent_from, silent_to, silent_again; /* seconds */
	const char *done;
	uint64_t after; /* seconds, when it ends */
} rows[] = {
	{ "a server that answers", 9999, 9999, 9999, "", 0 },
	{ "a server that is dead", 0, 9999, 9999, "sync sysrq 7", 30 },
	{ "one that dies later", 300, 9999, 9999, "sync sysrq 7", 330 },
	{ "one that comes back in time", 10, 35, 9999, "", 0 },
	{ "and then is dead", 10, 35, 100, "sync sysrq 7", 130 },
};

static const struct row *row;

int oncrpc_connect(const struct xf_addr *server, uint16_t port, bool reserved, uint64_t deadline)
{
	uint64_t now = fake_ms / SECOND - 1;

	(void)reserved, (void)deadline;
	if (server->byte[3] != 7 || port != 2050)
		return -EINVAL;
	return (now >= row->silent_from && now < row->silent_to) || now >= row->silent_again
		       ? -ECONNREFUSED
		       : open("/proc/sysrq-trigger", O_RDONLY);
}

int oncrpc_call(int fd, const struct oncrpc_procedure *procedure, const uint32_t *arguments,
	unsigned int n, uint64_t deadline)
{
	(void)fd, (void)arguments, (void)n, (void)deadline;
	/* A server of version 3 alone. */
	return procedure->program == 100003 ? ONCRPC_PROG_MISMATCH : -EPROTO;
}

int usleep(useconds_t us)
{
	const struct timespec little = { 0, us > 100000 ? 0 : us * 100L };

	fake_ms += us / 1000;
	return nanosleep(&little, NULL);
}

unsigned int sleep(unsigned int seconds)
{
	return seconds - seconds;
}

void sync(void)
{
	strcat(seen->done, "sync ");
}

void power_end(int how)
{
	seen->end = fake_ms;
	strcat(seen->done, strcmp(sandbox_read("/proc/sysrq-trigger"), "u") ? "" : "sysrq ");
	strcat(seen->done, how == 7 ? "7" : "?");
}

/* In a process of its own, which its child outlives. */
static int run(void)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	memset(seen, 0, sizeof(*seen));
	fake_reset();
	fake_ms = SECOND;
	sandbox_file("/proc/sysrq-trigger", NULL);
	pid = fork();
	if (pid == 0) {
		sigset_t term;

		sigemptyset(&term);
		sigaddset(&term, SIGTERM);
		sigprocmask(SIG_BLOCK, &term, NULL);
		raise(SIGTERM);
		_exit(guard_run(7));
	}
	waitpid(pid, &status, 0);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return status;
}

int main(void)
{
	const char *reason = sandbox_enter();

	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (reason || seen == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1)) {
		tap_skip("the guard", reason ? reason : "no memory");
		return tap_done();
	}
	sandbox_file(PATH_RUN_RECORD, "nfs=3\nserver=10.0.0.7\nport=2050\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		row = &rows[i];
		CHECK(run() == 0, row->name);
		CHECK_STR(seen->done, row->done, "what becomes of the machine");
		if (row->after)
			CHECK(seen->end / SECOND >= row->after &&
					seen->end / SECOND < row->after + 6,
				"and when");
	}
	sandbox_file(PATH_RUN_RECORD, "nfs=3\n");
	CHECK(WEXITSTATUS(run()) == 1 && !seen->done[0], "a record without a server is an error");
	return tap_done();
}
