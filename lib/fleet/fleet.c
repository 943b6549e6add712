#include "lib/fleet/fleet.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* --- texts --- */

/* The code point that begins at *at, which is moved behind it; or -1: not UTF-8. */
static int32_t next_code_point(const unsigned char **at)
{
	static const int32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = *at;
	unsigned int more = *s < 0x80 ? 0 : *s < 0xe0 ? 1 : *s < 0xf0 ? 2 : 3;
	int32_t c = more == 0 ? *s : *s & (0x3f >> more);

	if ((*s >= 0x80 && *s < 0xc2) || *s > 0xf4)
		return -1;
	for (unsigned int i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (s[i] & 0x3f);
	}
	*at = s + 1 + more;
	return c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? -1 : c;
}

/* C0, DEL and C1; separators of lines; marks, embeddings and isolates of bidirectional text. */
static bool is_control(int32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x61c;
}

static bool is_text(const char *text, const char *allowed)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		int32_t c = next_code_point(&at);

		if (c < 0 || (is_control(c) && (c >= 0x20 || !strchr(allowed, c))))
			return false;
	}
	return true;
}

bool fleet_line_ok(const char *text)
{
	return is_text(text, "");
}

bool fleet_lines_ok(const char *text)
{
	return is_text(text, "\n\t");
}

/* May more bytes make a letter of these? At least one of them is there. */
static bool is_begun(const unsigned char *s, size_t n)
{
	size_t whole = *s < 0xc2 ? 1 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 1;

	for (size_t i = 1; i < n && i < whole; i++)
		if ((s[i] & 0xc0) != 0x80)
			return false;
	return n < whole;
}

size_t fleet_add_harmless(struct buf *out, const char *bytes, size_t n, bool last)
{
	size_t i = 0;

	while (i < n) {
		/* With zeros behind it, which no letter has. */
		unsigned char s[8] = { 0 };
		const unsigned char *at = s;
		size_t length;
		int32_t c;

		memcpy(s, bytes + i, n - i < 4 ? n - i : 4);
		if (!last && is_begun(s, n - i))
			break;
		c = next_code_point(&at);
		length = c < 0 ? 1 : (size_t)(at - s);
		if (c < 0 || (is_control(c) && c != '\n' && c != '\t'))
			for (size_t k = 0; k < length; k++)
				buf_printf(out, "\\%03o", s[k]);
		else
			buf_add(out, s, length);
		i += length;
	}
	return i;
}

static bool is_of(const char *text, const char *allowed)
{
	return text[strspn(text, allowed)] == '\0';
}

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool fleet_name_ok(const char *text)
{
	return *text && is_of(text, DIGITS LETTERS ".-_:");
}

bool fleet_word_ok(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

bool fleet_uuid_ok(const char *text)
{
	if (*text == '\0')
		return true;
	for (size_t i = 0; i < FLEET_UUID_MAX; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23
				? text[i] != '-'
				: !text[i] || !strchr(DIGITS "abcdef", text[i]))
			return false;
	return text[FLEET_UUID_MAX] == '\0';
}

/* --- what was decoded --- */

#define RESULT_LAST FLEET_FAILED

static bool digest_ok(const fleet_digest *d)
{
	return d->fleet_digest_len == 0 || d->fleet_digest_len == FLEET_DIGEST_MAX;
}

const char *fleet_check_target(const fleet_target *target)
{
	if (!fleet_uuid_ok(target->uuid))
		return "the client's UUID";
	return fleet_name_ok(target->name) ? NULL : "the client's name";
}

const char *fleet_check_message(const fleet_message *message)
{
	const char *wrong = fleet_check_target(&message->target);

	if (wrong)
		return wrong;
	if (!*message->id || !fleet_uuid_ok(message->id))
		return "the message's id";
	if (!*message->from || !fleet_line_ok(message->from))
		return "who the message is from";
	return *message->text && fleet_lines_ok(message->text) ? NULL : "the message's text";
}

const char *fleet_check_status(const fleet_status *status)
{
	if (!fleet_uuid_ok(status->share))
		return "the share's UUID";
	if (!fleet_word_ok(status->channel))
		return "the channel's name";
	if (!fleet_word_ok(status->kernel) || !fleet_word_ok(status->kernel_next))
		return "the kernel's release";
	if (status->run < 0 || status->reported < 0 || status->up_since < 0)
		return "a time before 1970";
	return fleet_word_ok(status->agent) ? NULL : "the agent's version";
}

static const char *check_conflict(const fleet_conflict *c)
{
	if (!*c->path || !fleet_word_ok(c->path))
		return "a conflict's path";
	if (!fleet_word_ok(c->kind) || !*c->kind)
		return "a conflict's kind";
	/* Those of account entries have blanks. */
	if (!fleet_line_ok(c->place))
		return "a conflict's place";
	if (c->since < 0)
		return "a time before 1970";
	return digest_ok(&c->base) && digest_ok(&c->local) && digest_ok(&c->offered)
		       ? NULL
		       : "a digest's length";
}

const char *fleet_check_conflicts(const fleet_conflicts *conflicts)
{
	const char *wrong = NULL;

	if (conflicts->total < conflicts->list.list_len)
		return "the number of conflicts";
	if (conflicts->reported < 0)
		return "a time before 1970";
	for (u_int i = 0; !wrong && i < conflicts->list.list_len; i++)
		wrong = check_conflict(&conflicts->list.list_val[i]);
	return wrong;
}

const char *fleet_check_preview(const fleet_preview *preview)
{
	if (preview->total < preview->list.list_len)
		return "the number of changes";
	if (preview->made < 0)
		return "a time before 1970";
	if (!fleet_word_ok(preview->kernel))
		return "the kernel's release";
	for (u_int i = 0; i < preview->list.list_len; i++) {
		const fleet_change *c = &preview->list.list_val[i];

		if (!*c->path || !fleet_word_ok(c->path))
			return "a change's path";
		if (!*c->action || !fleet_word_ok(c->action))
			return "a change's action";
	}
	return NULL;
}

/* What all replies have; why is NULL where the result has another arm. */
static const char *check_head(const fleet_target *self, fleet_result result, const char *why)
{
	if ((int)result < FLEET_OK || result > RESULT_LAST)
		return "the result";
	if (why && !fleet_line_ok(why))
		return "the reason";
	return fleet_check_target(self);
}

const char *fleet_check_reply(const fleet_reply *reply)
{
	return check_head(&reply->self, reply->result, reply->why);
}

const char *fleet_check_server_reply(const fleet_server_reply *reply)
{
	const char *wrong = check_head(&reply->self, reply->result, NULL);

	return wrong || fleet_word_ok(reply->server) ? wrong : "the server's address";
}

const char *fleet_check_status_reply(const fleet_status_reply *reply)
{
	const fleet_status_answer *a = &reply->answer;
	bool ok = a->result == FLEET_OK;
	const char *wrong =
		check_head(&reply->self, a->result, ok ? NULL : a->fleet_status_answer_u.why);

	return wrong || !ok ? wrong : fleet_check_status(&a->fleet_status_answer_u.status);
}

const char *fleet_check_conflicts_reply(const fleet_conflicts_reply *reply)
{
	const fleet_conflicts_answer *a = &reply->answer;
	bool ok = a->result == FLEET_OK;
	const char *wrong =
		check_head(&reply->self, a->result, ok ? NULL : a->fleet_conflicts_answer_u.why);

	return wrong || !ok ? wrong : fleet_check_conflicts(&a->fleet_conflicts_answer_u.conflicts);
}

const char *fleet_check_preview_reply(const fleet_preview_reply *reply)
{
	const fleet_preview_answer *a = &reply->answer;
	bool ok = a->result == FLEET_OK;
	const char *wrong =
		check_head(&reply->self, a->result, ok ? NULL : a->fleet_preview_answer_u.why);

	return wrong || !ok ? wrong : fleet_check_preview(&a->fleet_preview_answer_u.preview);
}

bool fleet_is_for(const fleet_target *wanted, const fleet_target *self)
{
	if (*wanted->uuid && *self->uuid && strcmp(wanted->uuid, self->uuid) != 0)
		return false;
	return strcmp(wanted->name, self->name) == 0;
}

/* --- bytes --- */

int fleet_encode(xdrproc_t function, const void *from, struct buf *out)
{
	/* XDR functions do not change what they encode. */
	void *object = (void *)(uintptr_t)from;
	XDR xdr;
	char *room;
	u_long n = xdr_sizeof(function, object);
	bool done;

	if (n == 0 || n > FLEET_REPLY_MAX)
		return -EMSGSIZE;
	room = buf_room(out, n);
	if (!room)
		return -ENOMEM;
	xdrmem_create(&xdr, room, (u_int)n, XDR_ENCODE);
	done = function(&xdr, object) && xdr_getpos(&xdr) == n;
	xdr_destroy(&xdr);
	if (!done)
		return -EMSGSIZE;
	out->size += n;
	return 0;
}

int fleet_decode(xdrproc_t function, const void *bytes, size_t n, void *to, size_t size)
{
	XDR xdr;
	bool done;

	memset(to, 0, size);
	if (n > FLEET_REPLY_MAX)
		return -EBADMSG;
	xdrmem_create(&xdr, (char *)(uintptr_t)bytes, (u_int)n, XDR_DECODE);
	done = function(&xdr, to) && xdr_getpos(&xdr) == n;
	xdr_destroy(&xdr);
	if (done)
		return 0;
	xdr_free(function, to);
	return -EBADMSG;
}
