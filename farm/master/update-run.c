/* xenfarm master update: boot it for that alone, wait until it has updated itself, and publish. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "farm/master/boot-once.h"
#include "farm/master/chroot.h"
#include "farm/master/disk.h"
#include "farm/master/power.h"
#include "farm/master/publish.h"
#include "farm/master/update.h"
#include "farm/output.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/io.h"
#include "lib/publish.h"

#define LIMIT_SECONDS 3600 /* where nothing else is said */
#define END_SECONDS   60   /* to power off, after all is done */

struct update {
	struct master_session *session;
	struct master *master;
	const struct update_way *way;
	struct master_network network;
	char *boot;           /* BOOT/master/NAME */
	char *disk;           /* the script's, and of its log */
	char *log;            /* where the log is kept */
	char device[8];       /* the disk in the machine */
	unsigned int seconds; /* time limit */
	struct update_progress progress;
};

/* --- the script's disk --- */

static int compose_script(const struct update *u, struct buf *text)
{
	const struct farm_settings *s = &u->session->context->settings;
	char address[XF_ADDR_TEXT_MAX], server[XF_ADDR_TEXT_MAX], prefix[8];
	struct xf_addr own;
	const struct update_script script = { .way = u->way,
		.token = u->session->operation.id,
		.device = u->device,
		.mac = u->master->domain_xml.mac,
		.address = address,
		.prefix = prefix,
		.server = server,
		.proxy = s->proxy };
	int r;

	if (!master_address(u->master, &own))
		return -cli_error(
			EINVAL, "%s has no interface in the masters' network", u->master->name);
	xf_addr_format(&own, address);
	xf_addr_format(&u->network.server, server);
	snprintf(prefix, sizeof(prefix), "%u", u->network.prefix);
	r = update_script_compose(&script, text);
	return r < 0 ? cli_error(r, "the script that updates %s", u->master->name) : 0;
}

/* Nothing of it is to last: an update that was interrupted makes it anew, and destroy removes it.
 */
static int make_disk(const struct update *u)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_CLOSE int fd = -1;
	int r = compose_script(u, &text);

	if (r < 0)
		return r;
	if (text.failed)
		return cli_error(-ENOMEM, "%s", u->disk);
	fd = open(u->disk, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : io_write(fd, text.data, text.size);
	if (r == 0 && ftruncate(fd, UPDATE_DISK_SIZE) < 0)
		r = -errno;
	return r < 0 ? cli_error(r, "%s", u->disk) : 0;
}

static int read_log(const struct update *u, char *log)
{
	AUTO_CLOSE int fd = open(u->disk, O_RDONLY | O_CLOEXEC);
	ssize_t n =
		fd < 0 ? -1
		       : pread(fd, log, UPDATE_DISK_SIZE - UPDATE_LOG_OFFSET, UPDATE_LOG_OFFSET);

	return n < 0 ? cli_error(-errno, "%s", u->disk) : (int)n;
}

/* --- the run --- */

static int boot(const struct update *u)
{
	AUTO_BUF struct buf words = { 0 };
	AUTO_FREE char *cmdline = master_boot_cmdline(u->boot), *kernel = NULL, *initrd = NULL;
	AUTO_FREE char *xml = NULL;
	struct boot_once once = { .file = u->disk, .device = u->device };
	virDomainPtr domain;

	if (!cmdline || asprintf(&kernel, "%s/vmlinuz", u->boot) < 0 ||
		asprintf(&initrd, "%s/initrd", u->boot) < 0)
		return cli_error(-ENOENT, "the kernel of %s", u->master->name);
	buf_printf(&words, "%s ", cmdline);
	update_cmdline(u->device, &words);
	buf_add(&words, "", 1);
	once.kernel = kernel;
	once.initrd = initrd;
	once.cmdline = words.failed ? NULL : words.data;
	xml = once.cmdline ? boot_once_xml(u->master->xml, &once) : NULL;
	if (!xml)
		return cli_error(-ENOMEM, "the domain of %s", u->master->name);
	virt_watch(VIRT_CALL_LIMIT, "starting %s", u->master->name);
	domain = virDomainCreateXML(u->session->connection, xml, 0);
	virt_watch_end();
	if (!domain)
		return virt_error(NULL, "cannot start %s", u->master->name);
	virDomainFree(domain);
	return 0;
}

/* Until the machine is off. What has ended, and goes on running, is not waited for very long. */
static int wait_for_end(struct update *u, char *log)
{
	static const struct timespec pause = { 1, 0 };
	struct update_progress *p = &u->progress;
	unsigned int left = u->seconds;
	bool ended = false;
	int n = 0;

	for (; left > 0; left--) {
		bool off = virDomainIsActive(u->master->domain) == 0;

		n = read_log(u, log);
		if (n < 0)
			return n;
		update_read_log(log, (size_t)n, u->session->operation.id, p);
		if (off)
			return 0;
		if (p->ended && !ended)
			left = left < END_SECONDS ? left : END_SECONDS;
		ended = p->ended;
		if (p->line[0])
			output_progress(p->line, 0, 0);
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

static void keep_log(const struct update *u, const char *log)
{
	size_t n = strnlen(log, UPDATE_DISK_SIZE - UPDATE_LOG_OFFSET);
	int r = publish_file(AT_FDCWD, u->log, 0640, log, n);

	if (r < 0)
		cli_error(r, "warning: %s", u->log);
}

static int judge(const struct update *u, int r)
{
	const struct update_progress *p = &u->progress;
	const char *name = u->master->name;

	if (r == -ETIMEDOUT && !p->ended)
		return -cli_error(ETIMEDOUT,
			"%s was not updated in %u seconds, and is not published; it came to "
			"\"%s\", see "
			"%s; --timeout",
			name, u->seconds, p->line, u->log);
	if (r < 0 && r != -ETIMEDOUT)
		return r;
	if (!p->ended)
		return -cli_error(EIO,
			"%s went off before its update had ended, and is not published; see %s, or "
			"its console (does it have systemd 240 or later? --offline works without)",
			name, u->log);
	return p->status ? -cli_error(EIO,
				   "%s was not updated, and is not published: its %s ended with %d "
				   "at \"%s\"; "
				   "see %s",
				   name, u->way->name, p->status, p->line, u->log)
			 : 0;
}

/* A machine that is not off in time is switched off in the end: nothing is to run unseen. */
static int switch_off(const struct update *u)
{
	virDomainPtr domain = u->master->domain;

	if (virDomainIsActive(domain) == 0)
		return 0;
	virDomainShutdown(domain);
	for (unsigned int i = 0; i < END_SECONDS && virDomainIsActive(domain) != 0; i++)
		sleep(1);
	return virDomainDestroy(domain) < 0 && virDomainIsActive(domain) != 0
		       ? virt_error(NULL, "cannot switch %s off", u->master->name)
		       : 0;
}

static int run(void *arg)
{
	struct update *u = arg;
	AUTO_FREE char *log = calloc(1, UPDATE_DISK_SIZE);
	int r = log ? master_network_start(u->session->connection, &u->network)
		    : cli_error(-ENOMEM, "the log of %s", u->master->name);

	if (r == 0)
		r = make_disk(u);
	if (r == 0)
		r = boot(u);
	if (r == 0) {
		r = wait_for_end(u, log);
		keep_log(u, log);
		r = judge(u, r);
		if (switch_off(u) < 0)
			r = -EIO;
	}
	unlink(u->disk);
	return r;
}

/* --- in a chroot --- */

static int run_offline(void *arg)
{
	const struct update *u = arg;
	const char *proxy = u->session->context->settings.proxy;
	int status, r;

	if (*proxy) {
		setenv("http_proxy", proxy, 1);
		setenv("https_proxy", proxy, 1);
	}
	r = master_chroot_run(u->master,
		(const char *[]){ "/bin/sh", "-e", "-c", u->way->commands, NULL }, u->seconds,
		false, &status);
	return r == 0 && status
		       ? -cli_error(EIO,
				 "%s was not updated, and is not published: its %s ended with %d",
				 u->master->name, u->way->name, status)
		       : r;
}

/* --- the command --- */

/* What there is to know before it runs: the disk is read for it. */
static int prepare(struct update *u)
{
	struct master *m = u->master;
	const struct farm_settings *s = &u->session->context->settings;
	AUTO_FREE char *directory = strdup(s->log);
	struct os_release os;
	int r = master_settings_network(s, &u->network);

	u->boot = master_boot_directory(u->session, m->name);
	if (!u->boot || !directory ||
		asprintf(&u->disk, "%s/%s" MASTER_DISK_SUFFIX MASTER_DISK_UPDATE, s->disks,
			m->name) < 0 ||
		asprintf(&u->log, "%s/master-%s.log", dirname(directory), m->name) < 0)
		return cli_error(-ENOMEM, "%s", m->name);
	if (r == 0)
		r = master_power_prepare(u->session, m);
	if (r < 0)
		return r;
	master_boot_os(u->boot, &os);
	u->way = update_way_of(&os);
	if (!u->way)
		return -cli_error(EINVAL,
			"%s is \"%s\": of that no package manager is known; update it yourself by "
			"`xenfarm master ssh`, and publish it",
			m->name, os.pretty_name);
	if (boot_once_device(m->xml, u->device) < 0)
		return -cli_error(
			EINVAL, "the domain of %s has no room for one more disk", m->name);
	return 0;
}

static int update(struct update *u)
{
	struct farm_context *c = u->session->context;
	struct operation *op = &u->session->operation;
	const char *name = u->master->name;
	bool offline = c->master_options.offline;
	int r = prepare(u);

	if (r < 0)
		return r;
	r = offline ? operation_step(op, run_offline, u, "update %s by %s, without booting it",
			      name, u->way->name)
		    : operation_step(op, run, u,
			      "boot %s, update it by %s, shut it down (at most %u s)", name,
			      u->way->name, u->seconds);
	if (r == 0)
		r = master_power_prepare(u->session, u->master);
	if (r < 0 || c->master_options.no_publish)
		return r;
	if (op->dry_run) {
		output_line("publish it");
		return 0;
	}
	return master_publish(u->session, u->master);
}

int master_cmd_update(void *options, char **arguments)
{
	struct farm_context *c = options;
	struct master_session session;
	AUTO_MASTER struct master m = { 0 };
	struct update u = { .session = &session, .master = &m, .seconds = LIMIT_SECONDS };
	int r = master_session_begin_change(&session, c, "update", arguments[0]);

	if (c->options.timeout)
		u.seconds = c->options.timeout;
	if (r == 0)
		r = master_find(&session, arguments[0], &m);
	if (r == 0)
		r = master_require_ready(&m, "update");
	if (r == 0)
		r = master_require_off(&m, "update");
	if (r == 0)
		r = update(&u);
	free(u.boot);
	free(u.disk);
	free(u.log);
	return master_session_end(&session, r);
}
