/* xenfarm share: which command, with which options, on which share. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "farm/say.h"
#include "farm/xenfarm.h"
#include "lib/cleanup.h"

static const struct command {
	const char *name;
	int (*run)(struct context *context);
	const char *letters; /* of its options, see options.c */
	const char *arguments, *help;
	int least, most; /* how many arguments */
} commands[] = {
	{ "init", share_init, "hckq", " DIR", "make an empty share, and its key if there is none",
		1, 1 },
	{ "publish", share_publish, OPTIONS_COMMON "fPmLUICSnj", " --from DIR|IMAGE",
		"make a generation of a master's tree; clients go on with it", 0, 0 },
	{ "list", share_list, OPTIONS_COMMON "j", "", "which generations there are", 0, 0 },
	{ "diff", share_diff, OPTIONS_COMMON "j", " N M", "what M has added, removed and changed",
		2, 2 },
	{ "verify", share_verify, OPTIONS_COMMON "j", " [N]",
		"check a generation against its manifest, and live/ if it is the current one", 0,
		1 },
	{ "rollback", share_rollback, OPTIONS_COMMON "mnj", " N",
		"make a generation that is what generation N was; clients go on with it", 1, 1 },
	{ "rekey", share_rekey, OPTIONS_COMMON "W", " --new-key FILE",
		"sign with another key, that clients trust by a signature of the old one", 0, 0 },
	{ "gc", share_gc, OPTIONS_COMMON "Kunj", " [N...]",
		"remove old generations, or those named, if no client runs from them", 0, 1000 },
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static void usage(FILE *out)
{
	fputs("usage: xenfarm share COMMAND [OPTION...] [ARGUMENT...]\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].help);
	fputs("\n`xenfarm share COMMAND --help` says more; so does xenfarm(8).\n", out);
}

static void command_usage(FILE *out, const struct command *command)
{
	fprintf(out, "usage: xenfarm share %s [OPTION...]%s\n", command->name, command->arguments);
}

static void command_help(const struct command *command)
{
	command_usage(stdout, command);
	printf("%s\n\n", command->help);
	options_help(command->letters);
}

/* The usual file may be missing, one that was asked for may not. */
static int read_config(struct context *context)
{
	const char *path = context->options.config ? context->options.config
						   : XF_SYSCONFDIR "/xenfarm/xenfarm.conf";
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO_BUF struct buf text = { 0 };
	unsigned int line;
	const char *what;
	int r;

	config_defaults(&context->config);
	if (fd < 0 && errno == ENOENT && !context->options.config)
		return 0;
	r = fd < 0 ? -errno : buf_read(&text, fd, CONFIG_BYTES_MAX);
	if (r < 0)
		return failed(r, "%s", path);
	if (config_parse(text.data, text.size, &context->config, &line, &what) < 0)
		return failed(-EPROTO, "%s, line %u: %s", path, line, what);
	return 0;
}

static int run(const struct command *command, struct context *context)
{
	const struct options *o = &context->options;
	int r = read_config(context);

	if (r < 0)
		return r;
	context->share_path = o->share ? o->share : context->config.share;
	context->key_path = o->key ? o->key : context->config.key;
	if (o->quiet || o->json)
		say_quietly();
	if (command->run != share_init)
		r = share_open(context->share_path, &context->share);
	if (r == 0)
		r = command->run(context);
	share_close(&context->share);
	return r;
}

int share_main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	struct context context = { .share = { .dir = -1, .lock = -1 } };
	const struct command *command = commands;
	int r, given;

	while (command < commands + COMMANDS && strcmp(name, command->name) != 0)
		command++;
	if (command == commands + COMMANDS) {
		bool help = !strcmp(name, "--help") || !strcmp(name, "-h");

		if (*name && !help)
			warn_user("share %s: no such command", name);
		usage(help ? stdout : stderr);
		return help ? EXIT_SUCCESS : EXIT_USAGE;
	}
	given = options_read(argc - 1, argv + 1, command->letters, &context.options);
	if (given >= 0 && context.options.help) {
		command_help(command);
		return EXIT_SUCCESS;
	}
	if (given < command->least || given > command->most) {
		command_usage(stderr, command);
		return EXIT_USAGE;
	}
	context.argument = argv + 2;
	r = run(command, &context);
	if (r == 0 && (fflush(stdout) == EOF || ferror(stdout)))
		r = failed(-EIO, "standard output");
	return r < 0 ? EXIT_FAILURE : r;
}

uint32_t argument_generation(const struct context *context, const char *text)
{
	uint32_t generation = options_number(text);

	if (generation && share_has(&context->share, generation))
		return generation;
	failed(-EPROTO, "%s is no generation of %s (`xenfarm share list` tells which there are)",
		text, context->share.path);
	return 0;
}

int context_read_private(const char *path, struct signature_key **key)
{
	int r = signature_read_private(path, key);

	if (r == -ENOENT)
		return failed(r, "the key that signs, %s (--key, or key in xenfarm.conf)", path);
	if (r == -EINVAL)
		return failed(-EPROTO, "%s is not a private Ed25519 key", path);
	return r < 0 ? failed(r, "the key that signs, %s", path) : 0;
}

int context_private_key(const struct context *context, struct signature_key **key)
{
	return context_read_private(context->key_path, key);
}

int context_public_key(const struct context *context, struct signature_key **key)
{
	AUTO_FREE char *path = NULL;
	int r;

	if (asprintf(&path, "%s.pub", context->key_path) < 0)
		return failed(-ENOMEM, "%s", context->key_path);
	r = signature_read_public(path, key);
	if (r == -ENOENT)
		r = signature_read_public(context->key_path, key);
	return r < 0 ? failed(r, "the public key, %s (--key, or key in xenfarm.conf)", path) : 0;
}

void print_json(struct json_object *object)
{
	puts(json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}
