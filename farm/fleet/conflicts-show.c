/* xenfarm conflicts show: what the versions of a conflict are, by ssh, as agents give no content
 * away. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "farm/fleet/harmless.h"
#include "farm/fleet/inbox.h"
#include "farm/fleet/ssh-config.h"
#include "farm/output.h"
#include "lib/cleanup.h"
#include "lib/exit.h"
#include "lib/vis.h"

/* "etc/x on web1 web2" */
static int print_head(const struct inbox_group *g)
{
	AUTO_BUF struct buf names = { 0 };

	for (size_t i = 0; i < g->n; i++)
		buf_printf(&names, " %s", g->name[i]);
	if (names.failed)
		return cli_error(-ENOMEM, "%s", g->conflict->path);
	output_line("%s (%s) on%.*s:", g->conflict->path, g->conflict->kind, (int)names.size,
		names.data);
	fflush(stdout);
	return 0;
}

/* Have the first of them print base, local and new. 1 is "they differ". */
static int show_group(const struct inbox_group *g, const char *config)
{
	AUTO_FREE char *path = strdup(g->conflict->path);
	AUTO_BUF struct buf command = { 0 };
	size_t n;
	int status, r;

	if (!path || vis_decode(path, strlen(path), &n) < 0)
		return -cli_error(EINVAL, "%s is not a path", g->conflict->path);
	buf_puts(&command, "xf-agent diff -- ");
	buf_add_word(&command, path);
	buf_add(&command, "", 1);
	if (command.failed)
		return cli_error(-ENOMEM, "%s", g->conflict->path);
	r = print_head(g);
	if (r == 0)
		r = harmless_run((const char *const[]){ "ssh", "-F", config, "--", g->name[0],
					 command.data, NULL },
			&status);
	if (r < 0)
		return cli_error(r, "ssh(1)");
	return status > EXIT_DIFFERENT ? -cli_error(EIO, "%s: xf-agent by ssh ended with status %d",
						 g->name[0], status)
				       : 0;
}

static bool is_path(const char *path, const char *text)
{
	return strcmp(path, text + (*text == '/')) == 0;
}

static int show(struct client_session *s, const struct client_selection *selection,
	const struct inbox *inbox, const char *path)
{
	AUTO_SSH_CONFIG struct ssh_config config = { .path = "" };
	int r = ssh_config_begin(&config, s->context, selection), one;
	bool any = false;

	if (r < 0)
		return r;
	virt_watch_end();
	for (size_t i = 0; i < inbox->n; i++) {
		if (!is_path(inbox->group[i].conflict->path, path))
			continue;
		any = true;
		one = show_group(&inbox->group[i], config.path);
		r = one < 0 ? one : r;
	}
	if (r == 0 && !any)
		return -cli_error(ENOENT, "%s is in no conflict; see `xenfarm conflicts`", path);
	return r;
}

int fleet_show_conflict(void *options, char **arguments)
{
	struct farm_context *context = options;
	AUTO_CLIENT_SELECTION struct client_selection selection = { 0 };
	AUTO_INBOX struct inbox inbox = { 0 };
	struct client_session s = { .lock = -1 };
	int r = client_session_begin(&s, context, true, arguments + 1), status;

	if (r == 0)
		r = client_select(&s, arguments + 1, !arguments[1], &selection);
	if (r == 0)
		r = inbox_load(&s, &selection, &inbox);
	if (r == 0)
		r = show(&s, &selection, &inbox, arguments[0]);
	status = client_session_end(&s, r);
	return status ? status : inbox.silent || inbox.wrong ? EXIT_UNREACHABLE : EXIT_SUCCESS;
}
