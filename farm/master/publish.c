/* xenfarm master publish: a generation of its disk, while it is off. */
#include "farm/master/publish.h"

#include <errno.h>
#include <unistd.h>

#include "farm/master/image-lock.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

/* libvirt says whether it runs, the lock whether anything else has its disk: a machine that another
 * administrator's libvirt started, say. And none can start with it until this is done. */
int master_publish(struct master_session *s, const struct master *m)
{
	AUTO_CLOSE int lock = -1;
	int r = master_require_ready(m, "publish");

	if (r == 0)
		r = master_require_off(m, "publish");
	if (r == 0 && !m->domain_xml.disk)
		r = -cli_error(ENOENT, "the domain of %s has no disk", m->name);
	if (r == 0)
		r = master_open_share(s, m);
	if (r < 0)
		return r;
	lock = image_lock(m->domain_xml.disk, false);
	return lock < 0 ? lock : cmd_share_publish_from(s->context, m->domain_xml.disk);
}

/* `share publish --from NAME` comes here, too: then NAME was perhaps meant as a file. */
static void say_no_file(const struct farm_context *c, const char *name)
{
	if (c->share_options.from)
		cli_error(0, "there is no file %s", name);
}

int master_cmd_publish(void *options, char **arguments)
{
	struct master_session session;
	AUTO_MASTER struct master m = { 0 };
	int r = master_session_begin_change(&session, options, "publish", arguments[0]);

	if (r == 0)
		r = master_find(&session, arguments[0], &m);
	if (r < 0)
		say_no_file(options, arguments[0]);
	if (r == 0)
		r = master_publish(&session, &m);
	return master_session_end(&session, r);
}
