#include "farm/cmd-master.h"

#include "farm/master/recipe.h"
#include "farm/xenfarm.h"
#include "lib/array.h"

#define OPTION(name, letter, argument, set, member, help) \
	FARM_OPTION(name, letter, argument, set, master_options.member, help)

/* What becomes an argument of mmdebstrap(1). */
static const char *set_packages(void *to, const char *text)
{
	const char *wrong = recipe_check_packages(text);

	return wrong ? wrong : value_text(to, text);
}

static const struct cli_option options[] = {
	OPTION("packages", 0, "NAME,...", set_packages, packages,
		"of the distribution, besides those of a recipe"),
	OPTION("client-root", 0, "DIR", value_text, client_root,
		"where the clients' programs are installed (default: /)"),
	OPTION("client-package", 0, "FILE,...", value_text, client_packages,
		"their packages, for the master's distribution"),
	OPTION("ssh-key", 0, "FILE", value_text, ssh_key,
		"public keys of those who may log in as root"),
	OPTION("in-place", 0, NULL, value_flag, in_place,
		"use the image itself as disk, not a copy"),
	OPTION("offline", 0, NULL, value_flag, offline,
		"do not boot: run the package manager in a chroot"),
	OPTION("no-publish", 0, NULL, value_flag, no_publish, "only update"),
};

#define LISTED       "config json format columns sort filter no-header"
#define LIST_HELP    "which masters there are"
#define PUBLISHED    "share key config note layout in-use-kernel no-initrd checksum strict"
#define DESTROY_HELP "remove a master with its disk; asks before"

static const struct cli_command commands[] = {
	{ "master create", master_cmd_create,
		"share key config from packages client-root client-package ssh-key in-place memory "
		"cpus disk dry-run json quiet",
		"from", "NAME", 1, 1,
		"make a master from a recipe, a tree, a disk or an ISO; or complete that",
		"  xenfarm master create m12 --from debian12 --ssh-key ~/.ssh/id_ed25519.pub\n"
		"  xenfarm master create old --from /srv/old-master.qcow2\n",
		false },
	{ "master list", master_cmd_list, LISTED, NULL, "", 0, 0, LIST_HELP,
		"  xenfarm master list\n", false },
	{ "master ls", master_cmd_list, LISTED, NULL, "", 0, 0, "short for list", NULL, false },
	{ "master show", master_cmd_show, "config json quiet", NULL, "NAME", 1, 1,
		"all about a master", "  xenfarm master show m12\n", false },
	{ "master start", master_cmd_start, "config dry-run json quiet", NULL, "NAME", 1, 1,
		"start a master, on a network that reaches package mirrors",
		"  xenfarm master start m12\n", false },
	{ "master stop", master_cmd_stop, "config force timeout dry-run json quiet", NULL, "NAME",
		1, 1, "shut a master down", "  xenfarm master stop m12 --timeout 60\n", false },
	{ "master console", master_cmd_console, "config", NULL, "NAME", 1, 1,
		"its console; Ctrl-] ends it", "  xenfarm master console m12\n", false },
	{ "master ssh", master_cmd_ssh, "config", NULL, "NAME [COMMAND [ARGUMENT...]]", 1, -1,
		"log in as root, or run a command", "  xenfarm master ssh m12 apt install nginx\n",
		true },
	{ "master shell", master_cmd_shell, "config", NULL, "NAME [COMMAND [ARGUMENT...]]", 1, -1,
		"a shell in its disk while it is off, or a command",
		"  xenfarm master shell m12 passwd\n", true },
	{ "master update", master_cmd_update,
		PUBLISHED " offline no-publish timeout dry-run json quiet", NULL, "NAME", 1, 1,
		"boot a master, let its package manager update it, and publish",
		"  xenfarm master update m12 --note \"July updates\"\n", false },
	{ "master publish", master_cmd_publish, PUBLISHED " dry-run json quiet", NULL, "NAME", 1, 1,
		"make a generation of a master that is off; as `share publish`",
		"  xenfarm master publish m12 --note \"July updates\"\n", false },
	{ "master destroy", master_cmd_destroy, "config dry-run json quiet yes", NULL, "NAME", 1, 1,
		DESTROY_HELP, "  xenfarm master destroy old\n", false },
	{ "master rm", master_cmd_destroy, "config dry-run json quiet yes", NULL, "NAME", 1, 1,
		"short for destroy", NULL, false },
};

const struct cli_table cmd_master_table = {
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands),
};
