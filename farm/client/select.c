/* Which clients a command is to work on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "farm/client/client.h"
#include "farm/name.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

/* The name of a client that a person may have meant, or NULL. */
static const char *nearest(const struct client_list *list, const char *name)
{
	AUTO_FREE const char **names = calloc(list->n + 1, sizeof(*names));

	for (size_t i = 0; names && i < list->n; i++)
		names[i] = list->client[i].name;
	return names ? name_nearest(name, names, list->n) : NULL;
}

static void say_unknown(struct client_session *s, const char *name)
{
	AUTO_VIRT_DOMAIN virDomainPtr domain =
		name_check(name) ? NULL : virDomainLookupByName(s->connection, name);
	const char *meant = nearest(&s->list, name);

	if (domain)
		cli_error(0,
			"%s is a domain, but not a client of this farm, and is left alone; use "
			"virsh for it",
			name);
	else if (meant)
		cli_error(0, "there is no client %s; did you mean %s?", name, meant);
	else
		cli_error(0, "there is no client %s; see `xenfarm client list`", name);
}

struct client *client_find(struct client_session *s, const char *name)
{
	struct client *client = client_list_find(&s->list, name);

	if (!client)
		say_unknown(s, name);
	return client;
}

/* Mark what a word selects. */
static int mark(struct client_session *s, const char *word, bool *marked)
{
	bool any = false;

	if (!name_is_pattern(word)) {
		const struct client *client = client_find(s, word);

		if (client)
			marked[client - s->list.client] = true;
		return client ? 0 : -ENOENT;
	}
	for (size_t i = 0; i < s->list.n; i++)
		if (name_matches(word, s->list.client[i].name))
			marked[i] = any = true;
	return any ? 0 : -cli_error(ENOENT, "no client matches %s", word);
}

static int take(struct client_session *s, const bool *marked, struct client_selection *selection)
{
	selection->client = calloc(s->list.n + 1, sizeof(*selection->client));
	if (!selection->client)
		return cli_error(-ENOMEM, "the clients");
	for (size_t i = 0; i < s->list.n; i++)
		if (marked[i])
			selection->client[selection->n++] = &s->list.client[i];
	return 0;
}

static int mark_all(struct client_session *s, char *const *words, bool all, bool *marked)
{
	int r = 0, one;

	for (size_t i = 0; i < s->list.n && all; i++)
		marked[i] = true;
	for (; *words; words++)
		if ((one = mark(s, *words, marked)) < 0)
			r = one;
	return r;
}

int client_select(
	struct client_session *s, char *const *words, bool all, struct client_selection *selection)
{
	AUTO_FREE bool *marked = NULL;
	int r;

	*selection = (struct client_selection){ 0 };
	if (all && *words)
		return -cli_error(EINVAL, "either names or --all");
	if (!all && !*words)
		return -cli_error(EINVAL, "which clients? Names, patterns, or --all");
	marked = calloc(s->list.n + 1, sizeof(*marked));
	if (!marked)
		return cli_error(-ENOMEM, "the clients");
	r = mark_all(s, words, all, marked);
	return r < 0 ? r : take(s, marked, selection);
}

void client_selection_free(struct client_selection *selection)
{
	free(selection->client);
	*selection = (struct client_selection){ 0 };
}
