/* xenfarm client start, stop, reboot. */
#include <errno.h>
#include <stdlib.h>

#include "farm/client/batch.h"
#include "farm/client/change.h"
#include "farm/client/power.h"
#include "farm/client/remote.h"
#include "farm/results.h"
#include "lib/cli.h"

#define STOP_LIMIT 120 /* seconds, then --force switches it off */

/* --- start --- */

static int start(struct client_session *s, struct client *c)
{
	struct client_title title;
	int r = client_change_check(c);

	if (r == 0 && virDomainIsActive(c->domain) > 0) {
		results_already(c->name);
		return virt_await_start(c->domain, c->name);
	}
	if (r == 0 && !c->host->is_here)
		return remote_run(c->host, "start", c->label, (const char *const[]){ NULL });
	if (r == 0)
		r = power_prepare(s, c);
	if (r < 0)
		return r;
	title = client_title(c->label, client_generation(s, c), RECORD_READY);
	r = client_write(c, title.text, &c->record);
	return r < 0 ? r : power_on(s, c);
}

static int start_and_wait(struct client_session *s, struct client *c)
{
	int r = start(s, c);

	return r < 0 ? r : client_wait_answer.poll(s, c);
}

int client_start(void *options, char **arguments)
{
	static const struct batch_action plain = {
		.line = "start", .done = "started", .begin = start
	};
	const struct farm_context *c = options;
	struct batch_action waiting = client_wait_answer;

	waiting.line = "start";
	waiting.begin = start_and_wait;
	return batch_command(
		options, arguments, "start", c->client_options.wait ? &waiting : &plain);
}

/* --- stop --- */

static int switch_off(struct client_session *s, struct client *c)
{
	int r;

	(void)s;
	virt_watch(VIRT_CALL_LIMIT, "switching %s off", c->name);
	r = virDomainDestroy(c->domain);
	virt_watch_end();
	/* It may have ended by itself at the last moment. */
	return r < 0 ? virt_error_unless(c->domain, false, "cannot switch %s off", c->name) : 0;
}

static int stop(struct client_session *s, struct client *c)
{
	int r;

	(void)s;
	if (virt_is_off(c->domain)) {
		results_already(c->name);
		return 0;
	}
	virt_watch(VIRT_CALL_LIMIT, "shutting %s down", c->name);
	r = virDomainShutdown(c->domain);
	virt_watch_end();
	return r < 0 ? virt_error_unless(c->domain, false, "cannot shut %s down", c->name) : 1;
}

static int late_off(struct client_session *s, struct client *c)
{
	if (s->context->options.force) {
		cli_error(0, "%s did not shut down in time: it is switched off", c->name);
		return switch_off(s, c);
	}
	return -cli_error(
		ETIMEDOUT, "%s did not shut down in time; --force switches it off", c->name);
}

int client_stop(void *options, char **arguments)
{
	static const struct batch_action action = { .line = "shut down",
		.done = "stopped",
		.waiting = "is off",
		.begin = stop,
		.late = late_off,
		.limit = STOP_LIMIT };
	struct batch_action a = action;

	a.poll = client_wait_off.poll;
	return batch_command(options, arguments, "stop", &a);
}

/* --- reboot: off and on again, so that it has the kernel of now --- */

static int reboot_poll(struct client_session *s, struct client *c)
{
	int r = client_wait_off.poll(s, c);

	return r == 0 ? start(s, c) : r;
}

static int reboot(struct client_session *s, struct client *c)
{
	int r = client_change_check(c);

	if (r == 0 && !virt_is_off(c->domain))
		r = stop(s, c);
	return r == 0 ? start(s, c) : r;
}

static int reboot_late(struct client_session *s, struct client *c)
{
	int r = late_off(s, c);

	return r < 0 ? r : start(s, c);
}

int client_reboot(void *options, char **arguments)
{
	static const struct batch_action action = { .line = "shut down",
		.done = "rebooted",
		.waiting = "was off and runs again",
		.begin = reboot,
		.poll = reboot_poll,
		.late = reboot_late,
		.limit = STOP_LIMIT };

	return batch_command(options, arguments, "reboot", &action);
}
