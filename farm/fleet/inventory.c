/* xenfarm inventory: the clients, for other tools. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "farm/fleet/round.h"
#include "farm/group.h"
#include "farm/name.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/exit.h"
#include "lib/json.h"

/* --- groups: by state, by channel, and those of xenfarm.conf --- */

/* Is the client in a group of xenfarm.conf? */
static bool is_in(const struct farm_group_settings *group, const struct client *c)
{
	const char *left = group->clients;
	char word[GROUP_WORD_SIZE];

	while (group_next(&left, word))
		if (client_word_matches(word, c->host->name, c->label))
			return true;
	return false;
}

/* A group's name as Ansible wants it: letters, digits and '_'. */
static void make_name(char name[static 128], const char *prefix, const char *rest)
{
	snprintf(name, 128, "%s%s", prefix, rest);
	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
}

/* Add the client to the group's array of names. */
static void join(struct json_object *groups, const char *prefix, const char *rest, const char *name)
{
	struct json_object *list;
	char group[128];

	make_name(group, prefix, rest);
	if (!json_object_object_get_ex(groups, group, &list)) {
		list = json_object_new_array();
		json_object_object_add(groups, group, list);
	}
	json_object_array_add(list, json_object_new_string(name));
}

/* Group → names; "all" has all. */
static struct json_object *find_groups(
	const struct client_session *s, const struct client_selection *selection)
{
	const struct farm_settings *settings = &s->context->settings;
	struct json_object *groups = json_object_new_object();

	for (size_t i = 0; i < selection->n; i++) {
		const struct client *c = selection->client[i];

		join(groups, "all", "", c->name);
		join(groups, "", client_state(c), c->name);
		join(groups, "channel_", c->record.channel, c->name);
		for (size_t k = 0; k < settings->n_groups; k++)
			if (is_in(&settings->group[k], c))
				join(groups, "group_", settings->group[k].name, c->name);
	}
	return groups;
}

/* --- Ansible --- */

static void add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

/* No free text, which Ansible would take for a template. */
static struct json_object *json_host(const struct client *c)
{
	struct json_object *o = json_object_new_object();
	char address[XF_ADDR_TEXT_MAX], alias[64];

	snprintf(alias, sizeof(alias), "-o HostKeyAlias=%s", c->uuid);
	add_text(o, "ansible_host", xf_addr_format(&c->record.address, address));
	add_text(o, "ansible_user", "root");
	add_text(o, "ansible_ssh_common_args", alias);
	add_text(o, "xenfarm_uuid", c->uuid);
	add_text(o, "xenfarm_share", c->record.share);
	add_text(o, "xenfarm_channel", c->record.channel);
	add_text(o, "xenfarm_state", client_state(c));
	return o;
}

/* A group's members as Ansible's plugin "yaml" has them. */
static struct json_object *json_members(struct json_object *names)
{
	struct json_object *group = json_object_new_object(), *hosts = json_object_new_object();

	for (size_t i = 0; i < json_object_array_length(names); i++)
		json_object_object_add(
			hosts, json_object_get_string(json_object_array_get_idx(names, i)), NULL);
	json_object_object_add(group, "hosts", hosts);
	return group;
}

static void print_ansible(const struct client_selection *selection, struct json_object *groups)
{
	struct json_object *document = json_object_new_object(), *all = json_object_new_object();
	struct json_object *hosts = json_object_new_object();
	struct json_object *children = json_object_new_object();

	for (size_t i = 0; i < selection->n; i++)
		json_object_object_add(
			hosts, selection->client[i]->name, json_host(selection->client[i]));
	json_object_object_foreach(groups, name, names) if (strcmp(name, "all") != 0)
		json_object_object_add(children, name, json_members(names));
	json_object_object_add(all, "hosts", hosts);
	json_object_object_add(all, "children", children);
	json_object_object_add(document, "all", all);
	json_print(document);
}

/* --- ClusterShell --- */

/* YAML, as groups.d/NAME.yaml has it: a source, and its groups; "off" without quotes is a truth
 * value. */
static void print_clush(struct json_object *groups)
{
	puts("xenfarm:");
	json_object_object_foreach(groups, name, names)
	{
		printf("  '%s': '", name);
		for (size_t i = 0; i < json_object_array_length(names); i++)
			printf("%s%s", i ? "," : "",
				json_object_get_string(json_object_array_get_idx(names, i)));
		puts("'");
	}
}

int fleet_print_inventory(void *options, char **arguments)
{
	struct farm_context *context = options;
	const struct cmd_fleet_options *o = &context->fleet_options;
	AUTO_CLIENT_SELECTION struct client_selection selection = { 0 };
	struct client_session s = { .lock = -1 };
	struct json_object *groups = NULL;
	size_t n = 0;
	int r;

	if (o->ansible == o->clush)
		return cli_error(EXIT_USAGE, "inventory needs --ansible or --clush");
	r = client_session_begin(&s, context, true, NULL);
	if (r == 0)
		r = client_select(&s, arguments, !*arguments, &selection);
	for (size_t i = 0; i < selection.n; i++) /* of the others the address is not known */
		if (!selection.client[i]->damaged && !name_check(selection.client[i]->label))
			selection.client[n++] = selection.client[i];
	selection.n = n;
	if (r == 0)
		groups = find_groups(&s, &selection);
	if (r == 0 && o->ansible)
		print_ansible(&selection, groups);
	else if (r == 0)
		print_clush(groups);
	json_object_put(groups);
	return client_session_end(&s, r);
}
