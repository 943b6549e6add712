/* A share on an NFS server, through xf-fetch. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/fetch/url.h"
#include "agent/fetch/window.h"
#include "agent/share/share-reader.h"
#include "lib/cli.h"

#define PROGRAM "xf-fetch"
#define SPARE   15 /* seconds, besides what xf-fetch needs to find that no server answers */

struct share_nfs {
	struct share_access access;
	char *url;
	unsigned int servers, died; /* of the URL; how many of xf-fetch */
	int fd;                     /* to xf-fetch; -1 after it failed */
	pid_t pid;
	int patience; /* milliseconds */
	struct window window;
	struct fetch_reply reply;
};

/* Beside this program, where it is built, or in its installed place. */
static void start_program(const struct share_nfs *s, int fd)
{
	char first[16];
	char path[PATH_MAX + sizeof(PROGRAM)];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);

	while (n > 0 && path[n - 1] != '/')
		n--;
	snprintf(path + (n > 0 ? n : 0), sizeof(PROGRAM), "%s", PROGRAM);
	/* Its standard output is our standard error. */
	if (dup2(fd, 0) < 0 || dup2(2, 1) < 0)
		_exit(EXIT_FAILURE);
	snprintf(first, sizeof(first), "%u", s->died);
	execl(path, PROGRAM, s->url, first, NULL);
	execl(XF_LIBEXECDIR "/" PROGRAM, PROGRAM, s->url, first, NULL);
	perror("xf-agent: " XF_LIBEXECDIR "/" PROGRAM);
	_exit(EXIT_FAILURE);
}

static int start(struct share_nfs *s)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	s->pid = fork();
	if (s->pid == 0)
		start_program(s, pair[1]);
	close(pair[1]);
	s->fd = pair[0];
	return s->pid < 0 ? -errno : 0;
}

static void stop(struct share_nfs *s)
{
	if (s->fd < 0)
		return;
	close(s->fd);
	s->fd = -1;
	kill(s->pid, SIGKILL);
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

/* It ended: after a message of its own (-ECONNABORTED), or by a crash on a reply (-EPIPE). */
static int ended(struct share_nfs *s)
{
	siginfo_t info = { 0 };

	waitid(P_PID, (id_t)s->pid, &info, WEXITED | WNOWAIT);
	if (info.si_code == CLD_EXITED)
		return -ECONNABORTED;
	cli_error(0, PROGRAM " crashed on a reply from the server (%s)", strsignal(info.si_status));
	return -EPIPE;
}

/* --- talking --- */

/* Ask for what is still missing of a slot's file. */
static int request(struct share_nfs *s, const struct share_fetch *f, int slot)
{
	const struct window_slot *w = &s->window.slot[slot];
	const char *path = f->path(w->file, f->arg);
	struct fetch_request q = { w->got, w->limit, (uint32_t)slot, "" };
	size_t n = strlen(path);

	if (n > sizeof(q.path))
		return -ENAMETOOLONG;
	memcpy(q.path, path, n);
	/* Does not wait: xf-fetch may be waiting for its replies to be read. */
	return send(s->fd, &q, offsetof(struct fetch_request, path) + n,
		       MSG_NOSIGNAL | MSG_DONTWAIT) < 0
		       ? -errno
		       : 0;
}

/* Ask for files, from *next on, as many as there are free slots. */
static int ask(struct share_nfs *s, const struct share_fetch *f, uint64_t limit, size_t *next)
{
	int slot, r = 0;

	while (r == 0 && *next < f->n && (slot = window_free(&s->window)) >= 0) {
		window_take(&s->window, slot, *next, limit);
		r = request(s, f, slot);
		if (r < 0)
			window_drop(&s->window, slot);
		else
			++*next;
	}
	return r == -EAGAIN && s->window.used ? 0 : r;
}

/* A new xf-fetch goes on where the last one was, with the next server. */
static int restart(struct share_nfs *s, const struct share_fetch *f)
{
	int r;

	stop(s);
	s->died++;
	r = start(s);
	for (int slot = 0; r == 0 && slot < FETCH_SLOTS; slot++)
		if (s->window.slot[slot].used)
			r = request(s, f, slot);
	return r;
}

static int answer(struct share_nfs *s, const struct share_fetch *f)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	ssize_t n = poll(&p, 1, s->patience);

	if (n == 0)
		return -ETIMEDOUT;
	if (n > 0)
		n = recv(s->fd, &s->reply, sizeof(s->reply), MSG_TRUNC);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n == 0 ? ended(s) : window_reply(&s->window, &s->reply, (size_t)n, f);
}

static int exchange(struct share_nfs *s, const struct share_fetch *f, uint64_t limit)
{
	size_t next = 0;
	int r = s->fd < 0 ? -ENOTCONN : 0;

	while (r == 0 && (next < f->n || s->window.used)) {
		r = ask(s, f, limit, &next);
		r = r ? r : answer(s, f);
		if (r == -EPIPE && s->died + 1 < s->servers)
			r = restart(s, f);
	}
	/* Late replies would be taken for those to the next request. */
	if (r)
		stop(s);
	return r;
}

/* --- the reader --- */

struct whole {
	const char *path;
	struct buf *out;
	int error;
};

static const char *whole_path(size_t i, void *arg)
{
	(void)i;
	return ((struct whole *)arg)->path;
}

static int whole_data(size_t i, const void *data, size_t size, int error, void *arg)
{
	struct whole *w = arg;

	(void)i;
	buf_add(w->out, data, size);
	w->error = w->out->failed ? -ENOMEM : error;
	return w->out->failed ? -ENOMEM : 0;
}

static int nfs_read(struct share_access *access, const char *path, size_t limit, struct buf *out)
{
	struct whole w = { path, out, 0 };
	const struct share_fetch f = { 1, whole_path, whole_data, &w };
	int r = exchange((struct share_nfs *)access, &f, limit);

	return r ? r : w.error;
}

static int nfs_fetch(struct share_access *access, const struct share_fetch *f)
{
	return exchange((struct share_nfs *)access, f, UINT64_MAX);
}

static void nfs_close(struct share_access *access)
{
	struct share_nfs *s = (struct share_nfs *)access;

	stop(s);
	free(s->url);
	free(s);
}

int share_nfs_open(const char *text, struct share_access **access)
{
	struct share_url url;
	const char *what;
	struct share_nfs *s;
	int r = share_url_parse(text, &url, &what);

	if (r < 0) {
		cli_error(0, "%s: %s", text, what);
		return r;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->access = (struct share_access){ nfs_read, nfs_fetch, nfs_close };
	s->fd = -1;
	s->url = strdup(text);
	s->servers = url.n;
	s->patience = (int)(FETCH_ROUNDS * url.n * url.timeout + SPARE) * 1000;
	r = s->url ? start(s) : -ENOMEM;
	if (r < 0)
		nfs_close(&s->access);
	else
		*access = &s->access;
	return r;
}
