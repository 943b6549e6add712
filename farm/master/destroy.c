/* xenfarm master destroy. First its record says that it is not complete, and last it is undefined:
 * what was cut off between is known, and the same command goes on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "farm/master/boot.h"
#include "farm/master/define.h"
#include "farm/master/disk.h"
#include "farm/master/tree.h"
#include "farm/output.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

struct destroy {
	struct master_session *session;
	struct master *master;
	char *own_disk; /* where its own is */
};

static bool is_own_disk(const struct destroy *d)
{
	const char *disk = d->master->domain_xml.disk;

	return disk && strcmp(disk, d->own_disk) == 0;
}

static int switch_off(void *arg)
{
	const struct destroy *d = arg;
	virDomainPtr domain = d->master->domain;

	return virDomainDestroy(domain) < 0 && virDomainIsActive(domain) != 0
		       ? virt_error(NULL, "cannot switch %s off", d->master->name)
		       : 0;
}

static int mark(void *arg)
{
	const struct destroy *d = arg;
	struct record record = d->master->record;
	struct domain_xml_change change = { .record = &record };
	AUTO_FREE char *xml = NULL;

	record.state = RECORD_CREATING;
	xml = domain_xml_change(d->master->xml, &change);
	if (!xml)
		return cli_error(-EINVAL, "the domain of %s", d->master->name);
	return master_define(d->session, d->master->name, xml, &d->master->domain);
}

static int remove_files(void *arg)
{
	const struct destroy *d = arg;
	AUTO_FREE char *tree = NULL, *boot = master_boot_directory(d->session, d->master->name);
	int r;

	if (!boot || asprintf(&tree, "%s.tree", d->own_disk) < 0)
		return cli_error(-ENOMEM, "%s", d->master->name);
	r = master_tree_remove(tree);
	if (r == 0)
		r = master_disk_sweep(d->own_disk);
	if (r == 0 && is_own_disk(d))
		r = master_disk_remove(d->own_disk);
	return r == 0 ? master_boot_remove(boot) : r;
}

/* Not every driver knows the flags. */
static int undefine(void *arg)
{
	const struct destroy *d = arg;
	virDomainPtr domain = d->master->domain;

	if (virDomainUndefineFlags(domain, VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
						   VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
						   VIR_DOMAIN_UNDEFINE_NVRAM) < 0 &&
		virDomainUndefine(domain) < 0)
		return virt_error(NULL, "cannot undefine %s", d->master->name);
	return 0;
}

static int destroy(struct destroy *d)
{
	struct operation *op = &d->session->operation;
	const struct master *m = d->master;
	int r = 0;

	if (m->active)
		r = operation_step(op, switch_off, d, "switch %s off", m->name);
	if (r == 0 && !m->damaged)
		r = operation_step(op, mark, d, "%s is not complete any more", m->name);
	if (r == 0)
		r = operation_step(op, remove_files, d, "remove %s%s", d->own_disk,
			is_own_disk(d) ? " and its kernel" : ".*, and its kernel");
	return r == 0 ? operation_step(op, undefine, d, "undefine the domain %s", m->name) : r;
}

static int confirm(const struct destroy *d)
{
	const struct farm_options *o = &d->session->context->options;
	const struct master *m = d->master;
	bool yes = o->yes || o->dry_run;

	if (is_own_disk(d))
		yes = operation_confirm(yes,
			"Remove the master %s (%s), with all that is on its disk %s?", m->name,
			master_state(m), d->own_disk);
	else
		yes = operation_confirm(yes, "Remove the master %s (%s)? Its disk %s stays.",
			m->name, master_state(m), m->domain_xml.disk ? m->domain_xml.disk : "");
	return yes ? 0 : -ECANCELED;
}

int master_cmd_destroy(void *options, char **arguments)
{
	struct master_session session;
	AUTO_MASTER struct master m = { 0 };
	struct destroy d = { .session = &session, .master = &m };
	int r = master_session_begin_change(&session, options, "destroy", arguments[0]);

	if (r == 0)
		r = master_find(&session, arguments[0], &m);
	if (r == 0 && asprintf(&d.own_disk, "%s/%s" MASTER_DISK_SUFFIX,
			      session.context->settings.disks, m.name) < 0) {
		d.own_disk = NULL;
		r = cli_error(-ENOMEM, "%s", m.name);
	}
	if (r == 0)
		r = confirm(&d);
	if (r == 0)
		r = destroy(&d);
	free(d.own_disk);
	return master_session_end(&session, r);
}
