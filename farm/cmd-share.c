#include "farm/cmd-share.h"

#include <string.h>

#include "farm/promotion.h"
#include "farm/xenfarm.h"
#include "lib/array.h"
#include "lib/paths.h"

#define OPTION(name, letter, argument, set, member, help) \
	FARM_OPTION(name, letter, argument, set, share_options.member, help)

static const char *set_unless(void *to, const char *text)
{
	return strcmp(text, "conflicts") == 0 ? value_text(to, text) : "can be conflicts only";
}

static const struct cli_option options[] = {
	OPTION("from", 'f', "SOURCE", value_text, from,
		"a tree, or a disk: raw or qcow2; publish: or a master's name; master create: or a "
		"recipe or an ISO"),
	OPTION("partition", 0, "N", value_number, partition,
		"the image's root is in its Nth partition"),
	OPTION("note", 'm', "TEXT", value_text, note, "a remark, shown by `share list`"),
	OPTION("layout", 0, "FILE", value_text, layout, "use this layout instead of detecting one"),
	OPTION("in-use-kernel", 0, "V,...", value_text, in_use_kernel,
		"kernels that clients run: keep their modules"),
	OPTION("no-initrd", 0, NULL, value_flag, no_initrd, "make no initrds"),
	OPTION("checksum", 0, NULL, value_flag, checksum,
		"compare contents where size and time are equal"),
	OPTION("strict", 0, NULL, value_flag, strict,
		"publish nothing if a new file seems to hold a secret"),
	OPTION("keep", 0, "N", value_number, keep,
		"keep the newest N generations (xenfarm.conf: keep)"),
	OPTION("in-use", 'u', "N,...", farm_context_set_in_use, in_use,
		"generations that clients run from"),
	OPTION("stage", 0, NULL, value_flag, stage, "make the generation, and change no channel"),
	OPTION("to", 0, "CHANNEL", value_text, to, "the channel to change (live)"),
	OPTION("after", 0, "TIME", promotion_set_after, after, "wait for 30m, 2h, 1d before that"),
	OPTION("unless", 0, "conflicts", set_unless, unless,
		"not if clients that have it have conflicts, or do not answer"),
	OPTION("pending", 0, NULL, value_flag, pending, "list the promotions that wait"),
	OPTION("cancel", 0, NULL, value_flag, cancel, "let the one to a channel not happen"),
	OPTION("new-key", 0, "FILE", value_text, new_key,
		"the private key that signs from now on; made if it does not exist"),
};

static const struct cli_command commands[] = {
	{ "share init", cmd_share_init, "key config dry-run json quiet", NULL, "DIR", 1, 1,
		"make an empty share, and its key if there is none",
		"  xenfarm share init " PATH_SERVER_SHARE "\n", false },
	{ "share publish", cmd_share_publish,
		"share key config from partition note layout in-use-kernel no-initrd checksum "
		"strict stage to dry-run json quiet",
		"from", "", 0, 0, "make a generation of a master's tree; clients change to it",
		"  xenfarm share publish --from master.qcow2 --note \"July updates\"\n"
		"  xenfarm share publish --from master.qcow2 --to canary\n",
		false },
	{ "share list", cmd_share_list, "share key config json quiet", NULL, "", 0, 0,
		"list the generations", "  xenfarm share list\n", false },
	{ "share diff", cmd_share_diff, "share key config json quiet", NULL, "N M", 2, 2,
		"list what M has added, removed and changed", "  xenfarm share diff 11 12\n",
		false },
	{ "share verify", cmd_share_verify, "share key config json quiet", NULL, "[N]", 0, 1,
		"check a generation against its manifest, and the channels that are at it",
		"  xenfarm share verify\n", false },
	{ "share rollback", cmd_share_rollback, "share key config note to dry-run json quiet", NULL,
		"N", 1, 1, "make a generation equal to generation N; clients change to it",
		"  xenfarm share rollback 11 --note \"12 breaks printing\"\n", false },
	{ "share promote", cmd_share_promote,
		"share key config to after unless pending cancel dry-run json quiet", NULL,
		"[N|CHANNEL]", 0, 1,
		"bring a channel to a generation, or to that of another channel",
		"  xenfarm share promote canary --to live\n"
		"  xenfarm share promote 12 --after 2h --unless conflicts\n",
		false },
	{ "share channel", cmd_share_channel, "share key config dry-run json quiet", NULL,
		"list|create|destroy [CHANNEL]", 1, 2,
		"list the channels; make one, at the generation of live; remove one",
		"  xenfarm share channel create canary\n", false },
	{ "share rekey", cmd_share_rekey, "share key config new-key dry-run json quiet", "new-key",
		"", 0, 0,
		"sign with another key, which clients trust by a signature of the old one",
		"  xenfarm share rekey --new-key /etc/xenfarm/share2.key\n", false },
	{ "share gc", cmd_share_gc, "share key config keep in-use dry-run json quiet", NULL,
		"[N...]", 0, -1, "remove old generations, or those named, that are not in use",
		"  xenfarm share gc --keep 5 --in-use 3,7\n", false },
	{ "share push", cmd_share_push, "share config checksum dry-run json quiet", NULL,
		"[HOST[:PATH]...]", 0, -1,
		"copy the generations to other servers, whose clients change to the newest",
		"  xenfarm share push server2 root@server3:/srv/share\n", false },
	{ "share receive", cmd_share_receive, "share config quiet", NULL, "STEP ARGUMENT [CHANNEL]",
		2, 3, "what `share push` runs on the other server", NULL, false },
};

const struct cli_table cmd_share_table = {
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands),
};
