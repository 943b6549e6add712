#include "farm/fleet/round.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "farm/fleet/ask.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

/* --- the questions --- */

/* Of a reply that is a union: its reason is there unless it is the answer. */
#define UNION_RESULT(name)                                                                   \
	static fleet_result name##_result(const void *reply, const char **why)               \
	{                                                                                    \
		const fleet_##name##_reply *r = reply;                                       \
                                                                                             \
		*why = r->answer.result == FLEET_OK ? NULL                                   \
						    : r->answer.fleet_##name##_answer_u.why; \
		return r->answer.result;                                                     \
	}                                                                                    \
	static const char *name##_check(const void *reply)                                   \
	{                                                                                    \
		return fleet_check_##name##_reply(reply);                                    \
	}

UNION_RESULT(status)
UNION_RESULT(conflicts)
UNION_RESULT(preview)

static fleet_result plain_result(const void *reply, const char **why)
{
	const fleet_reply *r = reply;

	*why = r->why;
	return r->result;
}

static const char *plain_check(const void *reply)
{
	return fleet_check_reply(reply);
}

static fleet_result server_result(const void *reply, const char **why)
{
	const fleet_server_reply *r = reply;

	*why = NULL;
	return r->result;
}

static const char *server_check(const void *reply)
{
	return fleet_check_server_reply(reply);
}

#define QUESTION(number, argument, reply, name)                                              \
	{                                                                                    \
		number, (xdrproc_t)xdr_##argument, (xdrproc_t)xdr_##reply, sizeof(argument), \
			sizeof(reply), name##_check, name##_result                           \
	}

const struct round_question round_of_status =
	QUESTION(FLEET_STATUS, fleet_target, fleet_status_reply, status);
const struct round_question round_of_conflicts =
	QUESTION(FLEET_CONFLICTS, fleet_target, fleet_conflicts_reply, conflicts);
const struct round_question round_of_reconcile =
	QUESTION(FLEET_RECONCILE, fleet_target, fleet_reply, plain);
const struct round_question round_of_message =
	QUESTION(FLEET_MESSAGE, fleet_message, fleet_reply, plain);
const struct round_question round_of_preview =
	QUESTION(FLEET_PREVIEW, fleet_preview_call, fleet_preview_reply, preview);
const struct round_question round_of_server =
	QUESTION(FLEET_SERVER, fleet_target, fleet_server_reply, server);

/* --- the clients --- */

static int begin(struct round *round, struct round_client *c, const struct client *client)
{
	fleet_target *whom;

	c->client = client;
	c->arguments = whom = calloc(1, round->question->arguments_size);
	c->reply = calloc(1, round->question->reply_size);
	if (!whom || !c->reply)
		return cli_error(-ENOMEM, "the clients");
	/* It is only read. */
	whom->uuid = (char *)(uintptr_t)client->uuid;
	whom->name = (char *)(uintptr_t)client->label;
	snprintf(c->why, sizeof(c->why), "%s", client_state(client));
	return 0;
}

int round_begin(struct round *round, const struct round_question *question,
	const struct client_selection *selection)
{
	int r = 0;

	*round = (struct round){ .question = question };
	round->client = calloc(selection->n + 1, sizeof(*round->client));
	if (!round->client)
		return cli_error(-ENOMEM, "the clients");
	for (; round->n < selection->n && r == 0; round->n++)
		r = begin(round, &round->client[round->n], selection->client[round->n]);
	return r;
}

void round_free(struct round *round)
{
	for (size_t i = 0; i < round->n; i++) {
		struct round_client *c = &round->client[i];

		if (c->reply)
			xdr_free(round->question->decode, c->reply);
		free(c->reply);
		free(c->arguments);
	}
	free(round->client);
	*round = (struct round){ 0 };
}

/* --- the answers --- */

void round_set_wrong(struct round_client *c, const char *what, const char *detail)
{
	c->state = ROUND_WRONG;
	snprintf(c->why, sizeof(c->why), "%s%s", what, detail);
}

/* It answered, for itself: what it says of the question. */
static void take_result(const struct round *round, struct round_client *c)
{
	const char *why;

	c->result = round->question->result(c->reply, &why);
	c->state = ROUND_ANSWERED;
	snprintf(c->why, sizeof(c->why), "%s", why ? why : "");
	if (c->result == FLEET_NO_REPORT)
		round_set_wrong(c, "its xf-agent has left no report since the boot", "");
	else if (c->result == FLEET_NOT_ME)
		round_set_wrong(c, "says that another client is meant", "");
	else if (c->result == FLEET_REFUSED)
		round_set_wrong(c, "refuses the question", "");
}

void round_take_reply(const struct round *round, struct round_client *c)
{
	const fleet_target *self = c->reply, *whom = c->arguments;
	const char *rule = round->question->check(c->reply);

	if (rule)
		round_set_wrong(c, "its answer breaks a rule: ", rule);
	else if (!fleet_is_for(whom, self))
		round_set_wrong(
			c, "answers as ", strcmp(whom->name, self->name) ? self->name : self->uuid);
	else
		take_result(round, c);
	if (c->state != ROUND_ANSWERED) {
		xdr_free(round->question->decode, c->reply);
		memset(c->reply, 0, round->question->reply_size);
	}
}

static void take(const struct round *round, struct round_client *c,
	const struct ask_procedure *procedure, const struct ask_call *call)
{
	if (call->outcome == ASK_ANSWERED) {
		round_take_reply(round, c);
		return;
	}
	c->state = call->outcome == ASK_SILENT || call->outcome == ASK_REFUSED ? ROUND_SILENT
									       : ROUND_WRONG;
	snprintf(c->why, sizeof(c->why), "%s", ask_explain(procedure, call).text);
}

/* An empty reply, for another answer than it may have had. */
static void prepare(const struct round *round, struct round_client *c, struct ask_call *call)
{
	struct in_addr address;

	xdr_free(round->question->decode, c->reply);
	memset(c->reply, 0, round->question->reply_size);
	memcpy(&address, c->client->record.address.byte, sizeof(address));
	*call = (struct ask_call){
		.address = address, .arguments = c->arguments, .result = c->reply
	};
}

bool round_is_asked(const struct round_client *c)
{
	return !c->client->damaged && c->client->power == CLIENT_RUNNING;
}

unsigned int round_seconds(const struct farm_context *context)
{
	return context->options.timeout ? context->options.timeout : ROUND_SECONDS;
}

int round_ask(struct round *round, const struct farm_context *context, unsigned int seconds,
	bool (*again)(const struct round_client *client))
{
	const struct ask_procedure procedure = { .program = FLEET_PROGRAM,
		.version = FLEET_VERSION,
		.number = round->question->number,
		.port = (uint16_t)context->settings.agent_port,
		.encode = round->question->encode,
		.decode = round->question->decode,
		.answer_max = FLEET_REPLY_MAX };
	AUTO_FREE struct ask_call *call = calloc(round->n + 1, sizeof(*call));
	AUTO_FREE size_t *of = calloc(round->n + 1, sizeof(*of));
	size_t n = 0;
	int r;

	if (!call || !of)
		return cli_error(-ENOMEM, "the clients");
	for (size_t i = 0; i < round->n; i++)
		if (round_is_asked(&round->client[i]) && (!again || again(&round->client[i]))) {
			of[n] = i;
			prepare(round, &round->client[i], &call[n++]);
		}
	r = ask_all(&procedure, call, n, 1000 * seconds);
	for (size_t i = 0; i < n && r == 0; i++)
		take(round, &round->client[of[i]], &procedure, &call[i]);
	return r;
}
