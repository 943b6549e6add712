#include "farm/master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/name.h"
#include "farm/results.h"
#include "farm/virt/lock.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/paths.h"

/* --- one --- */

void master_free(struct master *m)
{
	virt_free_domain(&m->domain);
	domain_xml_free(&m->domain_xml);
	free(m->name);
	free(m->xml);
	memset(m, 0, sizeof(*m));
}

/* What libvirt's record says of a domain: 1 a master, 0 not, -errno. */
static int read_record(virDomainPtr domain, struct record *record, const char **damaged)
{
	AUTO_FREE char *xml = virt_record(domain);

	*damaged = NULL;
	if (!xml)
		return virt_errno() == -ENOENT ? 0 : virt_errno();
	if (record_parse(xml, record, damaged) == -ENOMEM)
		return -ENOMEM;
	return record->role == RECORD_MASTER;
}

/* The rest of it; domain and record are there. */
static int fill(struct master *m)
{
	m->name = strdup(virDomainGetName(m->domain));
	m->active = virDomainIsActive(m->domain) != 0;
	m->xml = virDomainGetXMLDesc(m->domain, VIR_DOMAIN_XML_INACTIVE);
	if (!m->name)
		return -ENOMEM;
	if (!m->xml || virDomainGetUUIDString(m->domain, m->uuid) < 0)
		return virt_errno();
	return domain_xml_parse(m->xml, &m->domain_xml);
}

static int say_foreign(virDomainPtr domain, const char *name)
{
	struct record record;
	const char *damaged;
	AUTO_FREE char *xml = virt_record(domain);
	bool client = xml && record_parse(xml, &record, &damaged) == 0;

	return -cli_error(EPERM,
		client ? "%s is a client, not a master; see `xenfarm client --help`"
		       : "%s is a domain of libvirt that xenfarm did not make; it is left alone",
		name);
}

int master_look(struct master_session *s, const char *name, struct master *m)
{
	const char *wrong = name_check(name);
	int r;

	memset(m, 0, sizeof(*m));
	if (wrong)
		return -cli_error(
			EINVAL, "\"%.80s\" cannot be the name of a master: it %s", name, wrong);
	m->domain = virDomainLookupByName(s->connection, name);
	if (!m->domain)
		return virt_errno() == -ENOENT ? 0 : virt_error(NULL, "cannot look for %s", name);
	r = read_record(m->domain, &m->record, &m->damaged);
	if (r == 0)
		return say_foreign(m->domain, name);
	r = r < 0 ? r : fill(m);
	return r < 0 ? virt_error(NULL, "cannot read the domain of %s", name) : 0;
}

static int say_unknown(struct master_session *s, const char *name)
{
	struct master_list list = { 0 };
	const char **names = NULL, *nearest = NULL;

	if (master_list_load(s->connection, &list) == 0)
		names = calloc(list.n + 1, sizeof(*names));
	for (size_t i = 0; names && i < list.n; i++)
		names[i] = list.master[i].name;
	if (names)
		nearest = name_nearest(name, names, list.n);
	if (nearest)
		cli_error(0, "there is no master %s; did you mean %s?", name, nearest);
	else
		cli_error(0, "there is no master %s; see `xenfarm master list`", name);
	free(names);
	master_list_free(&list);
	return -ENOENT;
}

int master_find(struct master_session *s, const char *name, struct master *m)
{
	int r = master_look(s, name, m);

	return r == 0 && !m->domain ? say_unknown(s, name) : r;
}

/* --- all --- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct master *)a)->name, ((const struct master *)b)->name);
}

/* Add the domain, which is the list's from now on, if it is a master. One that was removed since
 * libvirt listed it is none. */
static int list_add(struct master_list *list, virDomainPtr domain)
{
	struct master m = { .domain = domain };
	int r = read_record(domain, &m.record, &m.damaged);

	if (r > 0)
		r = fill(&m);
	else
		r = r < 0 ? r : -ENOENT;
	if (r == 0 && !ARRAY_GROW(list->master, list->n))
		r = -ENOMEM;
	if (r == 0)
		list->master[list->n++] = m;
	else
		master_free(&m);
	return r == -ENOENT ? 0 : r;
}

int master_list_load(virConnectPtr connection, struct master_list *list)
{
	virDomainPtr *domains = NULL;
	int n = virConnectListAllDomains(connection, &domains, 0), r = 0;

	memset(list, 0, sizeof(*list));
	if (n < 0)
		return virt_error(NULL, "cannot list the domains");
	for (int i = 0; i < n; i++) {
		int one = list_add(list, domains[i]);

		r = r ? r : one;
	}
	free(domains);
	if (list->n)
		qsort(list->master, list->n, sizeof(*list->master), by_name);
	return r < 0 ? cli_error(r, "the list of masters") : 0;
}

void master_list_free(struct master_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		master_free(&list->master[i]);
	free(list->master);
	memset(list, 0, sizeof(*list));
}

/* --- state --- */

const char *master_state(const struct master *m)
{
	int state = VIR_DOMAIN_NOSTATE, reason;

	if (m->damaged)
		return "damaged";
	if (m->record.state == RECORD_CREATING && !m->active)
		return "creating";
	if (virDomainGetState(m->domain, &state, &reason, 0) < 0)
		return "unknown";
	switch (state) {
	case VIR_DOMAIN_SHUTOFF:
		return "off";
	case VIR_DOMAIN_CRASHED:
		return "crashed";
	case VIR_DOMAIN_PAUSED:
	case VIR_DOMAIN_PMSUSPENDED:
		return "paused";
	case VIR_DOMAIN_SHUTDOWN:
		return "stopping";
	default:
		return "running";
	}
}

int master_require_ready(const struct master *m, const char *action)
{
	if (m->damaged)
		return -cli_error(EINVAL,
			"cannot %s %s: its record in libvirt is damaged (%s); see `virsh metadata "
			"%s " RECORD_NAMESPACE "`",
			action, m->name, m->damaged, m->name);
	if (m->record.state == RECORD_CREATING)
		return -cli_error(EBUSY,
			"cannot %s %s: it was not completed; run the same `xenfarm master create` "
			"again, or `xenfarm master destroy %s`",
			action, m->name, m->name);
	return 0;
}

int master_require_off(const struct master *m, const char *action)
{
	return m->active
		       ? -cli_error(EBUSY, "cannot %s %s: it is %s; `xenfarm master stop %s` first",
				 action, m->name, master_state(m), m->name)
		       : 0;
}

bool master_address(const struct master *m, struct xf_addr *address)
{
	return m->domain_xml.mac && master_network_of_mac(m->domain_xml.mac, address);
}

/* --- a command --- */

int master_session_begin(struct master_session *s, struct farm_context *c, bool read_only)
{
	int r;

	*s = (struct master_session){ .context = c, .lock = -1 };
	r = farm_context_configure(c);
	return r < 0 ? r : virt_open(c->settings.host.uri, read_only, &s->connection);
}

static int lock(struct master_session *s, const char *action, const char *name)
{
	AUTO_FREE char *directory = NULL, *command = NULL;

	if (asprintf(&directory, PATH_RUN "/master-%s", name) < 0 ||
		asprintf(&command, "master %s %s", action, name) < 0)
		return cli_error(-ENOMEM, "%s", name);
	if (mkdir(PATH_RUN, 0755) < 0 && errno != EEXIST)
		return cli_error(-errno,
			"cannot %s the master %s: " PATH_RUN " cannot be made; run it as root",
			action, name);
	s->lock = virt_lock(directory, command, VIRT_LOCK_PATIENCE);
	return s->lock < 0 ? s->lock : 0;
}

int master_session_begin_change(
	struct master_session *s, struct farm_context *c, const char *action, const char *name)
{
	const char *from = strcmp(action, "create") == 0 ? c->share_options.from : NULL;
	const char *const words[] = { "master", action, name, from ? "--from" : NULL, from, NULL };
	const char *wrong = name_check(name);
	int r = master_session_begin(s, c, false);

	if (r == 0 && wrong)
		r = -cli_error(
			EINVAL, "\"%.80s\" cannot be the name of a master: it %s", name, wrong);
	if (r == 0 && !c->options.dry_run)
		r = lock(s, action, name);
	if (r < 0)
		return r;
	operation_begin(&s->operation, c->settings.log, words, c->options.dry_run);
	s->in_operation = true;
	s->name = name;
	results_of(name);
	return 0;
}

/* For --json: what became of it. */
static void report(struct master_session *s)
{
	AUTO_MASTER struct master m = { 0 };

	results_of(NULL);
	if (results_wanted() && master_look(s, s->name, &m) == 0)
		results_state(s->name, m.domain ? master_state(&m) : "absent");
}

int master_session_end(struct master_session *s, int r)
{
	int status = farm_exit_status(r);

	if (s->in_operation)
		report(s);
	if (s->in_operation)
		operation_end(&s->operation, status);
	virt_close(&s->connection);
	if (s->lock >= 0)
		close(s->lock);
	return status;
}

char *master_boot_directory(const struct master_session *s, const char *name)
{
	char *path;

	return asprintf(&path, "%s/master/%s", s->context->settings.boot, name) < 0 ? NULL : path;
}

int master_settings_network(const struct farm_settings *s, struct master_network *network)
{
	const char *wrong = master_network_parse(network, s->master_address);

	network->name = s->master_network;
	network->bridge = s->master_bridge;
	network->reaches_out = !*s->proxy;
	return wrong ? -cli_error(EINVAL, "master-address in xenfarm.conf, %s, %s",
			       s->master_address, wrong)
		     : 0;
}

/* --- its share --- */

/* Is the share at path the one with that UUID? One that cannot be opened is passed over: another
 * section may be the one. */
static bool is_share(const char *path, const char *uuid)
{
	AUTO_FREE char *file = NULL;
	AUTO_CLOSE int fd = -1;
	char text[RECORD_UUID_SIZE + 1] = "";

	if (!path || asprintf(&file, "%s/etc/uuid", path) < 0)
		return false;
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, uuid) == 0;
}

static const struct farm_share_settings *find_share(const struct farm_settings *s, const char *uuid)
{
	if (is_share(s->share.path, uuid))
		return &s->share;
	for (size_t i = 0; i < s->n_named_shares; i++)
		if (is_share(s->named_share[i].path, uuid))
			return &s->named_share[i];
	return NULL;
}

int master_open_share(struct master_session *s, const struct master *m)
{
	struct farm_context *c = s->context;
	const struct farm_share_settings *share =
		c->options.share ? NULL : find_share(&c->settings, m->record.share);
	int r;

	if (!c->options.share && !share)
		return -cli_error(ENOENT,
			"xenfarm.conf has no share with the UUID of the master %s, %s; --share "
			"chooses it",
			m->name, m->record.share);
	if (share) {
		c->share_settings = share;
		c->share_path = share->path;
		c->key_path = c->options.key ? c->options.key : share->key;
	}
	r = share_open(c->share_path, &c->share);
	if (r < 0)
		return r;
	return strcmp(c->share.uuid, m->record.share) == 0
		       ? 0
		       : -cli_error(EPERM,
				 "the master %s belongs to the share with UUID %s, and %s is "
				 "another",
				 m->name, m->record.share, c->share.path);
}
