#include "farm/client/power.h"

#include <errno.h>

#include "farm/client/boot-files.h"
#include "farm/client/console-log.h"
#include "farm/client/rules.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

/* Without its share (it may be on another disk that is not mounted now) the files that there are
 * do. */
static int without_share(const struct client_session *s, const struct client *c)
{
	if (boot_files_exist(
		    s->context->settings.boot, c->record.share, client_source(&c->record).text))
		return 0;
	return -cli_error(ENOENT,
		"cannot start %s: no share in xenfarm.conf has the UUID %s, and there are no boot "
		"files "
		"of it; add the share to xenfarm.conf",
		c->name, c->record.share);
}

static int without_channel(const struct client_session *s, const struct client *c)
{
	return -cli_error(ENOENT,
		"cannot start %s: its channel, %s, is not in %s (any more); "
		"`xenfarm client set %s --channel live` lets it follow live",
		c->name, c->record.channel, s->context->share.path, c->name);
}

int power_prepare(struct client_session *s, const struct client *c)
{
	const char *boot = s->context->settings.boot;
	int r = client_open_share(s, c->record.share);

	if (r == -ENOENT)
		return without_share(s, c);
	if (r < 0)
		return r;
	if (c->record.pin)
		return boot_files_make(boot, &s->context->share, c->record.pin);
	if (!channel_find(&s->context->share, c->record.channel))
		return without_channel(s, c);
	return boot_files_update(boot, &s->context->share, c->record.channel);
}

int power_on(struct client_session *s, struct client *c)
{
	AUTO_FREE char *console = console_log_path(&s->context->settings, c->uuid);
	int r;

	if (virDomainIsActive(c->domain) > 0)
		return 0;
	r = console ? console_log_prepare(console) : cli_error(-ENOMEM, "%s", c->name);
	if (r < 0)
		return r;
	virt_watch(VIRT_CALL_LIMIT, "starting %s", c->name);
	r = virDomainCreate(c->domain);
	virt_watch_end();
	if (r < 0)
		r = virt_error_unless(c->domain, true, "cannot start %s", c->name);
	if (r < 0)
		return r;
	c->power = CLIENT_RUNNING;
	return client_rules_check(s, c);
}
