/* xenfarm exec: a command on many clients, by clush(1) or pdsh(1), which know how to show what many
 * say. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "farm/fleet/harmless.h"
#include "farm/fleet/round.h"
#include "farm/fleet/ssh-config.h"
#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/exit.h"

/* "a,b" as words that end with NULL; they point into text. */
static char **split(char *text)
{
	char **words = NULL, *word;
	size_t n = 0;

	while ((word = strsep(&text, ",")) != NULL) {
		if (!ARRAY_GROW(words, n))
			break;
		words[n++] = word;
	}
	if (word || !ARRAY_GROW(words, n)) {
		free(words);
		return NULL;
	}
	words[n] = NULL;
	return words;
}

static int run_clush(const char *hosts, const char *config, const char *command, int *status)
{
	AUTO_FREE char *option = NULL;

	if (asprintf(&option, "-F %s", config) < 0)
		return -ENOMEM;
	return harmless_run((const char *const[]){ "clush", "-b", "-S", "-R", "ssh", "-o", option,
				    "-w", hosts, "--", command, NULL },
		status);
}

static int run_pdsh(const char *hosts, const char *config, const char *command, int *status)
{
	AUTO_FREE char *option = NULL;

	if (asprintf(&option, "-F %s", config) < 0 || setenv("PDSH_SSH_ARGS_APPEND", option, 1) < 0)
		return -ENOMEM;
	return harmless_run(
		(const char *const[]){ "pdsh", "-S", "-R", "ssh", "-w", hosts, command, NULL },
		status);
}

static int run(const struct client_selection *selection, const char *config, char *const *words,
	int *status)
{
	AUTO_BUF struct buf hosts = { 0 };
	AUTO_BUF struct buf command = { 0 };
	int r;

	for (size_t i = 0; i < selection->n; i++)
		buf_printf(&hosts, "%s%s", i ? "," : "", selection->client[i]->name);
	buf_add(&hosts, "", 1);
	/* As ssh(1) does. */
	for (; *words; words++)
		buf_printf(&command, "%s%s", *words, words[1] ? " " : "");
	buf_add(&command, "", 1);
	if (hosts.failed || command.failed)
		return cli_error(-ENOMEM, "the command");
	r = run_clush(hosts.data, config, command.data, status);
	if (r == -ENOENT)
		r = run_pdsh(hosts.data, config, command.data, status);
	if (r == -ENOENT)
		return -cli_error(ENOENT,
			"neither clush(1) nor pdsh(1) is installed: packages clustershell, pdsh; "
			"`xenfarm client ssh` runs a command on one client after the other");
	return r < 0 ? cli_error(r, "clush(1)") : 0;
}

int fleet_exec(void *options, char **arguments)
{
	struct farm_context *context = options;
	bool all = context->client_options.all;
	AUTO_FREE char **names = split(all ? NULL : arguments[0]);
	AUTO_CLIENT_SELECTION struct client_selection selection = { 0 };
	AUTO_SSH_CONFIG struct ssh_config config = { .path = "" };
	struct client_session s = { .lock = -1 };
	size_t off = 0;
	int r, status = EXIT_SUCCESS;

	if (!all && !arguments[1])
		return cli_error(EXIT_USAGE, "exec needs clients and a command");
	r = names ? client_session_begin(&s, context, true, NULL) : cli_error(-ENOMEM, "exec");
	if (r == 0)
		r = client_select(&s, names, all, &selection);
	if (r == 0)
		off = ssh_config_keep_running(&selection);
	if (r == 0 && selection.n)
		r = ssh_config_begin(&config, context, &selection);
	if (r == 0 && selection.n) {
		virt_watch_end();
		r = run(&selection, config.path, arguments + !all, &status);
	}
	r = client_session_end(&s, r);
	return r ? r : status ? status : off ? EXIT_UNREACHABLE : EXIT_SUCCESS;
}
