/* xenfarm client host-key: by which host key `ssh` knows a client. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "farm/client/change.h"
#include "farm/client/client.h"
#include "farm/output.h"
#include "farm/results.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

struct host_key {
	struct client_session *session;
	struct client *client;
	struct record record; /* with the new one */
};

/* A line of a public key's file may be given as it is: what follows the key is a comment. */
static int parse(const char *text, char key[static RECORD_HOST_KEY_SIZE])
{
	size_t n = strcspn(text, " ");

	n += text[n] ? 1 + strcspn(text + n + 1, " \n") : 0;
	if (n == RECORD_HOST_KEY_SIZE - 1) {
		memcpy(key, text, n);
		key[n] = '\0';
		if (record_is_host_key(key))
			return 0;
	}
	return -cli_error(EINVAL,
		"\"%.100s\" is not an Ed25519 host key; on the client it is in "
		"/etc/ssh/ssh_host_ed25519_key.pub: 'ssh-ed25519 AAAA…'",
		text);
}

static int step_write(void *arg)
{
	struct host_key *k = arg;
	struct client_title title = client_title(
		k->client->label, client_generation(k->session, k->client), k->record.state);

	return client_write(k->client, title.text, &k->record);
}

/* In JSON it is the same document, whether the key is asked for or set. */
static void tell(struct client *c)
{
	client_result(c);
	results_text(c->name, "host_key", *c->record.host_key ? c->record.host_key : NULL);
}

static int set(struct client_session *s, const char *name, const char *text)
{
	struct host_key k = { .session = s, .client = client_find(s, name) };
	int r = k.client ? client_change_check(k.client) : -ENOENT;

	if (r < 0)
		return r;
	k.record = k.client->record;
	results_of(k.client->name);
	r = parse(text, k.record.host_key);
	if (r == 0)
		r = operation_step(&s->operation, step_write, &k, "%s: know it by that key", name);
	tell(k.client);
	return r;
}

static int print(struct client_session *s, const char *name)
{
	struct client *c = client_find(s, name);

	if (!c)
		return -ENOENT;
	results_already(c->name);
	tell(c);
	if (!*c->record.host_key)
		return -cli_error(ENOENT, "the host key of %s is not known", name);
	output_line("%s", c->record.host_key);
	return 0;
}

int client_host_key(void *options, char **arguments)
{
	AUTO_FREE const char **words = client_words("host-key", arguments);
	struct client_session s = { .lock = -1 };
	char *const one[] = { arguments[0], NULL };
	int r;

	if (!words)
		return EXIT_FAILURE;
	r = arguments[1] ? client_session_begin_change(&s, options, words, one)
			 : client_session_begin(&s, options, true, one);
	if (r == 0)
		r = arguments[1] ? set(&s, arguments[0], arguments[1]) : print(&s, arguments[0]);
	return client_session_end(&s, r);
}
