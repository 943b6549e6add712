#include "farm/client/cmdline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "farm/client/servers.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/paths.h"

static void add_net(struct buf *line, const struct client_cmdline *c)
{
	char text[XF_WORD_MAX];

	if (client_servers_format(c->farm, &c->address, c->servers, text))
		line->failed = true;
	else
		buf_printf(line, " xfnet=%s", text);
}

/* systemd.machine_id= wants it without dashes. */
static void add_machine_id(struct buf *line, const char *uuid)
{
	buf_puts(line, " systemd.machine_id=");
	for (; *uuid; uuid++)
		if (*uuid != '-')
			buf_add(line, uuid, 1);
}

/* Does the parser of xf-init read what was meant? */
static const char *check(const char *line, const struct client_cmdline *c)
{
	struct xf_problems problems = { 0 };
	struct xf_cmdline read;

	if (xf_cmdline_parse(line, strlen(line), &read, &problems) < 0 || problems.n)
		return "does not fit a kernel's command line";
	if (!read.has_net || address_of(&read.net.client) != address_of(&c->address) ||
		read.net.prefix != c->farm->prefix || strcmp(read.name, c->name) != 0 ||
		strcmp(read.share_path, c->share) != 0 || read.generation != c->generation ||
		(!c->generation && strcmp(read.channel, c->channel) != 0) ||
		read.root != XF_ROOT_UUID || strcmp(read.root_value, c->uuid) != 0)
		return "does not fit a kernel's command line";
	return NULL;
}

char *client_cmdline_format(const struct client_cmdline *c, const char **wrong)
{
	AUTO_BUF struct buf line = { 0 };

	buf_printf(&line, "console=%s", c->console);
	add_net(&line, c);
	buf_printf(
		&line, " xfshare=%s xfname=%s root=UUID=%s rootwait", c->share, c->name, c->uuid);
	add_machine_id(&line, c->uuid);
	if (c->generation)
		buf_printf(&line, " xfgen=%u", c->generation);
	else if (strcmp(c->channel, PATH_LIVE) != 0)
		buf_printf(&line, " xfgen=%s", c->channel);
	buf_add(&line, "", 1);
	*wrong = line.failed ? NULL : check(line.data, c);
	return line.failed || *wrong ? NULL : strdup(line.data);
}

/* The end of a word: a blank that no quotes keep, as the kernel cuts them. */
static size_t word_length(const char *text)
{
	bool quoted = false;
	size_t n = 0;

	for (; text[n] && (quoted || text[n] != ' '); n++)
		if (text[n] == '"')
			quoted = !quoted;
	return n;
}

static void add_word(struct buf *to, const char *word, size_t n)
{
	if (to->size)
		buf_add(to, " ", 1);
	buf_add(to, word, n);
}

char *client_cmdline_set(const char *line, const char *name, const char *value)
{
	AUTO_BUF struct buf to = { 0 };
	size_t n = strlen(name), word;

	for (; *(line += strspn(line, " ")); line += word) {
		word = word_length(line);
		if (word > n && strncmp(line, name, n) == 0 && line[n] == '=')
			continue;
		if (word == 2 && strncmp(line, "--", 2) == 0) /* what follows is init's */
			break;
		add_word(&to, line, word);
	}
	if (value)
		buf_printf(&to, "%s%s=%s", to.size ? " " : "", name, value);
	if (*line)
		add_word(&to, line, strlen(line));
	buf_add(&to, "", 1);
	return to.failed ? NULL : strdup(to.data);
}
