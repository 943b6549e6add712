/* The agent's reader of what xf-fetch says: which messages are honest, and what is handed on. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/fetch/window.h"

#define HEAD  offsetof(struct fetch_reply, data)
#define LIMIT 100

struct heard {
	size_t calls, file, size;
	int error;
};

static int hear(size_t file, const void *data, size_t size, int error, void *arg)
{
	struct heard *heard = arg;

	(void)data;
	*heard = (struct heard){ heard->calls + 1, file, heard->size + size, error };
	return 0;
}

static struct fetch_reply reply;

/* Slot 2 is taken, for file 7. */
static const struct row {
	const char *name;
	uint32_t slot;
	int32_t error;
	uint32_t last;
	size_t n;
	int result;
	size_t calls, size;
} rows[] = {
	{ "a piece", 2, 0, 0, HEAD + 10, 0, 1, 10 },
	{ "the last piece", 2, 0, 1, HEAD + 10, 0, 2, 10 },
	{ "the end", 2, 0, 1, HEAD, 0, 1, 0 },
	{ "as much as may come", 2, 0, 0, HEAD + LIMIT, 0, 1, LIMIT },
	{ "more than may come", 2, 0, 0, HEAD + LIMIT + 1, -EPROTO, 0, 0 },
	{ "an error", 2, -ENOENT, 1, HEAD, 0, 1, 0 },
	{ "an error with data", 2, -ENOENT, 1, HEAD + 1, -EPROTO, 0, 0 },
	{ "an error that is not the end", 2, -ENOENT, 0, HEAD, -EPROTO, 0, 0 },
	{ "an error above zero", 2, ENOENT, 1, HEAD, -EPROTO, 0, 0 },
	{ "an error that no kernel has", 2, -4096, 1, HEAD, -EPROTO, 0, 0 },
	{ "nothing, and not the end", 2, 0, 0, HEAD, -EPROTO, 0, 0 },
	{ "a slot that nobody took", 1, 0, 0, HEAD + 10, -EPROTO, 0, 0 },
	{ "the end of a slot that nobody took", 1, 0, 1, HEAD, -EPROTO, 0, 0 },
	{ "an error of a slot that nobody took", 1, -ENOENT, 1, HEAD, -EPROTO, 0, 0 },
	{ "a slot that there is not", FETCH_SLOTS, 0, 0, HEAD + 10, -EPROTO, 0, 0 },
	{ "an end that is neither", 2, 0, 2, HEAD + 10, -EPROTO, 0, 0 },
	{ "half a head", 2, 0, 0, HEAD - 1, -EPROTO, 0, 0 },
	{ "more than a piece", 2, 0, 0, HEAD + FETCH_PIECE + 1, -EPROTO, 0, 0 },
};

static void takes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct heard heard = { 0 };
		const struct share_fetch f = { 8, NULL, hear, &heard };
		struct window window = { 0 };
		int r;

		/* Where the message is too long, its size alone is looked at. */
		window_take(&window, 2, 7, row->n > HEAD + FETCH_PIECE ? UINT64_MAX : LIMIT);
		reply = (struct fetch_reply){ row->slot, row->error, row->last, "" };
		r = window_reply(&window, &reply, row->n, &f);
		if (r != row->result || heard.calls != row->calls || heard.size != row->size ||
			(row->calls && (heard.file != 7 || heard.error != row->error)))
			fail_msg("%s: %d, %zu calls, %zu bytes", row->name, r, heard.calls,
				heard.size);
		assert_int_equal(window.used, r == 0 && row->last ? 0 : 1);
	}
}

/* The limit is that of a whole file, in however many pieces it comes. */
static void counts(void **state)
{
	struct heard heard = { 0 };
	const struct share_fetch f = { 8, NULL, hear, &heard };
	struct window window = { 0 };

	(void)state;
	window_take(&window, 0, 7, LIMIT);
	reply = (struct fetch_reply){ 0 };
	assert_int_equal(window_reply(&window, &reply, HEAD + LIMIT - 1, &f), 0);
	assert_int_equal(window_reply(&window, &reply, HEAD + 2, &f), -EPROTO);
	assert_int_equal(window_reply(&window, &reply, HEAD + 1, &f), 0);
	assert_int_equal(window_reply(&window, &reply, HEAD + 1, &f), -EPROTO);
	assert_int_equal(heard.size, LIMIT);
}

static void slots(void **state)
{
	struct window window = { 0 };

	(void)state;
	for (int i = 0; i < FETCH_SLOTS; i++) {
		assert_int_equal(window_free(&window), i);
		window_take(&window, i, 0, LIMIT);
	}
	assert_int_equal(window_free(&window), -1);
	window_drop(&window, 5);
	assert_int_equal(window_free(&window), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes),
		cmocka_unit_test(counts),
		cmocka_unit_test(slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
