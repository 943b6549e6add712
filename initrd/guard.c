#include "initrd/guard.h"

#include "initrd/clock.h"
#include "initrd/handover.h"
#include "initrd/log.h"
#include "initrd/nfs/oncrpc.h"
#include "initrd/power.h"
#include "initrd/record.h"
#include "kernel-cmdline/xfnet.h"
#include "lib/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_EVERY 2000 /* ms */
#define WATCH_LIMIT \
	1800          /* seconds: then it is not a shutdown, or one that hangs for another reason */
#define SYNC_LIMIT 10 /* seconds */

struct server {
	struct xf_addr addr;
	uint16_t port;
};

static int read_server(struct server *server)
{
	char text[XF_ADDR_TEXT_MAX];
	int n = record_value("port", text, sizeof(text));

	server->port = n < 0 ? 0 : atoi(text);
	n = record_value("server", text, sizeof(text));
	return n < 0 ? n : xf_addr_parse(text, (size_t)n, &server->addr);
}

static bool answers(const struct server *server)
{
	static const struct oncrpc_procedure null = { 100003, 4, 0 };
	uint64_t deadline = clock_ms() + PROBE_EVERY;
	int fd = oncrpc_connect(&server->addr, server->port, false, deadline), rc;

	if (fd < 0)
		return false;
	/* Any RPC answer will do: a server with NFS 3 only answers PROG_MISMATCH. */
	rc = oncrpc_call(fd, &null, NULL, 0, deadline);
	close(fd);
	return rc >= 0;
}

/* Uses nothing of a tree that may hang: a sync with a time limit, and the kernel's emergency
 * remount. */
static void end(int how)
{
	pid_t pid = fork();
	int fd;

	if (pid == 0) {
		sync();
		_exit(0);
	}
	for (int i = 0; i < SYNC_LIMIT * 10 && waitpid(pid, NULL, WNOHANG) == 0; i++)
		usleep(100 * 1000);
	fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "u", 1) == 1)
		sleep(2); /* it is done by a worker of the kernel */
	power_end(how);
}

static void watch(const struct server *server, int how)
{
	uint64_t begin = clock_ms(), heard = begin;

	while (clock_ms() - begin < WATCH_LIMIT * 1000ULL) {
		if (answers(server))
			heard = clock_ms();
		if (clock_ms() - heard > GUARD_PATIENCE * 1000ULL) {
			log_error("the share's server has not answered for %d s: ending this "
				  "shutdown",
				GUARD_PATIENCE);
			end(how);
			return;
		}
		usleep(PROBE_EVERY * 1000);
	}
}

static volatile sig_atomic_t asked;

static void on_term(int signal_number)
{
	(void)signal_number;
	asked = 1;
}

static void wait_for_term(void)
{
	struct sigaction action = { .sa_handler = on_term };
	sigset_t term, none;

	/* Blocked except during the wait, so that none is missed. */
	sigemptyset(&none);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (!asked)
		sigsuspend(&none);
}

int guard_run(int how)
{
	struct server server;
	int rc = read_server(&server);

	if (rc == 0)
		wait_for_term();
	/* Not earlier: until now the kernel's limit on messages was that of the running system. */
	log_open("xf-shutdown");
	log_step("guard");
	if (rc < 0) {
		log_error(PATH_RUN "/boot names no server");
		return 1;
	}
	if (fork() == 0) {
		setsid();
		watch(&server, how);
	}
	return 0;
}
