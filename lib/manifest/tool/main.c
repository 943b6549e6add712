/* xf-manifest: make, verify, compare and sign manifests. See xf-manifest(1). */
#include "lib/array.h"
#include "lib/manifest/tool/tool.h"

#define OPTION(name, letter, argument, set, member, help)                                \
	{                                                                                \
		name, letter, argument, help, set, offsetof(struct tool_options, member) \
	}

static const struct cli_option options[] = {
	OPTION("output", 'o', "FILE", value_text, output,
		"create: instead of standard output; delta; keygen: and FILE.pub"),
	OPTION("key", 0, "KEY", value_text, key, "sign with this private key, into FILE.sig"),
	OPTION("pub", 0, "KEY", value_text, pub,
		"refuse a manifest that this public key did not sign"),
	OPTION("exclude-from", 0, "FILE", value_text, exclude_from,
		"leave out what the globs in FILE name"),
	OPTION("cache", 0, "FILE", value_text, cache,
		"remember digests in FILE, read only what changed"),
	OPTION("generation", 0, "N", value_number, generation,
		"with --share: what the head says of the share"),
	OPTION("share", 0, "UUID", value_text, share, "with --generation: its share"),
	OPTION("previous", 0, "N", value_number, previous, "with --generation: the one before it"),
	OPTION("threads", 0, "N", value_number, threads,
		"hash with N threads (as many as processors)"),
	OPTION("one-file-system", 'x', NULL, value_flag, one_file_system,
		"do not enter what is mounted inside DIR"),
	OPTION("time", 0, NULL, value_flag, time, "modification times have to be equal, too"),
	OPTION("json", 0, NULL, value_flag, json, "print JSON"),
};

static const struct cli_command commands[] = {
	{ "create", tool_create,
		"output key exclude-from cache generation share previous threads one-file-system",
		NULL, "DIR", 1, 1, "make the manifest of a tree",
		"  xf-manifest create tree -o tree.mtree.gz --key share.key\n", false },
	{ "verify", tool_verify, "pub exclude-from cache time threads one-file-system json", NULL,
		"MANIFEST DIR", 2, 2, "compare a tree with its manifest",
		"  xf-manifest verify tree.mtree.gz tree --pub share.key.pub\n", false },
	{ "diff", tool_diff, "pub time json", NULL, "MANIFEST MANIFEST", 2, 2,
		"compare two manifests", NULL, false },
	{ "delta", tool_delta, "output pub key", "output", "MANIFEST MANIFEST", 2, 2,
		"write what differs between two generations",
		"  xf-manifest delta 1.mtree.gz 2.mtree.gz -o 2.delta.gz --key share.key\n",
		false },
	{ "show", tool_show, "pub json", NULL, "MANIFEST", 1, 1, "list a manifest's entries", NULL,
		false },
	{ "check", tool_check, "pub json", NULL, "MANIFEST", 1, 1,
		"check that a manifest is well-formed, and its signature", NULL, false },
	{ "sign", tool_sign, "key", "key", "MANIFEST", 1, 1, "sign a manifest", NULL, false },
	{ "keygen", tool_keygen, "output", "output", "", 0, 0, "make a pair of keys",
		"  xf-manifest keygen -o share.key\n", false },
};

static const struct cli_program program = {
	.name = "xf-manifest",
	.version = XF_VERSION,
	.synopsis = "Make, verify, compare and sign manifests of trees.",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands),
	.footer = "Exit status: 0 done, same, good; 1 different, refused by check; 2 usage or\n"
		  "failure. See xf-manifest(1).\n",
};

int main(int argc, char **argv)
{
	struct tool_options settings = { 0 };

	return cli_run(&program, argc, argv, &settings, NULL, EXIT_TROUBLE);
}
