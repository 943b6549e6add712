/* xenfarm client pin, unpin, set: which generation a client stays with, which channel it follows,
 * or which servers it mounts from. It takes it at its next start. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "farm/client/batch.h"
#include "farm/client/boot-files.h"
#include "farm/client/change.h"
#include "farm/client/cmdline.h"
#include "farm/client/power.h"
#include "farm/client/remote.h"
#include "farm/client/servers.h"
#include "farm/net/server.h"
#include "farm/output.h"
#include "farm/results.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/exit.h"

struct pin_paths {
	char kernel[PATH_MAX], initrd[PATH_MAX];
	struct client_source start;
	const char *option; /* of xfgen=; NULL: none */
};

static void set_paths(const struct client_session *s, const struct record *r, struct pin_paths *p)
{
	const char *boot = s->context->settings.boot;

	p->start = client_source(r);
	p->option = strcmp(p->start.text, CHANNEL_LIVE) == 0 ? NULL : p->start.text;
	snprintf(p->kernel, sizeof(p->kernel), "%s/%s/%s/vmlinuz", boot, r->share, p->start.text);
	snprintf(p->initrd, sizeof(p->initrd), "%s/%s/%s/initrd", boot, r->share, p->start.text);
}

/* Of --servers. 0, or -errno after a message. */
static int compose_xfnet(
	const struct client_session *s, const struct client *c, char text[static XF_WORD_MAX])
{
	const char *servers = s->context->client_options.servers, *wrong;
	struct net_farm farm;
	int r = net_server_farm(&s->context->settings, &farm);

	if (r < 0)
		return r;
	wrong = client_servers_format(&farm, &c->record.address, servers, text);
	return wrong ? -cli_error(EINVAL, "--servers %.200s: it %s", servers, wrong) : 0;
}

/* The line with what was asked for. *to is the caller's to free; NULL: there is no line. 0, or
 * -errno after a message. */
static int change_cmdline(const struct client_session *s, const struct client *c, const char *line,
	const char *generation, char **to)
{
	AUTO_FREE char *first = NULL;
	char xfnet[XF_WORD_MAX];
	int r;

	if (!line)
		return 0;
	*to = client_cmdline_set(line, "xfgen", generation);
	if (!*to)
		return cli_error(-ENOMEM, "%s", c->name);
	if (!s->context->client_options.servers)
		return 0;
	first = *to;
	*to = NULL;
	r = compose_xfnet(s, c, xfnet);
	if (r < 0)
		return r;
	*to = client_cmdline_set(first, "xfnet", xfnet);
	return *to ? 0 : cli_error(-ENOMEM, "%s", c->name);
}

/* Kernel, initrd, command line, title and record are one change: all of it, or nothing. */
static int define(struct client_session *s, struct client *c, const struct record *record)
{
	AUTO_CLIENT_CHANGE struct client_change change;
	AUTO_FREE char *cmdline = NULL;
	struct client_title title;
	struct pin_paths paths = { 0 };
	int r = client_change_begin(&change, s, c);

	if (r < 0)
		return r;
	set_paths(s, record, &paths);
	title = client_title(c->label,
		record->pin ? record->pin
			    : boot_files_channel(
				      s->context->settings.boot, record->share, record->channel),
		record->state);
	r = change_cmdline(s, c, change.domain.cmdline, paths.option, &cmdline);
	if (r < 0)
		return r;
	return client_change_define(c, &change,
		&(struct domain_xml_change){ .title = title.text,
			.kernel = paths.kernel,
			.initrd = paths.initrd,
			.cmdline = cmdline,
			.record = record });
}

/* What its channel is at. */
static uint32_t followed(const struct client_session *s, const struct client *c)
{
	const struct channel *channel = channel_need(&s->context->share, c->record.channel);

	return channel ? channel->generation : 0;
}

/* The generation that was asked for, or the one that it starts with now. 0 after a message. */
static uint32_t wanted(struct client_session *s, const struct client *c)
{
	uint32_t asked = s->context->client_options.generation;

	if (asked && !share_has(&s->context->share, asked)) {
		cli_error(0,
			"cannot pin %s: %s has no generation %u; `xenfarm share list` has those "
			"that "
			"there are",
			c->name, s->context->share.path, asked);
		return 0;
	}
	return asked ? asked : c->record.pin ? c->record.pin : followed(s, c);
}

static int pin_there(const struct client_session *s, const struct client *c)
{
	uint32_t generation = s->context->client_options.generation;
	char number[16];

	snprintf(number, sizeof(number), "%u", generation);
	return remote_run(c->host, "pin", c->label,
		(const char *const[]){ generation ? "--generation" : NULL, number, NULL });
}

/* What its record is to be. 0, or -errno after a message. */
static int pinned_record(struct client_session *s, const struct client *c, struct record *record)
{
	int r = client_open_share(s, c->record.share);

	if (r == -ENOENT)
		cli_error(0, "cannot pin %s: no share in xenfarm.conf has the UUID %s", c->name,
			c->record.share);
	if (r < 0)
		return r;
	*record = c->record;
	record->pin = wanted(s, c);
	return record->pin ? 0 : -EINVAL;
}

static int pin_preview(struct client_session *s, struct client *c)
{
	struct record record = c->record;
	int r = client_change_check(c);

	record.pin = s->context->client_options.generation;
	if (r == 0 && c->host->is_here)
		r = pinned_record(s, c, &record);
	if (r == 0 && record.pin) /* else only its host knows what it starts with */
		client_change_show(c, NULL, &record);
	return r;
}

static int pin(struct client_session *s, struct client *c)
{
	struct record record;
	int r = client_change_check(c);

	if (r == 0 && !c->host->is_here)
		return pin_there(s, c);
	if (r == 0)
		r = pinned_record(s, c, &record);
	if (r < 0)
		return r;
	if (record.pin == c->record.pin)
		results_already(c->name);
	r = boot_files_make(s->context->settings.boot, &s->context->share, record.pin);
	return r < 0 ? r : define(s, c, &record);
}

static int unpin_preview(struct client_session *s, struct client *c)
{
	struct record record = c->record;
	int r = client_change_check(c);

	(void)s;
	record.pin = 0;
	if (r == 0)
		client_change_show(c, NULL, &record);
	return r;
}

static int unpin(struct client_session *s, struct client *c)
{
	struct record record = c->record;
	struct client unpinned = *c;
	int r = client_change_check(c);

	record.pin = 0;
	unpinned.record = record;
	if (r == 0 && !c->host->is_here)
		return remote_run(c->host, "unpin", c->label, (const char *const[]){ NULL });
	if (r == 0 && !c->record.pin)
		results_already(c->name);
	if (r == 0)
		r = power_prepare(s, &unpinned);
	return r < 0 ? r : define(s, c, &record);
}

/* A pin would go on to win over a channel. */
static int check_set(const struct client_session *s, const struct client *c)
{
	int r = client_change_check(c);

	if (r == 0 && c->record.pin && s->context->client_options.channel)
		r = -cli_error(EINVAL,
			"%s is pinned to generation %u; `xenfarm client unpin %s` comes first",
			c->name, c->record.pin, c->name);
	return r;
}

static int set_preview(struct client_session *s, struct client *c)
{
	const struct cmd_client_options *o = &s->context->client_options;
	struct record record = c->record;
	char xfnet[XF_WORD_MAX];
	int r = check_set(s, c);

	if (o->channel)
		snprintf(record.channel, sizeof(record.channel), "%s", o->channel);
	if (r == 0 && o->servers && c->host->is_here)
		r = compose_xfnet(s, c, xfnet);
	if (r < 0)
		return r;
	client_change_show(c, NULL, &record);
	if (o->servers && c->host->is_here)
		output_line("    + xfnet = %s", xfnet);
	return 0;
}

static int set_there(const struct client_session *s, const struct client *c)
{
	const struct cmd_client_options *o = &s->context->client_options;
	const char *words[5] = { NULL };
	size_t n = 0;

	if (o->channel)
		words[n++] = "--channel", words[n++] = o->channel;
	if (o->servers)
		words[n++] = "--servers", words[n++] = o->servers;
	return remote_run(c->host, "set", c->label, words);
}

static int set(struct client_session *s, struct client *c)
{
	const char *channel = s->context->client_options.channel;
	struct client moved = *c;
	int r = check_set(s, c);

	if (r < 0)
		return r;
	if (!c->host->is_here)
		return set_there(s, c);
	if (channel) {
		snprintf(moved.record.channel, sizeof(moved.record.channel), "%s", channel);
		r = power_prepare(s, &moved);
	}
	return r < 0 ? r : define(s, c, &moved.record);
}

int client_set(void *options, char **arguments)
{
	static const struct batch_action action = {
		.line = "set", .done = "set", .preview = set_preview, .begin = set
	};
	const struct cmd_client_options *o = &((struct farm_context *)options)->client_options;
	const char *channel = o->channel, *wrong = channel ? channel_check_name(channel) : NULL;

	if (!channel && !o->servers)
		return cli_error(EXIT_USAGE, "client set needs --channel or --servers");
	if (wrong)
		return farm_exit_status(-cli_error(EINVAL,
			"--channel %.80s: a channel's name cannot be that: it %s", channel, wrong));
	return batch_command(options, arguments, "set", &action);
}

int client_pin(void *options, char **arguments)
{
	static const struct batch_action action = {
		.line = "pin", .done = "pinned", .preview = pin_preview, .begin = pin
	};

	return batch_command(options, arguments, "pin", &action);
}

int client_unpin(void *options, char **arguments)
{
	static const struct batch_action action = { .line = "let it follow the share",
		.done = "unpinned",
		.preview = unpin_preview,
		.begin = unpin };

	return batch_command(options, arguments, "unpin", &action);
}
