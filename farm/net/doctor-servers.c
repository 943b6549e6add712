/* What doctor asks of the other servers: do they answer, and have they what this one has? */
#include <stdio.h>

#include "farm/fleet/servers.h"
#include "farm/net/doctor.h"
#include "lib/buf.h"
#include "lib/cleanup.h"

#define SECONDS 10 /* for all of them, without --timeout */

static void judge(const struct server_list *list, struct doctor_finding *f)
{
	AUTO_BUF struct buf wrong = { 0 };
	const struct server *worst = NULL;

	for (size_t i = 0; i < list->n; i++) {
		const struct server *s = &list->server[i];

		if (s->condition == SERVER_EQUAL)
			continue;
		if (!worst || s->condition == SERVER_SILENT)
			worst = s;
		buf_printf(&wrong, "%s%s: %s", wrong.size ? "; " : "", s->settings->name, s->why);
	}
	if (!worst)
		doctor_ok(f, "%zu answer, and have what is here", list->n);
	else if (worst->condition == SERVER_SILENT)
		doctor_fail(f, "see why: ssh SERVER xenfarm doctor", "%.*s", (int)wrong.size,
			wrong.data);
	else if (worst->condition == SERVER_AHEAD)
		doctor_warn(f, "xenfarm share push, on the server that has more", "%.*s",
			(int)wrong.size, wrong.data);
	else
		doctor_warn(f, "xenfarm share push", "%.*s", (int)wrong.size, wrong.data);
}

static void check_servers(struct doctor *d, struct doctor_finding *f)
{
	const struct farm_context *c = d->context;
	AUTO_SERVERS struct server_list list = { 0 };

	if (c->settings.n_servers == 0) {
		doctor_skip(f, "xenfarm.conf has no other servers");
		return;
	}
	if (servers_begin(&list, c, c->options.timeout ? c->options.timeout : SECONDS) < 0) {
		doctor_fail(f, "see the message above", "they cannot be asked");
		return;
	}
	servers_wait(&list);
	if (list.n)
		judge(&list, f);
	else
		doctor_skip(f, "there is no share to compare with theirs");
}

const struct doctor_check doctor_of_servers[] = {
	{ "servers", check_servers },
	{ NULL, NULL },
};
