/* The context of a command: settings, share, keys, generations by their numbers. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "farm/operation.h"
#include "farm/results.h"
#include "farm/xenfarm.h"
#include "lib/cleanup.h"
#include "lib/exit.h"

/* The name of a section, or a directory. */
static void choose_share(struct farm_context *c)
{
	const char *share = c->options.share;
	const struct farm_share_settings *named =
		share ? farm_settings_share(&c->settings, share) : NULL;

	c->share_settings = named ? named : &c->settings.share;
	c->share_path = share && !named ? share : c->share_settings->path;
	c->key_path = c->options.key ? c->options.key : c->share_settings->key;
}

int farm_context_configure(struct farm_context *c)
{
	const char *path = c->options.config;
	int r;

	if (c->share_path)
		return 0;
	r = farm_settings_read(
		path ? path : XF_SYSCONFDIR "/xenfarm/xenfarm.conf", !path, &c->settings);
	choose_share(c);
	return r;
}

int farm_context_open_share(struct farm_context *c)
{
	int r = farm_context_configure(c);

	return r < 0 ? r : share_open(c->share_path, &c->share);
}

void farm_context_free(struct farm_context *c)
{
	share_close(&c->share);
	farm_settings_free(&c->settings);
}

int farm_exit_status(int r)
{
	if (r == -ETIMEDOUT)
		return EXIT_TIMEOUT;
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool has_log(const struct farm_settings *s)
{
	AUTO_FREE char *path = strdup(s->log);

	return path && access(dirname(path), W_OK) == 0;
}

/* What the log has of the command line. NULL ends them; the caller frees the array. */
static const char **words_of(
	const struct cmd_share_options *o, const char *command, char **arguments)
{
	const char **words, **to;
	size_t n = 0;

	while (arguments[n])
		n++;
	words = to = calloc(n + 8, sizeof(*words));
	if (!words)
		return NULL;
	*to++ = command;
	if (o->from)
		*to++ = "--from", *to++ = o->from;
	if (o->to)
		*to++ = "--to", *to++ = o->to;
	if (o->new_key)
		*to++ = "--new-key", *to++ = o->new_key;
	memcpy(to, arguments, n * sizeof(*to));
	return words;
}

int farm_context_change(struct farm_context *c, const char *command,
	int (*run)(struct farm_context *context, char **arguments), char **arguments)
{
	AUTO_FREE const char **words = words_of(&c->share_options, command, arguments);
	struct operation operation;
	int r = words ? farm_context_configure(c) : cli_error(-ENOMEM, "%s", command);

	if (r < 0)
		return farm_exit_status(r);
	operation_begin(&operation, has_log(&c->settings) ? c->settings.log : NULL, words,
		c->options.dry_run);
	r = run(c, arguments);
	return operation_end(&operation, farm_exit_status(r));
}

void farm_context_result(const struct farm_context *c)
{
	char state[32];

	snprintf(state, sizeof(state), "generation %u", c->share.current);
	results_of(c->share.path);
	results_state(c->share.path, state);
}

/* Read one number of a list, up to a comma or the end. */
static const char *generation_of(const char *list, uint32_t *number)
{
	size_t n = strcspn(list, ",");
	char text[16];

	if (n >= sizeof(text))
		return "is not a list of generations";
	memcpy(text, list, n);
	text[n] = '\0';
	return value_number(number, text) ? "is not a list of generations" : NULL;
}

const char *farm_context_set_in_use(void *to, const char *text)
{
	const char *list = text, *wrong;
	uint32_t number;

	do {
		wrong = generation_of(list, &number);
		list += strcspn(list, ",");
	} while (!wrong && *list++);
	return wrong ? wrong : value_text(to, text);
}

bool farm_context_in_use(const struct farm_context *c, uint32_t generation)
{
	const char *list = c->share_options.in_use;
	uint32_t number;

	while (list && *list) {
		if (!generation_of(list, &number) && number == generation)
			return true;
		list += strcspn(list, ",");
		list += *list == ',';
	}
	return false;
}

uint32_t farm_context_generation(const struct farm_context *context, const char *text)
{
	uint32_t generation;

	if (!value_number(&generation, text) && share_has(&context->share, generation))
		return generation;
	cli_error(0, "%s is not a generation of %s; see `xenfarm share list`", text,
		context->share.path);
	return 0;
}

int farm_context_read_private(const char *path, struct signature_key **key)
{
	int r = signature_read_private(path, key);

	if (r == -ENOENT)
		return cli_error(
			r, "private key %s (set by --key, or by key in xenfarm.conf)", path);
	if (r == -EINVAL)
		return -cli_error(EINVAL, "%s is not a private Ed25519 key", path);
	return r < 0 ? cli_error(r, "private key %s", path) : 0;
}

int farm_context_private_key(const struct farm_context *context, struct signature_key **key)
{
	return farm_context_read_private(context->key_path, key);
}

int farm_context_public_key(const struct farm_context *context, struct signature_key **key)
{
	AUTO_FREE char *path = NULL;
	int r;

	if (asprintf(&path, "%s.pub", context->key_path) < 0)
		return cli_error(-ENOMEM, "%s", context->key_path);
	r = signature_read_public(path, key);
	if (r == -ENOENT)
		r = signature_read_public(context->key_path, key);
	return r < 0 ? cli_error(r, "public key %s (set by --key, or by key in xenfarm.conf)", path)
		     : 0;
}
