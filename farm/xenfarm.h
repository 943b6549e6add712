/* What the commands of xenfarm have in common. */
#ifndef FARM_XENFARM_H
#define FARM_XENFARM_H

#include <stdbool.h>
#include <stdint.h>

#include "farm/cmd-client.h"
#include "farm/cmd-fleet.h"
#include "farm/cmd-master.h"
#include "farm/cmd-net.h"
#include "farm/cmd-share.h"
#include "farm/settings.h"
#include "farm/share/store.h"
#include "farm/table.h"
#include "lib/cli.h"

/* Options of more than one group of commands; NULL and 0: not given. */
struct farm_options {
	bool json, quiet, dry_run, yes, force;
	const char *config, *share, *key;
	uint32_t timeout;            /* seconds */
	uint32_t memory, cpus, disk; /* of a new machine; memory and disk in MiB */
};

/* The context of a command: its options, and what it has opened by them. */
struct farm_context {
	struct farm_options options;
	struct table_style style; /* of what is listed */
	struct cmd_share_options share_options;
	struct cmd_net_options net_options;
	struct cmd_client_options client_options;
	struct cmd_master_options master_options;
	struct cmd_fleet_options fleet_options;
	/* Of farm_context_configure(): */
	struct farm_settings settings;
	const struct farm_share_settings *share_settings; /* of the chosen share, and by options: */
	const char *share_path, *key_path;
	/* Of farm_context_open_share(): */
	struct share_store share;
};

/* A line of a table of options; member is one of struct farm_context. */
#define FARM_OPTION(name, letter, argument, set, member, help)                           \
	{                                                                                \
		name, letter, argument, help, set, offsetof(struct farm_context, member) \
	}

/*
 * Read xenfarm.conf, or what --config names instead, and choose share and key by that and the
 * options. A command that needs either calls this, or the next one, before all else; again does
 * nothing. Returns 0, or -errno after a message.
 */
int farm_context_configure(struct farm_context *context);

/* The same, and open the share. */
int farm_context_open_share(struct farm_context *context);

void farm_context_free(struct farm_context *context);

/*
 * The exit status of a command, of what its functions return: 0 or -errno. Nothing else makes an
 * exit status of an error.
 */
int farm_exit_status(int r);

/*
 * A command that changes a share ("share gc"): run it as an operation, and return the exit status.
 * There is a log where `xenfarm init` made the directory of it: a share can be published on a
 * machine that is no farm's.
 */
int farm_context_change(struct farm_context *context, const char *command,
	int (*run)(struct farm_context *context, char **arguments), char **arguments);

/* For --json: the operation works on the share, which has that generation. */
void farm_context_result(const struct farm_context *context);

/* --in-use: numbers separated by commas. farm_context_in_use(): is the generation one of them? */
value_set_fn farm_context_set_in_use;
bool farm_context_in_use(const struct farm_context *context, uint32_t generation);

/* The argument as the number of a generation that the share has. Returns 0 after a message. */
uint32_t farm_context_generation(const struct farm_context *context, const char *text);

/* Read the private key path; the one that --key or the settings name; or the public half of that,
 * which is enough to verify. Return 0, or -errno after a message. */
int farm_context_read_private(const char *path, struct signature_key **key);
int farm_context_private_key(const struct farm_context *context, struct signature_key **key);
int farm_context_public_key(const struct farm_context *context, struct signature_key **key);

#endif
