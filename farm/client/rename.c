/*
 * xenfarm client rename: the domain, its host name, and its disk's file. In this order: the disk
 * has both names; the domain names the new one; it is renamed; the old name of the disk goes. The
 * same command completes what was cut off.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libvirt/virterror.h>

#include "farm/client/change.h"
#include "farm/client/cmdline.h"
#include "farm/client/disk.h"
#include "farm/client/remote.h"
#include "farm/name.h"
#include "farm/output.h"
#include "farm/results.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/publish.h"

#define SAVED_MAX (1u << 20) /* bytes of a domain's XML */

struct rename {
	struct client_session *session;
	const char *old, *new; /* labels */
	struct client *client;
	const struct client_host *host;
	char *old_disk, *new_disk; /* paths by the two names */
	char *saved;               /* where the XML is kept on a hypervisor that cannot rename */
	bool moves_disk;           /* else it has a name of its own, and keeps it */
};

static int prepare(struct rename *n)
{
	const char *disks = n->session->context->settings.disks;

	n->old_disk = disk_path(disks, n->old);
	n->new_disk = disk_path(disks, n->new);
	if (!n->old_disk || !n->new_disk || asprintf(&n->saved, "%s.xml", n->new_disk) < 0)
		return cli_error(-ENOMEM, "%s", n->old);
	return 0;
}

static void release(struct rename *n)
{
	free(n->old_disk);
	free(n->new_disk);
	free(n->saved);
}

/* --- checks --- */

static int check_new(const struct rename *n)
{
	const char *wrong = name_check(n->new);
	AUTO_VIRT_DOMAIN virDomainPtr domain = NULL;
	const struct client *other;

	if (wrong)
		return -cli_error(
			EINVAL, "\"%.80s\" cannot be a client's name: it %s", n->new, wrong);
	if (strcmp(n->old, n->new) == 0)
		return -cli_error(EINVAL, "%s has that name", n->old);
	other = client_list_find(&n->session->list, n->new);
	domain = virDomainLookupByName(n->client->host->connection, n->new);
	if (domain || other)
		return -cli_error(EEXIST, "%s is a domain already; take another name",
			other ? other->name : n->new);
	return virt_errno() == -ENOENT ? 0 : virt_error(NULL, "cannot look for %s", n->new);
}

static int check_disk(struct rename *n, const struct domain_xml_read *domain)
{
	char uuid[RECORD_UUID_SIZE] = "";
	enum disk_kind kind;
	int r;

	n->moves_disk = domain->disk && (strcmp(domain->disk, n->old_disk) == 0 ||
						strcmp(domain->disk, n->new_disk) == 0);
	if (!n->moves_disk)
		return 0;
	r = disk_look(n->new_disk, &kind, uuid);
	if (r < 0)
		return cli_error(r, "%s", n->new_disk);
	if (kind != DISK_ABSENT && strcmp(uuid, n->client->uuid) != 0)
		return -cli_error(EEXIST, "%s is there already; take another name", n->new_disk);
	return 0;
}

static int check(struct rename *n)
{
	AUTO_CLIENT_CHANGE struct client_change change = { 0 };
	int r = check_new(n);

	if (r == 0)
		r = client_change_check(n->client);
	if (r == 0 && virDomainIsActive(n->client->domain) != 0)
		r = -cli_error(
			EBUSY, "%s runs; stop it first: `xenfarm client stop %s`", n->old, n->old);
	if (r == 0)
		r = client_change_begin(&change, n->session, n->client);
	return r == 0 ? check_disk(n, &change.domain) : r;
}

/* --- steps --- */

static int step_link(void *arg)
{
	const struct rename *n = arg;

	/* After the next step was done once, only the new name may be left to link from. */
	if (access(n->old_disk, F_OK) < 0 && access(n->new_disk, F_OK) == 0)
		return 0;
	return disk_link(n->old_disk, n->new_disk);
}

static int step_define(void *arg)
{
	const struct rename *n = arg;
	struct client *c = n->client;
	struct client_title title =
		client_title(n->new, client_generation(n->session, c), c->record.state);
	AUTO_CLIENT_CHANGE struct client_change change = { 0 };
	AUTO_FREE char *cmdline = NULL;
	struct record record = c->record;
	int r = client_change_begin(&change, n->session, c);

	if (r < 0)
		return r;
	if (change.domain.cmdline)
		cmdline = client_cmdline_set(change.domain.cmdline, "xfname", n->new);
	return client_change_define(c, &change,
		&(struct domain_xml_change){ .title = title.text,
			.cmdline = cmdline,
			.disk = n->moves_disk ? n->new_disk : NULL,
			.record = &record });
}

static int define_saved(const struct rename *n, const char *xml)
{
	virDomainPtr domain = virDomainDefineXML(n->host->connection, xml);

	if (!domain)
		return virt_error("run the same command again",
			"cannot define %s (its XML is in %s)", n->new, n->saved);
	virDomainFree(domain);
	if (unlink(n->saved) < 0)
		return cli_error(-errno, "%s", n->saved);
	return 0;
}

/* libxl cannot rename: the domain is undefined and defined again, and its XML kept until then. */
static int define_anew(const struct rename *n)
{
	AUTO_CLIENT_CHANGE struct client_change change = { 0 };
	AUTO_FREE char *xml = NULL;
	int r = client_change_begin(&change, n->session, n->client);

	if (r < 0)
		return r;
	xml = domain_xml_change(change.xml, &(struct domain_xml_change){ .name = n->new });
	if (!xml)
		return cli_error(-ENOMEM, "%s", n->old);
	r = publish_file(AT_FDCWD, n->saved, 0600, xml, strlen(xml));
	if (r < 0)
		return cli_error(r, "%s", n->saved);
	if (virDomainUndefine(n->client->domain) < 0)
		return virt_error(NULL, "cannot rename %s", n->old);
	return define_saved(n, xml);
}

static int step_rename(void *arg)
{
	const struct rename *n = arg;
	int r;

	virt_watch(VIRT_CALL_LIMIT, "renaming %s", n->old);
	r = virDomainRename(n->client->domain, n->new, 0);
	if (r < 0 && virt_errno() == -ENOTSUP)
		r = define_anew(n);
	else if (r < 0)
		r = virt_error(NULL, "cannot rename %s", n->old);
	virt_watch_end();
	return r;
}

static int step_unlink(void *arg)
{
	const struct rename *n = arg;

	return disk_unlink(n->old_disk);
}

static int unlink_old(struct rename *n)
{
	return operation_step(
		&n->session->operation, step_unlink, n, "remove the name %s", n->old_disk);
}

static int step_there(void *arg)
{
	const struct rename *n = arg;

	return remote_run(n->host, "rename", n->old, (const char *const[]){ n->new, NULL });
}

static int rename_client(struct rename *n)
{
	struct operation *op = &n->session->operation;
	int r = n->host->is_here ? check(n) : check_new(n);

	if (r == 0 && op->dry_run)
		client_change_show(n->client, n->new, &n->client->record);
	if (r == 0 && !n->host->is_here)
		return operation_step(
			op, step_there, n, "%s: rename it there to %s", n->client->name, n->new);
	if (r == 0 && n->moves_disk)
		r = operation_step(
			op, step_link, n, "%s: its disk is %s, too", n->old, n->new_disk);
	if (r == 0)
		r = operation_step(
			op, step_define, n, "%s: define its domain with the new names", n->old);
	if (r == 0)
		r = operation_step(op, step_rename, n, "%s: rename it to %s", n->old, n->new);
	return r == 0 && n->moves_disk ? unlink_old(n) : r;
}

/* --- what was cut off --- */

static int step_define_saved(void *arg)
{
	const struct rename *n = arg;
	AUTO_CLOSE int fd = open(n->saved, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_BUF struct buf xml = { 0 };
	int r = fd < 0 ? -errno : buf_read(&xml, fd, SAVED_MAX);

	buf_add(&xml, "", 1);
	if (r < 0 || xml.failed)
		return cli_error(r < 0 ? r : -ENOMEM, "%s", n->saved);
	return define_saved(n, xml.data);
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return lstat(a, &x) == 0 && lstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* There is no client of the old name: was it renamed, but for the last step? */
static int complete(struct rename *n, const char *word)
{
	int r = -ENOENT;

	if (!name_check(n->new) && access(n->saved, F_OK) == 0)
		r = operation_step(&n->session->operation, step_define_saved, n,
			"%s: define it again", n->new);
	else if (client_list_find(&n->session->list, n->new) &&
		 is_same_file(n->old_disk, n->new_disk))
		r = 0;
	if (r == -ENOENT) {
		client_find(n->session, word);
		return r;
	}
	return r == 0 && is_same_file(n->old_disk, n->new_disk) ? unlink_old(n) : r;
}

/* A client that is not found may be one whose renaming was cut off, under its new name. */
static int find(struct rename *n, char **arguments)
{
	struct client_session *s = n->session;
	struct client *new = NULL;
	int r = client_look(s, arguments[0], &n->client);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT && client_look(s, arguments[1], &new) == -EEXIST)
		return -EEXIST;
	n->host = n->client ? n->client->host : new ? new->host : &s->host[0];
	n->old = client_word_name(arguments[0]);
	n->new = client_word_name(arguments[1]);
	if (client_word_has_host(arguments[1], n->host->name))
		return 0;
	return -cli_error(EINVAL, "%s stays on its host, %s: name the new name only", arguments[0],
		n->host->name);
}

int client_rename(void *options, char **arguments)
{
	AUTO_FREE const char **words = client_words("rename", arguments);
	struct client_session s = { .lock = -1 };
	struct rename n = { .session = &s };
	int r;

	if (!words)
		return EXIT_FAILURE;
	r = client_session_begin_change(&s, options, words, NULL);
	if (r == 0)
		r = client_session_need_all(&s);
	if (r == 0)
		r = find(&n, arguments);
	if (r == 0)
		r = prepare(&n);
	results_of(arguments[0]);
	if (r == 0)
		r = n.client ? rename_client(&n) : complete(&n, arguments[0]);
	/* The name that libvirt gave out before is not valid any more. */
	if (r == 0)
		results_state(arguments[0], client_power_name(CLIENT_OFF));
	else if (n.client)
		client_result(n.client);
	results_text(arguments[0], "new_name", arguments[1]);
	release(&n);
	return client_session_end(&s, r);
}
