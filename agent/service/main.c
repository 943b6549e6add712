/* xf-agentd: answers the servers of the share. See docs/xf-agentd.8. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <rpc/rpcb_clnt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/service/agentd.h"
#include "agent/service/serve.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/paths.h"

#define CONNECTIONS    32
#define CALL_SECONDS   10
#define IDLE_SECONDS   60
#define LISTEN_FD      3 /* sd_listen_fds(3) */
#define RPCBIND_SOCKET "/run/rpcbind.sock"
#define STANDING_BY    60 /* seconds between looks at what is asked for, at the most */

static bool answer(void *context, const char *call, size_t n, struct buf *out)
{
	return call_answer(&agentd_program, context, call, n, out);
}

static int serve_calls(const struct serve_listener *listeners, size_t n, int idle)
{
	const struct serve_service service = { agentd_admits, answer, CONNECTIONS, CALL_SECONDS,
		idle };
	int r = serve_run(&service, listeners, n);

	return r < 0 ? cli_error(r, "the connections") : 0;
}

static int read_boot(struct agentd *a)
{
	int r = agentd_read(a);

	if (r < 0)
		cli_error(r == -EINVAL ? 0 : r, "%s%s", PATH_RUN_RECORD,
			r == -EINVAL ? ": no name, client or servers" : ": this is not a client");
	return r;
}

/* --- serve --- */

/* What the service manager hands over, sd_listen_fds(3): how many, from LISTEN_FD on. */
static size_t count_inherited(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	unsigned long fds = n ? strtoul(n, NULL, 10) : 0;

	if (!pid || strtoul(pid, NULL, 10) != (unsigned long)getpid() || fds > AGENTD_SERVERS)
		return 0;
	return fds;
}

static int command_serve(void *options, char **arguments)
{
	struct serve_listener listener[AGENTD_SERVERS];
	size_t n = count_inherited();
	struct agentd a;

	(void)options;
	(void)arguments;
	if (n == 0) {
		cli_error(0,
			"no socket was handed over: start xf-agentd.socket, or xf-agentd listen");
		return EXIT_USAGE;
	}
	if (read_boot(&a) < 0)
		return EXIT_FAILURE;
	for (size_t i = 0; i < n; i++) {
		listener[i] = (struct serve_listener){ LISTEN_FD + (int)i, &a };
		fcntl(listener[i].fd, F_SETFD, FD_CLOEXEC);
	}
	return serve_calls(listener, n, IDLE_SECONDS) < 0 ? EXIT_FAILURE : 0;
}

/* --- listen --- */

static int open_listener(const struct agentd *a)
{
	struct sockaddr_storage own;
	socklen_t size = agentd_endpoint(a->address, &own);
	int fd = socket(own.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
		bind(fd, (struct sockaddr *)&own, size) == 0 && listen(fd, CONNECTIONS) == 0)
		return fd;
	cli_error(-errno, "%s port %d", a->address, FLEET_PORT);
	cleanup_close(&fd);
	return -1;
}

/* As xf-agentd.conf of tmpfiles.d has it. */
static int make_directory(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	if ((mkdir(path, 0700) < 0 && errno != EEXIST) || lchown(path, uid, gid) < 0 ||
		chmod(path, mode) < 0)
		return cli_error(-errno, "%s", path);
	return 0;
}

static int give_group(void *context, int dir, const char *name, const char *rest)
{
	const gid_t *gid = context;

	(void)rest;
	if (*name != '.' && fchownat(dir, name, (uid_t)-1, *gid, AT_SYMLINK_NOFOLLOW) < 0)
		return cli_error(-errno, "%s/%s", PATH_RUN_REPORTS, name);
	return 0;
}

static int make_directories(const struct passwd *user)
{
	gid_t gid = user->pw_gid;
	int r = make_directory(PATH_RUN_REPORTS, 02750, 0, gid);

	if (r == 0)
		r = make_directory(PATH_RUN_ASKED, 0750, user->pw_uid, gid);
	if (r < 0)
		return r;
	AUTO_CLOSE int dir =
		open(PATH_RUN_REPORTS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* What was written before this group was there. */
	return dir < 0 ? -errno : agentd_each(dir, "", 1000, give_group, &gid);
}

static bool drop_rights(const struct passwd *user)
{
	return setgroups(0, NULL) == 0 &&
	       setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == 0 &&
	       setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static _Noreturn void serve_unprivileged(struct agentd *a, const struct passwd *user, int fd)
{
	if (!drop_rights(user) || prctl(PR_SET_PDEATHSIG, SIGTERM) < 0) {
		cli_error(-errno, "the rights of %s", user->pw_name);
		_exit(EXIT_FAILURE);
	}
	_exit(serve_calls(&(struct serve_listener){ fd, a }, 1, -1) < 0);
}

/* Do what is asked for as it comes, while the process that serves lives. */
static int stand_by(pid_t child)
{
	AUTO_CLOSE int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct pollfd p = { .fd = watch, .events = POLLIN };
	char events[4096];

	if (watch < 0 || inotify_add_watch(watch, PATH_RUN_ASKED, IN_MOVED_TO | IN_CREATE) < 0)
		return cli_error(-errno, "%s", PATH_RUN_ASKED);
	while (waitpid(child, NULL, WNOHANG) == 0) {
		agentd_work();
		/* A child that has ended interrupts it. */
		poll(&p, 1, STANDING_BY * 1000);
		while (read(watch, events, sizeof(events)) > 0)
			;
	}
	return cli_error(-ECHILD, "the process that serves has ended");
}

static void wake(int signal)
{
	(void)signal;
}

static int command_listen(void *options, char **arguments)
{
	const struct passwd *user = getpwnam(AGENTD_USER);
	struct agentd a;
	int r = read_boot(&a);
	pid_t child;

	(void)options;
	(void)arguments;
	if (r < 0)
		return EXIT_FAILURE;
	if (!user) {
		cli_error(0, "there is no user %s: see sysusers.d(5)", AGENTD_USER);
		return EXIT_FAILURE;
	}
	AUTO_CLOSE int fd = open_listener(&a);
	if (fd < 0 || make_directories(user) < 0)
		return EXIT_FAILURE;
	sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = wake }, NULL);
	child = fork();
	if (child == 0)
		serve_unprivileged(&a, user, fd);
	if (child < 0)
		cli_error(-errno, "fork");
	else
		stand_by(child);
	return EXIT_FAILURE;
}

/* --- work --- */

static int command_work(void *options, char **arguments)
{
	(void)options;
	(void)arguments;
	return agentd_work() < 0 ? EXIT_FAILURE : 0;
}

/* --- register, unregister --- */

static int tell_rpcbind(bool here)
{
	struct agentd a;
	struct sockaddr_storage own;
	struct netbuf address = { .buf = &own };
	struct netconfig *transport;
	bool done;

	/* Not every client has one; nothing depends on it. */
	if (access(RPCBIND_SOCKET, F_OK) < 0)
		return 0;
	if (read_boot(&a) < 0)
		return EXIT_FAILURE;
	address.len = address.maxlen = agentd_endpoint(a.address, &own);
	transport = getnetconfigent(own.ss_family == AF_INET ? "tcp" : "tcp6");
	if (!transport) {
		cli_error(0, "/etc/netconfig has no tcp");
		return EXIT_FAILURE;
	}
	/* What a former one left is not replaced. */
	done = rpcb_unset(FLEET_PROGRAM, FLEET_VERSION, transport);
	if (here)
		done = rpcb_set(FLEET_PROGRAM, FLEET_VERSION, transport, &address);
	freenetconfigent(transport);
	if (!done)
		cli_error(0, "rpcbind refuses");
	return done ? 0 : EXIT_FAILURE;
}

static int command_register(void *options, char **arguments)
{
	(void)options;
	(void)arguments;
	return tell_rpcbind(true);
}

static int command_unregister(void *options, char **arguments)
{
	(void)options;
	(void)arguments;
	return tell_rpcbind(false);
}

static const struct cli_command commands[] = {
	{ "serve", command_serve, NULL, NULL, "", 0, 0,
		"answer on the sockets that were handed over, and end when idle", NULL, false },
	{ "listen", command_listen, NULL, NULL, "", 0, 0,
		"listen, answer without rights, and do the work: without systemd", NULL, false },
	{ "work", command_work, NULL, NULL, "", 0, 0, "do, as root, what was asked for", NULL,
		false },
	{ "register", command_register, NULL, NULL, "", 0, 0,
		"tell rpcbind the port, where it runs", NULL, false },
	{ "unregister", command_unregister, NULL, NULL, "", 0, 0, "take that back", NULL, false },
};

static const struct cli_program program = {
	.name = "xf-agentd",
	.version = XF_VERSION,
	.synopsis = "Answer the farm's servers how this client is.",
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands),
	.footer = "Exit status: 0 done; 1 failed; 2 usage. See xf-agentd(8).\n",
};

int main(int argc, char **argv)
{
	int none;

	return cli_run(&program, argc, argv, &none, NULL, EXIT_FAILURE);
}
