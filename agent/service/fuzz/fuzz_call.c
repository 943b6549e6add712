/*
 * Any bytes: as a stream of records with calls, which are answered by handlers that check them;
 * and, by their first byte, as a report or a reply, which is decoded, checked and encoded again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/service/call.h"
#include "lib/array.h"
#include "lib/fleet/record.h"

#define REPLIES_MAX 64 /* of one stream */

static bool answer_null(void *context, const void *argument, void *reply)
{
	(void)context;
	(void)argument;
	(void)reply;
	return true;
}

/* Uses what it was sent, as an agent does. */
static bool answer_text(const char *wrong, const fleet_target *target, fleet_reply *reply)
{
	if (!wrong && (!fleet_line_ok(target->name) || strchr(target->name, '\033')))
		abort();
	reply->self.uuid = strdup(wrong ? "" : target->uuid);
	reply->self.name = strdup(wrong ? "web7" : target->name);
	reply->why = strdup(wrong ? wrong : "");
	reply->result = wrong ? FLEET_REFUSED : FLEET_OK;
	return reply->self.uuid && reply->self.name && reply->why;
}

static bool answer_target(void *context, const void *argument, void *reply)
{
	(void)context;
	return answer_text(fleet_check_target(argument), argument, reply);
}

static bool answer_message(void *context, const void *argument, void *reply)
{
	const fleet_message *m = argument;
	const char *wrong = fleet_check_message(m);

	(void)context;
	if (!wrong && (strchr(m->text, '\033') || strchr(m->from, '\n')))
		abort();
	return answer_text(wrong, &m->target, reply);
}

#define PROCEDURE(takes, answer)                                                    \
	{                                                                           \
		(xdrproc_t) xdr_##takes, sizeof(takes), (xdrproc_t)xdr_fleet_reply, \
			sizeof(fleet_reply), answer                                 \
	}

static const struct call_procedure procedures[] = {
	[FLEET_NULL] = { NULL, 0, NULL, 0, answer_null },
	[FLEET_STATUS] = PROCEDURE(fleet_target, answer_target),
	[FLEET_CONFLICTS] = PROCEDURE(fleet_target, answer_target),
	[FLEET_RECONCILE] = PROCEDURE(fleet_target, answer_target),
	[FLEET_MESSAGE] = PROCEDURE(fleet_message, answer_message),
};

static void take_calls(const char *data, size_t n)
{
	static const struct call_program program = { procedures, ARRAY_SIZE(procedures), 1, 1 };
	struct fleet_record record = { 0 };
	struct buf out = { 0 };

	for (int replies = 0; n && replies < REPLIES_MAX; replies++) {
		ssize_t taken = fleet_record_take(&record, data, n, FLEET_CALL_MAX);

		if (taken < 0)
			break;
		data += taken;
		n -= (size_t)taken;
		if (!record.whole ||
			!call_answer(&program, NULL, record.bytes.data, record.bytes.size, &out))
			break;
		fleet_record_next(&record);
	}
	fleet_record_free(&record);
	buf_free(&out);
}

#define DOCUMENT(type, check)                                                              \
	{                                                                                  \
		(xdrproc_t) xdr_##type, sizeof(type), (const char *(*)(const void *))check \
	}

static const struct {
	xdrproc_t function;
	size_t size;
	const char *(*check)(const void *);
} documents[] = {
	DOCUMENT(fleet_status, fleet_check_status),
	DOCUMENT(fleet_conflicts, fleet_check_conflicts),
	DOCUMENT(fleet_status_reply, fleet_check_status_reply),
	DOCUMENT(fleet_conflicts_reply, fleet_check_conflicts_reply),
	DOCUMENT(fleet_preview_reply, fleet_check_preview_reply),
	DOCUMENT(fleet_reply, fleet_check_reply),
	DOCUMENT(fleet_server_reply, fleet_check_server_reply),
};

/* What was accepted is encoded as it was, but for padding and truth values. */
static void take_document(size_t which, const char *data, size_t n)
{
	void *to = malloc(documents[which].size);
	struct buf again = { 0 };

	if (!to)
		return;
	if (fleet_decode(documents[which].function, data, n, to, documents[which].size) == 0) {
		documents[which].check(to);
		if (fleet_encode(documents[which].function, to, &again) < 0)
			abort();
		xdr_free(documents[which].function, to);
	}
	buf_free(&again);
	free(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	if (data[0] < ARRAY_SIZE(documents))
		take_document(data[0], (const char *)data + 1, n - 1);
	else
		take_calls((const char *)data + 1, n - 1);
	return 0;
}
