/* Which clients a command is to work on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "farm/client/client.h"
#include "farm/group.h"
#include "farm/name.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

/* The name of a client that a person may have meant, or NULL. */
static const char *nearest(const struct client_list *list, const char *name)
{
	AUTO_FREE const char **names = calloc(list->n + 1, sizeof(*names));

	for (size_t i = 0; names && i < list->n; i++)
		names[i] = list->client[i].label;
	return names ? name_nearest(name, names, list->n) : NULL;
}

int client_host_unknown(const struct client_session *s, const char *word)
{
	AUTO_FREE const char **names = calloc(s->n_hosts + 1, sizeof(*names));
	AUTO_FREE char *name = strndup(word, strcspn(word, "/"));
	const char *meant;

	for (size_t i = 0; names && i < s->n_hosts; i++)
		names[i] = s->host[i].name;
	meant = names && name ? name_nearest(name, names, s->n_hosts) : NULL;
	if (meant)
		cli_error(0, "there is no host %s; did you mean %s?", name, meant);
	else
		cli_error(0, "there is no host %s; xenfarm.conf has hosts, as [host NAME]",
			name ? name : word);
	return -ENOENT;
}

/* Is it the name of a domain that is not ours, on one of the hosts? */
static bool is_domain(const struct client_session *s, const char *word)
{
	const char *label = client_word_name(word);
	bool found = false;

	for (size_t i = 0; i < s->n_hosts && !name_check(label) && !found; i++) {
		AUTO_VIRT_DOMAIN virDomainPtr domain =
			s->host[i].connection && client_word_has_host(word, s->host[i].name)
				? virDomainLookupByName(s->host[i].connection, label)
				: NULL;

		found = domain != NULL;
	}
	return found;
}

/* Hosts that do not answer may have what a word names. */
static bool note_silent(struct client_session *s, const char *word)
{
	bool any = false;

	for (size_t i = 0; i < s->n_hosts; i++)
		any |= s->host[i].state == HOST_SILENT &&
		       client_word_has_host(word, s->host[i].name);
	s->incomplete |= any;
	return any;
}

void client_session_note_silent(struct client_session *s)
{
	note_silent(s, "*");
}

static void say_unknown(struct client_session *s, const char *word)
{
	const char *meant = nearest(&s->list, client_word_name(word));

	if (is_domain(s, word))
		cli_error(0,
			"%s is a domain, but not a client of this farm, and is left alone; use "
			"virsh for it",
			word);
	else if (meant)
		cli_error(0, "there is no client %s; did you mean %s?", word, meant);
	else if (note_silent(s, word))
		cli_error(0, "there is no client %s on the hosts that answer", word);
	else
		cli_error(0, "there is no client %s; see `xenfarm client list`", word);
}

int client_look(struct client_session *s, const char *word, struct client **client)
{
	*client = NULL;
	if (*word == '@' || name_is_pattern(word))
		return -cli_error(EINVAL, "%s is a %s; name one client", word,
			*word == '@' ? "group" : "pattern");
	for (size_t i = 0; i < s->list.n; i++) {
		struct client *c = &s->list.client[i];

		if (!client_word_matches(word, c->host->name, c->label))
			continue;
		if (*client)
			return -cli_error(EEXIST,
				"%s is on two hosts: %s and %s; name the host, too", word,
				(*client)->name, c->name);
		*client = c;
	}
	return *client ? 0 : -ENOENT;
}

struct client *client_find(struct client_session *s, const char *word)
{
	struct client *client;
	int r = client_look(s, word, &client);

	if (r == -ENOENT)
		say_unknown(s, word);
	return r < 0 ? NULL : client;
}

/* --- groups --- */

static const struct farm_group_settings *find_group(
	const struct client_session *s, const char *word)
{
	const struct farm_settings *settings = &s->context->settings;
	AUTO_FREE const char **names = calloc(settings->n_groups + 1, sizeof(*names));
	const struct farm_group_settings *group = farm_settings_group(settings, word + 1);
	const char *meant;

	if (group)
		return group;
	for (size_t i = 0; names && i < settings->n_groups; i++)
		names[i] = settings->group[i].name;
	meant = names ? name_nearest(word + 1, names, settings->n_groups) : NULL;
	if (meant)
		cli_error(0, "there is no group %s; did you mean @%s?", word, meant);
	else
		cli_error(
			0, "there is no group %s; xenfarm.conf has groups, as [group NAME]", word);
	return NULL;
}

static bool is_in_group(const struct farm_group_settings *group, const struct client *client)
{
	const char *words = group->clients;
	char word[GROUP_WORD_SIZE];
	bool found = false;

	while (!found && group_next(&words, word))
		found = client_word_matches(word, client->host->name, client->label);
	return found;
}

static bool is_any(const struct client_session *s, const char *word)
{
	bool any = false;

	for (size_t i = 0; i < s->list.n && !any; i++)
		any = client_word_matches(
			word, s->list.client[i].host->name, s->list.client[i].label);
	return any;
}

/* A name that no client has is a mistake, or left from one that was destroyed. */
static void warn_missing(struct client_session *s, const struct farm_group_settings *group)
{
	const char *words = group->clients;
	char word[GROUP_WORD_SIZE];

	while (group_next(&words, word))
		if (!name_is_pattern(word) && !is_any(s, word) && !note_silent(s, word))
			cli_error(0, "@%s has %s, which is no client; see xenfarm.conf",
				group->name, word);
}

static int mark_group(struct client_session *s, const char *word, bool *marked)
{
	const struct farm_group_settings *group = find_group(s, word);
	const char *words = group ? group->clients : "";
	char part[GROUP_WORD_SIZE];
	bool any = false;

	if (!group)
		return -ENOENT;
	warn_missing(s, group);
	while (group_next(&words, part))
		if (name_is_pattern(part))
			note_silent(s, part);
	for (size_t i = 0; i < s->list.n; i++)
		if (is_in_group(group, &s->list.client[i]))
			marked[i] = any = true;
	return any ? 0
		   : -cli_error(ENOENT, "no client is in the group %s (%s)", word, group->clients);
}

char *client_groups(const struct client_session *s, const struct client *client)
{
	const struct farm_settings *settings = &s->context->settings;
	AUTO_BUF struct buf names = { 0 };

	for (size_t i = 0; i < settings->n_groups; i++)
		if (is_in_group(&settings->group[i], client))
			buf_printf(&names, "%s%s", names.size ? "," : "", settings->group[i].name);
	if (!names.size)
		return NULL;
	buf_add(&names, "", 1);
	return names.failed ? NULL : strdup(names.data);
}

/* --- words --- */

bool client_words_match(
	const struct client_session *s, char *const *words, const struct client *client)
{
	bool any = !*words;

	for (; *words && !any; words++) {
		const struct farm_group_settings *group =
			**words == '@' ? farm_settings_group(&s->context->settings, *words + 1)
				       : NULL;

		any = group ? is_in_group(group, client)
			    : client_word_matches(*words, client->host->name, client->label);
	}
	return any;
}

int client_words_check(const struct client_session *s, char *const *words)
{
	int r = 0;

	for (; *words; words++)
		if (**words == '@' && !find_group(s, *words))
			r = -ENOENT;
	return r;
}

/* Mark what a word selects. */
static int mark(struct client_session *s, const char *word, bool *marked)
{
	bool any = false;

	if (*word == '@')
		return mark_group(s, word, marked);
	if (!name_is_pattern(word)) {
		const struct client *client = client_find(s, word);

		if (client)
			marked[client - s->list.client] = true;
		return client ? 0 : -ENOENT;
	}
	for (size_t i = 0; i < s->list.n; i++)
		if (client_word_matches(
			    word, s->list.client[i].host->name, s->list.client[i].label))
			marked[i] = any = true;
	note_silent(s, word);
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
	if (all)
		note_silent(s, "*");
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
		return -cli_error(EINVAL, "which clients? Names, patterns, groups, or --all");
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
