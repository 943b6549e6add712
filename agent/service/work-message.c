/* Messages of the farm's administrators: to the terminals, to motd, by mail. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/service/agentd.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/io.h"
#include "lib/paths.h"
#include "lib/publish.h"
#include "lib/rfc3339.h"
#include "lib/spawn.h"

#define KEPT_DIR   "/" PATH_STATE "/messages" /* by id, as fleet_message */
#define KEPT_MAX   256
#define MOTD_DIR   "/run/motd.d"
#define MOTD_FILE  "60-xenfarm"
#define MOTD_MAX   5               /* messages that it has */
#define MOTD_TIME  (7 * 24 * 3600) /* seconds for which it has one */
#define TOOL_LIMIT 30              /* seconds for wall, and for sendmail */
#define ASKED_MAX  64              /* in one go */

/* One that was delivered. */
struct kept {
	char id[FLEET_UUID_MAX + 1];
	time_t when;
};

struct delivery {
	int kept; /* KEPT_DIR */
	struct kept *message;
	size_t n;
	bool failed; /* without memory */
};

/* --- files --- */

/* xf-agentd, or someone who has taken it over, may have put anything there. */
static int read_message(int dir, const char *name, const char *id, fleet_message *message)
{
	AUTO_CLOSE int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	AUTO_BUF struct buf bytes = { 0 };
	struct stat st;
	int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

	if (r == 0)
		r = S_ISREG(st.st_mode) ? buf_read(&bytes, fd, FLEET_CALL_MAX) : -EBADMSG;
	if (r == 0)
		r = fleet_decode((xdrproc_t)xdr_fleet_message, bytes.data, bytes.size, message,
			sizeof(*message));
	if (r < 0)
		return r;
	if (!fleet_check_message(message) && strcmp(message->id, id) == 0)
		return 0;
	xdr_free((xdrproc_t)xdr_fleet_message, (char *)message);
	return -EBADMSG;
}

static int note_kept(void *context, int dir, const char *name, const char *rest)
{
	struct delivery *d = context;
	struct stat st;

	(void)rest;
	if (!*name || !fleet_uuid_ok(name) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (!ARRAY_GROW(d->message, d->n))
		return -ENOMEM;
	snprintf(d->message[d->n].id, sizeof(d->message[d->n].id), "%s", name);
	d->message[d->n++].when = st.st_mtime;
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return x->when < y->when ? 1 : x->when > y->when ? -1 : strcmp(x->id, y->id);
}

/* What is kept, newest first; what is too much is removed. */
static int read_kept(struct delivery *d)
{
	int r;

	free(d->message);
	d->message = NULL;
	d->n = 0;
	r = agentd_each(d->kept, "", 2 * KEPT_MAX, note_kept, d);
	if (d->n)
		qsort(d->message, d->n, sizeof(*d->message), by_time);
	while (r == 0 && d->n > KEPT_MAX)
		unlinkat(d->kept, d->message[--d->n].id, 0);
	return r;
}

/* --- ways to people --- */

static void format_message(const fleet_message *m, time_t when, struct buf *out)
{
	char time[RFC3339_SIZE];
	size_t n = strlen(m->text);

	buf_printf(out, "Message from %s, who runs the farm of this system, %s:\n%s%s", m->from,
		rfc3339_text(time, when), m->text, m->text[n - 1] == '\n' ? "" : "\n");
}

/* input: an fd that it reads, or 0 */
static void run_tool(const char *const *argv, int input)
{
	struct spawn s = { .argv = argv, .in = input, .out = -1, .kept = -1, .limit = TOOL_LIMIT };
	int status, r = spawn_run(&s, &status);

	/* A system may lack it. */
	if (r < 0 && r != -ENOENT)
		cli_error(r, "%s", argv[0]);
}

static void tell_terminals(const char *text)
{
	run_tool((const char *const[]){ "wall", "-t", "10", text, NULL }, 0);
}

/* To root, whose mail the client's administrator reads. Nothing of the text is in the head. */
static void send_mail(const struct buf *text)
{
	static const char head[] = "To: root\nSubject: message from the farm's administrator\n"
				   "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
				   "Content-Transfer-Encoding: 8bit\n\n";
	AUTO_CLOSE int mail = memfd_create("mail", MFD_CLOEXEC);

	if (mail < 0 || io_write(mail, head, sizeof(head) - 1) < 0 ||
		io_write(mail, text->data, text->size - 1) < 0 || lseek(mail, 0, SEEK_SET) < 0)
		return;
	run_tool((const char *const[]){ "sendmail", "-i", "root", NULL }, mail);
}

static int write_motd(struct delivery *d)
{
	AUTO_BUF struct buf text = { 0 };

	for (size_t i = 0; i < d->n && i < MOTD_MAX; i++) {
		const struct kept *k = &d->message[i];
		fleet_message m;

		if (k->when + MOTD_TIME < time(NULL) || read_message(d->kept, k->id, k->id, &m) < 0)
			continue;
		format_message(&m, k->when, &text);
		buf_puts(&text, "\n");
		xdr_free((xdrproc_t)xdr_fleet_message, (char *)&m);
	}
	if (text.failed)
		return -ENOMEM;
	if (text.size == 0)
		return unlink(MOTD_DIR "/" MOTD_FILE) < 0 && errno != ENOENT ? -errno : 0;
	if (mkdir(MOTD_DIR, 0755) < 0 && errno != EEXIST)
		return -errno;
	return publish_file(AT_FDCWD, MOTD_DIR "/" MOTD_FILE, 0644, text.data, text.size);
}

static int write_ids(const struct delivery *d, int reports)
{
	AUTO_BUF struct buf ids = { 0 };

	for (size_t i = 0; i < d->n; i++)
		buf_printf(&ids, "%s\n", d->message[i].id);
	if (ids.failed)
		return -ENOMEM;
	return publish_file(reports, PATH_REPORT_DELIVERED, 0640, ids.data, ids.size);
}

/* --- one message --- */

/* It is kept before people see it: after a crash it is not seen twice. */
static int deliver(struct delivery *d, const fleet_message *m)
{
	AUTO_BUF struct buf bytes = { 0 }, text = { 0 };
	int r;

	if (faccessat(d->kept, m->id, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	format_message(m, time(NULL), &text);
	buf_add(&text, "", 1);
	r = fleet_encode((xdrproc_t)xdr_fleet_message, m, &bytes);
	if (r == 0)
		r = text.failed ? -ENOMEM
				: publish_file(d->kept, m->id, 0600, bytes.data, bytes.size);
	if (r < 0)
		return cli_error(r, "a message: %s", KEPT_DIR);
	tell_terminals(text.data);
	send_mail(&text);
	return 0;
}

static int deliver_asked(void *context, int dir, const char *name, const char *id)
{
	fleet_message m;
	int r = read_message(dir, name, id, &m);

	if (r == 0) {
		r = deliver(context, &m);
		xdr_free((xdrproc_t)xdr_fleet_message, (char *)&m);
	} else {
		cli_error(0, "%s/%s is not a message: removed", PATH_RUN_ASKED, name);
		r = 0;
	}
	if (r == 0 && unlinkat(dir, name, 0) < 0)
		r = cli_error(-errno, "%s/%s", PATH_RUN_ASKED, name);
	return r;
}

int agentd_deliver(int asked, int reports)
{
	struct delivery d = { .kept = -1 };
	int r = fsroot_make_parents(KEPT_DIR "/x");

	if (r == 0)
		d.kept = open(KEPT_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d.kept < 0)
		return cli_error(r < 0 ? r : -errno, "%s", KEPT_DIR);
	r = agentd_each(asked, PATH_ASKED_MESSAGE, ASKED_MAX, deliver_asked, &d);
	if (r == 0 && (r = read_kept(&d)) == 0 && (r = write_ids(&d, reports)) == 0)
		r = write_motd(&d);
	if (r < 0)
		cli_error(r, "messages");
	free(d.message);
	close(d.kept);
	return r;
}
