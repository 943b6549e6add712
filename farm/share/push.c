#include "farm/share/push.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "farm/output.h"
#include "farm/publish/copy.h"
#include "farm/share/keys.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/json.h"
#include "lib/spawn.h"

#define REPLY_MAX     1048576
#define REPLY_SECONDS 60
/* Verifying a generation reads all of its writeable part; flipping waits for the disk. */
#define TAKE_SECONDS 7200
#define SSH_DEAD     255 /* ssh(1): its own failure, not that of the command */

/* A dead server is noticed after 45 seconds; a password is not asked for, as nobody may be there.
 */
#define SSH_OPTIONS "-oBatchMode=yes", "-oConnectTimeout=15", "-oServerAliveInterval=15"
#define SSH_COMMAND "ssh -oBatchMode=yes -oConnectTimeout=15 -oServerAliveInterval=15"

static bool is_host(const char *text, size_t n)
{
	if (n == 0 || text[0] == '-')
		return false;
	if (text[0] == '[')
		return n > 2 && text[n - 1] == ']' &&
		       strspn(text + 1, "0123456789abcdefABCDEF:.") == n - 2;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-._@", text[i]))
			return false;
	return true;
}

int push_parse(const char *text, const char *path, struct push_target *target)
{
	const char *bracket = text[0] == '[' ? strchr(text, ']') : NULL;
	const char *colon = strchr(bracket ? bracket : text, ':');
	size_t n = colon ? (size_t)(colon - text) : strlen(text);

	if (n >= sizeof(target->host) || !is_host(text, n))
		return -EINVAL;
	/* ssh(1) takes an address without brackets. */
	snprintf(target->host, sizeof(target->host), "%.*s", (int)(bracket ? n - 2 : n),
		text + (bracket ? 1 : 0));
	path = colon ? colon + 1 : path;
	if (path[0] != '/' || strlen(path) >= sizeof(target->path) || strpbrk(path, "\n\r"))
		return -EINVAL;
	snprintf(target->path, sizeof(target->path), "%s", path);
	return 0;
}

/* --- the command there --- */

static int explain(const struct push *push, int r, int status)
{
	const char *host = push->target.host;

	if (r == -ENOENT)
		return -cli_error(ENOENT, "ssh is not installed here");
	if (r < 0)
		return cli_error(r, "%s does not answer", host);
	if (status == SSH_DEAD)
		return -cli_error(EHOSTUNREACH,
			"%s cannot be reached by ssh, see above; try: ssh %s true", host, host);
	if (status == 127)
		return -cli_error(ENOENT, "%s has no xenfarm; install it there", host);
	return status ? -cli_error(EREMOTEIO, "%s refused, see above", host) : 0;
}

void push_add_command(struct buf *command, const char *path, const char *words)
{
	buf_puts(command, "xenfarm share receive --share ");
	buf_add_word(command, path);
	buf_printf(command, " %s", words);
	buf_add(command, "", 1);
}

/* Run `xenfarm share receive --share PATH WORDS`; out is its standard output, or -1. */
static int start(const struct push *push, const char *words, int out, pid_t *pid)
{
	AUTO_BUF struct buf command = { 0 };
	const char *argv[] = { "ssh", SSH_OPTIONS, push->target.host, NULL, NULL };
	const struct spawn spawn = {
		.argv = argv, .out = out, .kept = -1, .dies_with_parent = true
	};

	push_add_command(&command, push->target.path, words);
	if (command.failed)
		return -ENOMEM;
	argv[ARRAY_SIZE(argv) - 2] = command.data;
	*pid = spawn_start(&spawn);
	return *pid < 0 ? (int)*pid : 0;
}

static int run_there(const struct push *push, const char *words)
{
	pid_t pid;
	int status = 0, r = start(push, words, -1, &pid);

	if (r == 0)
		r = spawn_wait(pid, TAKE_SECONDS, &status);
	return explain(push, r, status);
}

static int ask_there(const struct push *push, const char *words, struct buf *reply)
{
	int ends[2], status = 0, r, read_error = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return cli_error(-errno, "ssh %s", push->target.host);
	r = start(push, words, ends[1], &pid);
	close(ends[1]);
	if (r == 0) {
		read_error = buf_read(reply, ends[0], REPLY_MAX);
		close(ends[0]);
		r = spawn_wait(pid, REPLY_SECONDS, &status);
	} else {
		close(ends[0]);
	}
	r = explain(push, r, status);
	return r == 0 && read_error < 0
		       ? cli_error(read_error, "the reply of %s", push->target.host)
		       : r;
}

/* --- what it has --- */

static int take_number(struct json_object *value, uint32_t lowest, uint32_t *number)
{
	int64_t n = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : -1;

	if (n < lowest || n > 999999999)
		return -EINVAL;
	*number = (uint32_t)n;
	return 0;
}

static int take_list(struct push *push, struct json_object *list)
{
	if (!json_object_is_type(list, json_type_array))
		return -EINVAL;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		uint32_t number;
		int r = take_number(json_object_array_get_idx(list, i), 1, &number);

		if (r == 0 && push->n_has && push->has[push->n_has - 1] >= number)
			r = -EINVAL;
		if (r == 0 && !ARRAY_GROW(push->has, push->n_has))
			r = -ENOMEM;
		if (r < 0)
			return r;
		push->has[push->n_has++] = number;
	}
	return 0;
}

static int take_channels(struct push *push, struct json_object *channels)
{
	if (!json_object_is_type(channels, json_type_object))
		return -EINVAL;
	json_object_object_foreach(channels, name, value)
	{
		struct channel *channel;
		uint32_t number;
		int r = strlen(name) > NAME_LABEL_MAX ? -EINVAL : take_number(value, 0, &number);

		if (r == 0 && !ARRAY_GROW(push->channel, push->n_channels))
			r = -ENOMEM;
		if (r < 0)
			return r;
		channel = &push->channel[push->n_channels++];
		channel->generation = number;
		snprintf(channel->name, sizeof(channel->name), "%s", name);
	}
	return 0;
}

int push_parse_reply(struct push *push, const char *text, size_t n)
{
	struct json_tokener *tokener = json_tokener_new_ex(4);
	struct json_object *reply = NULL, *version, *keys, *list, *channels;
	uint32_t number;
	int r = tokener ? -EINVAL : -ENOMEM;

	if (tokener)
		reply = json_tokener_parse_ex(tokener, text, (int)n);
	if (json_object_object_get_ex(reply, "version", &version) &&
		json_object_object_get_ex(reply, "keys", &keys) &&
		json_object_object_get_ex(reply, "generations", &list) &&
		json_object_object_get_ex(reply, "channels", &channels))
		r = take_number(version, 1, &number);
	if (r == 0)
		r = number == 1 ? take_number(keys, 0, &push->n_keys) : -EINVAL;
	if (r == 0)
		r = take_list(push, list);
	if (r == 0)
		r = take_channels(push, channels);
	json_object_put(reply);
	if (tokener)
		json_tokener_free(tokener);
	return r;
}

void push_free(struct push *push)
{
	free(push->has);
	free(push->channel);
	push->has = NULL;
	push->channel = NULL;
}

int push_ask(struct push *push)
{
	AUTO_BUF struct buf reply = { 0 };
	char words[64];
	int r;

	snprintf(words, sizeof(words), "%s %s", push->operation->dry_run ? "ask" : "begin",
		push->share->uuid);
	r = ask_there(push, words, &reply);
	if (r < 0)
		return r;
	r = push_parse_reply(push, reply.data ? reply.data : "", reply.size);
	return r < 0 ? cli_error(r, "%s: xenfarm there gave a reply that is not understood",
			       push->target.host)
		     : 0;
}

/* --- a generation --- */

struct copy_step {
	struct push *push;
	uint32_t generation;
	const char *channel; /* that is brought to it */
	uint32_t base;       /* whose files are linked where they are equal; 0: none */
};

static int rsync_failed(const struct push *push, int r, int status)
{
	if (r == -ENOENT)
		return -cli_error(ENOENT, "rsync is not installed here");
	if (r < 0)
		return cli_error(r, "cannot run rsync");
	if (status == 0)
		return 0;
	return -cli_error(EREMOTEIO,
		"copying to %s ended with rsync's status %d, see above; the next push continues it",
		push->target.host, status);
}

static int run_rsync(const struct push *push, const char *const *argv)
{
	int status = 0;
	int r = copy_run(
		&(const struct spawn){
			.argv = argv, .out = -1, .kept = -1, .dies_with_parent = true },
		&status);

	return rsync_failed(push, r, status);
}

/* HOST:PATH/incoming/…, where a colon in an address needs brackets. */
static void add_there(struct buf *out, const struct push *push, const char *rest)
{
	const char *host = push->target.host;

	buf_printf(out, strchr(host, ':') ? "[%s]:%s/incoming/%s" : "%s:%s/incoming/%s", host,
		push->target.path, rest);
	buf_add(out, "", 1);
}

static int run_tree(void *arg)
{
	const struct copy_step *s = arg;
	AUTO_BUF struct buf from = { 0 }, to = { 0 }, base = { 0 };
	char rest[32];
	/* -s: what is in PATH is no shell's business. Removing what an interrupted copy had made of
	 * another state is for --delete. */
	const char *argv[18] = { "rsync", "-aHAXSs", "--numeric-ids", "--modify-window=-1",
		"--delete", "--partial", "--mkpath", "-e", SSH_COMMAND };
	size_t n = 9;

	buf_printf(&from, "%s/gen/%u/", s->push->share->path, s->generation);
	buf_add(&from, "", 1);
	snprintf(rest, sizeof(rest), "%u/tree/", s->generation);
	add_there(&to, s->push, rest);
	buf_printf(&base, "--link-dest=%s/gen/%u", s->push->target.path, s->base);
	buf_add(&base, "", 1);
	if (from.failed || to.failed || base.failed)
		return -ENOMEM;
	if (s->base)
		argv[n++] = base.data;
	if (s->push->checksum)
		argv[n++] = "--checksum";
	for (size_t i = 0; i < ARRAY_SIZE(copy_watched_options) && output_is_watched(); i++)
		argv[n++] = copy_watched_options[i];
	argv[n++] = from.data;
	argv[n] = to.data;
	return run_rsync(s->push, argv);
}

/* Its manifest, layout and note, and the share's keys. */
static int run_records(void *arg)
{
	const struct copy_step *s = arg;
	AUTO_BUF struct buf from = { 0 }, to = { 0 }, name = { 0 };
	char rest[32];
	const char *argv[] = { "rsync", "-rtsI", "--mkpath", "-e", SSH_COMMAND, "--include=/etc/",
		"--include=/etc/keys", "--include=/manifest/", NULL, "--exclude=*", NULL, NULL,
		NULL };

	buf_printf(&from, "%s/", s->push->share->path);
	buf_add(&from, "", 1);
	buf_printf(&name, "--include=/manifest/%u.*", s->generation);
	buf_add(&name, "", 1);
	snprintf(rest, sizeof(rest), "%u/", s->generation);
	add_there(&to, s->push, rest);
	if (from.failed || to.failed || name.failed)
		return -ENOMEM;
	argv[8] = name.data;
	argv[10] = from.data;
	argv[11] = to.data;
	return run_rsync(s->push, argv);
}

static int run_take(void *arg)
{
	const struct copy_step *s = arg;
	char words[32];

	snprintf(words, sizeof(words), "take %u", s->generation);
	return run_there(s->push, words);
}

static int run_switch(void *arg)
{
	const struct copy_step *s = arg;
	char words[32 + NAME_LABEL_MAX];

	snprintf(words, sizeof(words), "switch %u %s", s->generation, s->channel);
	return run_there(s->push, words);
}

static int copy_generation(struct push *push, struct copy_step *s)
{
	const char *host = push->target.host;
	int r = operation_step(
		push->operation, run_tree, s, "copy generation %u to %s", s->generation, host);

	if (r == 0)
		r = operation_step(push->operation, run_records, s,
			"copy its manifest and the share's keys to %s", host);
	return r == 0 ? operation_step(push->operation, run_take, s,
				"let %s verify generation %u, and take it", host, s->generation)
		      : r;
}

static int copy_signature(struct copy_step *s)
{
	int r = run_records(s);

	return r == 0 ? run_take(s) : r;
}

static int run_signatures(void *arg)
{
	struct push *push = arg;
	struct copy_step s = { .push = push };
	int r = 0;

	for (size_t i = 0; i < push->n_has && r == 0; i++) {
		s.generation = push->has[i];
		if (share_has(push->share, s.generation))
			r = copy_signature(&s);
	}
	return r;
}

/* After a rekey, all generations are signed again. */
static int renew(struct push *push)
{
	AUTO_BUF struct buf text = { 0 };
	struct keychain chain;
	int r = share_read(push->share, "etc/keys", &text);

	if (r == -ENOENT || push->n_has == 0)
		return 0;
	if (r == 0 && keychain_parse(text.data, text.size, &chain) < 0)
		return -cli_error(EBADMSG, "%s/etc/keys is damaged", push->share->path);
	if (r < 0 || chain.n == push->n_keys)
		return r;
	return operation_step(push->operation, run_signatures, push,
		"copy keys and signatures, which are new, to %s", push->target.host);
}

static uint32_t newest(const struct push *push)
{
	return push->n_has ? push->has[push->n_has - 1] : 0;
}

static uint32_t channel_there(const struct push *push, const char *name)
{
	for (size_t i = 0; i < push->n_channels; i++)
		if (strcmp(push->channel[i].name, name) == 0)
			return push->channel[i].generation;
	return 0;
}

/* Those that the share there has alone stay: its clients may be in them. */
static int switch_channels(struct push *push)
{
	const struct share_store *share = push->share;
	int r = 0;

	for (size_t i = 0; i < share->n_channels && r == 0; i++) {
		struct copy_step s = { .push = push,
			.generation = share->channel[i].generation,
			.channel = share->channel[i].name };

		if (s.generation && s.generation != channel_there(push, s.channel))
			r = operation_step(push->operation, run_switch, &s,
				"change the clients of %s in channel %s to generation %u",
				push->target.host, s.channel, s.generation);
	}
	return r;
}

int push_all(struct push *push)
{
	const struct share_store *share = push->share;
	/* Numbers only rise: what it lacks below its newest was removed there. */
	struct copy_step s = { .push = push, .base = newest(push) };
	int r;

	if (s.base > share->generation[share->n - 1])
		return -cli_error(ESTALE,
			"%s has generation %u, which is newer than all of %s; publish and push "
			"from one server only",
			push->target.host, s.base, share->path);
	r = renew(push);
	for (size_t i = 0; i < share->n && r == 0; i++) {
		s.generation = share->generation[i];
		if (s.generation <= newest(push))
			continue;
		r = copy_generation(push, &s);
		s.base = s.generation;
	}
	return r == 0 ? switch_channels(push) : r;
}
