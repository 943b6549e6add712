/* The protocol: which texts are refused, and what cannot be decoded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/fleet/fleet.h"
#include "lib/fleet/record.h"

#define UUID "0b0f2c1e-1b1b-4a4a-9c9c-0123456789ab"

static void lines_have_no_control_characters(void **state)
{
	static const char *const good[] = { "", "a b", "\xc3\xa4", "\xe2\x82\xac",
		"\xf0\x9f\x90\xa7", "\xc2\xa0" };
	static const char *const bad[] = { "\n", "\t", "\033[2J", "\x7f", "a\x01", "\xc2\x9b",
		"\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\x8f", "\xe2\x80\xa8", "\xd8\x9c" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(fleet_line_ok(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(fleet_line_ok(bad[i]));
	assert_true(fleet_lines_ok("one\n\ttwo\n"));
	assert_false(fleet_lines_ok("one\r\n"));
	assert_false(fleet_lines_ok("\033]0;title\a"));
}

static void lines_are_utf8(void **state)
{
	static const char *const bad[] = { "\x80", "\xc3", "\xc3(", "\xc0\x80", "\xc1\xbf",
		"\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5",
		"\xff", "\xe2\x82", "\xf0\x9f\x90" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(fleet_line_ok(bad[i]));
}

static void words_and_names(void **state)
{
	(void)state;
	assert_true(fleet_word_ok("6.1.0-41-amd64"));
	assert_true(fleet_word_ok(""));
	assert_false(fleet_word_ok("a b"));
	assert_false(fleet_word_ok("\xc3\xa4"));
	assert_false(fleet_word_ok("a\n"));
	assert_true(fleet_name_ok("web-7.example"));
	assert_true(fleet_name_ok("fd00::b"));
	assert_false(fleet_name_ok(""));
	assert_false(fleet_name_ok("a/b"));
	assert_false(fleet_name_ok("<b>"));
	assert_true(fleet_uuid_ok(""));
	assert_true(fleet_uuid_ok(UUID));
	assert_false(fleet_uuid_ok("0B0F2C1E-1b1b-4a4a-9c9c-0123456789ab"));
	assert_false(fleet_uuid_ok(UUID "0"));
	assert_false(fleet_uuid_ok("0b0f2c1e-1b1b-4a4a-9c9c"));
	assert_false(fleet_uuid_ok("0b0f2c1e01b1b-4a4a-9c9c-0123456789ab"));
}

static void calls_are_for_one_client(void **state)
{
	fleet_target self = { (char *)UUID, (char *)"web7" };
	fleet_target other = { (char *)"1b0f2c1e-1b1b-4a4a-9c9c-0123456789ab", (char *)"web7" };
	fleet_target unknown = { (char *)"", (char *)"web7" },
		     web8 = { (char *)UUID, (char *)"web8" };

	(void)state;
	assert_true(fleet_is_for(&self, &self));
	assert_true(fleet_is_for(&unknown, &self));
	assert_true(fleet_is_for(&self, &unknown));
	assert_false(fleet_is_for(&other, &self));
	assert_false(fleet_is_for(&web8, &self));
}

static fleet_status status_example(void)
{
	return (fleet_status){
		.share = (char *)UUID,
		.generation = 12,
		.available = 13,
		.channel = (char *)"live",
		.kernel = (char *)"6.1.0-41-amd64",
		.kernel_next = (char *)"6.1.0-42-amd64",
		.reboot = true,
		.conflicts = 3,
		.result = 10,
		.run = 1700000000,
		.reported = 1700000001,
		.up_since = 1690000000,
		.agent = (char *)"1.0",
	};
}

static void a_report_comes_back_as_it_was(void **state)
{
	fleet_status before = status_example(), after;
	struct buf bytes = { 0 };

	(void)state;
	assert_int_equal(fleet_encode((xdrproc_t)xdr_fleet_status, &before, &bytes), 0);
	assert_int_equal(fleet_decode((xdrproc_t)xdr_fleet_status, bytes.data, bytes.size, &after,
				 sizeof(after)),
		0);
	assert_string_equal(after.kernel_next, "6.1.0-42-amd64");
	assert_int_equal(after.run, 1700000000);
	assert_int_equal(after.result, 10);
	assert_true(after.reboot);
	assert_null(fleet_check_status(&after));
	xdr_free((xdrproc_t)xdr_fleet_status, (char *)&after);
	buf_free(&bytes);
}

/* Cut off anywhere, and with bytes left over. */
static void other_lengths_are_refused(void **state)
{
	fleet_status before = status_example(), after;
	struct buf bytes = { 0 };

	(void)state;
	assert_int_equal(fleet_encode((xdrproc_t)xdr_fleet_status, &before, &bytes), 0);
	for (size_t n = 0; n < bytes.size; n++) {
		/* Of their own, so that reading beyond them would be noticed. */
		char *copy = malloc(n + 1);

		memcpy(copy, bytes.data, n);
		assert_int_equal(
			fleet_decode((xdrproc_t)xdr_fleet_status, copy, n, &after, sizeof(after)),
			-EBADMSG);
		free(copy);
	}
	buf_add(&bytes, "\0\0\0\0", 4);
	assert_int_equal(fleet_decode((xdrproc_t)xdr_fleet_status, bytes.data, bytes.size, &after,
				 sizeof(after)),
		-EBADMSG);
	buf_free(&bytes);
}

static void bounds_hold_in_both_directions(void **state)
{
	char name[FLEET_NAME_MAX + 2];
	static const char huge[] = "\0\0\0\0\0\0\0\0\0\0\0\0\377\377\377\377";
	fleet_target target = { (char *)"", name };
	fleet_conflicts list;
	struct buf bytes = { 0 };

	(void)state;
	memset(name, 'a', sizeof(name));
	name[FLEET_NAME_MAX + 1] = '\0';
	assert_int_equal(fleet_encode((xdrproc_t)xdr_fleet_target, &target, &bytes), -EMSGSIZE);
	name[FLEET_NAME_MAX] = '\0';
	assert_int_equal(fleet_encode((xdrproc_t)xdr_fleet_target, &target, &bytes), 0);
	/* A list whose length says more than there may be, or than there is. */
	assert_int_equal(
		fleet_decode((xdrproc_t)xdr_fleet_conflicts, huge, 16, &list, sizeof(list)),
		-EBADMSG);
	buf_free(&bytes);
}

static void status_is_checked(void **state)
{
	static const size_t words[] = { offsetof(fleet_status, channel),
		offsetof(fleet_status, kernel), offsetof(fleet_status, kernel_next),
		offsetof(fleet_status, agent), offsetof(fleet_status, share) };
	fleet_status s = status_example();

	(void)state;
	assert_null(fleet_check_status(&s));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		s = status_example();
		*(char **)((char *)&s + words[i]) = (char *)"<b> \033[1m";
		assert_non_null(fleet_check_status(&s));
	}
	s = status_example();
	s.run = -1;
	assert_non_null(fleet_check_status(&s));
}

static void conflicts_are_checked(void **state)
{
	char digest[FLEET_DIGEST_MAX] = { 0 };
	fleet_conflict c = { .path = (char *)"etc/motd",
		.kind = (char *)"offer",
		.place = (char *)"etc/motd.xennew",
		.base = { FLEET_DIGEST_MAX, digest } };
	fleet_conflicts list = { 1, 0, { 1, &c } };

	(void)state;
	assert_null(fleet_check_conflicts(&list));
	c.path = (char *)"etc/\nmotd";
	assert_string_equal(fleet_check_conflicts(&list), "a conflict's path");
	c.path = (char *)"";
	assert_string_equal(fleet_check_conflicts(&list), "a conflict's path");
	c.path = (char *)"etc/motd";
	c.place = (char *)"\033";
	assert_string_equal(fleet_check_conflicts(&list), "a conflict's place");
	c.place = (char *)"";
	c.kind = (char *)"";
	assert_string_equal(fleet_check_conflicts(&list), "a conflict's kind");
	c.kind = (char *)"offer";
	c.base.fleet_digest_len = 31;
	assert_string_equal(fleet_check_conflicts(&list), "a digest's length");
	c.base.fleet_digest_len = 0;
	list.total = 0;
	assert_string_equal(fleet_check_conflicts(&list), "the number of conflicts");
}

static void previews_are_checked(void **state)
{
	fleet_change c = { (char *)"etc/motd", (char *)"INSTALL" };
	fleet_preview p = { .kernel = (char *)"6.1", .total = 1, .list = { 1, &c } };

	(void)state;
	assert_null(fleet_check_preview(&p));
	c.path = (char *)"etc/a b";
	assert_string_equal(fleet_check_preview(&p), "a change's path");
	c.path = (char *)"etc/motd";
	c.action = (char *)"<script>\n";
	assert_string_equal(fleet_check_preview(&p), "a change's action");
	c.action = (char *)"INSTALL";
	p.kernel = (char *)"\033";
	assert_string_equal(fleet_check_preview(&p), "the kernel's release");
	p.kernel = (char *)"";
	p.total = 0;
	assert_string_equal(fleet_check_preview(&p), "the number of changes");
}

static void messages_are_checked(void **state)
{
	fleet_message m = { { (char *)"", (char *)"web7" }, (char *)UUID, (char *)"Anna <a@b.c>", 0,
		(char *)"Reboot at 8.\nThank you." };

	(void)state;
	assert_null(fleet_check_message(&m));
	m.text = (char *)"\033[2J";
	assert_string_equal(fleet_check_message(&m), "the message's text");
	m.text = (char *)"";
	assert_string_equal(fleet_check_message(&m), "the message's text");
	m.text = (char *)"x";
	m.from = (char *)"a\nb";
	assert_string_equal(fleet_check_message(&m), "who the message is from");
	m.from = (char *)"a";
	m.id = (char *)"";
	assert_string_equal(fleet_check_message(&m), "the message's id");
	m.id = (char *)UUID;
	m.target.name = (char *)"../x";
	assert_string_equal(fleet_check_message(&m), "the client's name");
}

static void assert_harmless(const char *text, const char *wanted)
{
	size_t n = strlen(text);
	AUTO_BUF struct buf whole = { 0 };

	assert_int_equal(fleet_add_harmless(&whole, text, n, true), n);
	buf_add(&whole, "", 1);
	assert_string_equal(whole.data, wanted);
	/* The same in two pieces, wherever they are cut. */
	for (size_t cut = 0; cut <= n; cut++) {
		AUTO_BUF struct buf parts = { 0 };
		size_t taken = fleet_add_harmless(&parts, text, cut, false);

		assert_true(taken <= cut && cut - taken < 4);
		assert_int_equal(
			fleet_add_harmless(&parts, text + taken, n - taken, true), n - taken);
		buf_add(&parts, "", 1);
		assert_string_equal(parts.data, wanted);
	}
}

static void terminals_get_harmless_text(void **state)
{
	(void)state;
	assert_harmless("", "");
	assert_harmless("plain\n\ttext", "plain\n\ttext");
	assert_harmless("gr\303\274n \342\202\254 \360\237\220\247",
		"gr\303\274n \342\202\254 \360\237\220\247");
	assert_harmless("\033[2J\r\a\177", "\\033[2J\\015\\007\\177");
	assert_harmless("\302\233"
			"31m",
		"\\302\\23331m");
	assert_harmless("\342\200\256x", "\\342\\200\\256x");
	assert_harmless("\233"
			"31m\xff",
		"\\23331m\\377");
	assert_harmless("cut \342\202", "cut \\342\\202");
	assert_harmless("\342\033[m", "\\342\\033[m");
}

static void replies_are_checked(void **state)
{
	fleet_target web7 = { (char *)"", (char *)"web7" };
	fleet_reply r = { web7, FLEET_OK, (char *)"" };
	fleet_status_reply s = { web7, { FLEET_OK, { .status = status_example() } } };
	fleet_conflicts_reply c = { web7, { FLEET_NOT_ME, { .why = (char *)"\n" } } };
	fleet_server_reply v = { web7, FLEET_OK, (char *)"10.77.0.1" };
	fleet_preview_reply p = { web7, { (fleet_result)99, { .why = (char *)"" } } };

	(void)state;
	assert_null(fleet_check_reply(&r));
	r.why = (char *)"\033";
	assert_string_equal(fleet_check_reply(&r), "the reason");
	assert_null(fleet_check_status_reply(&s));
	s.answer.fleet_status_answer_u.status.kernel = (char *)"\n";
	assert_string_equal(fleet_check_status_reply(&s), "the kernel's release");
	assert_string_equal(fleet_check_conflicts_reply(&c), "the reason");
	assert_string_equal(fleet_check_preview_reply(&p), "the result");
	p.answer.result = FLEET_WORKING;
	assert_null(fleet_check_preview_reply(&p));
	assert_null(fleet_check_server_reply(&v));
	v.server = (char *)"10.77.0.1\033";
	assert_string_equal(fleet_check_server_reply(&v), "the server's address");
	p.self.name = (char *)"";
	assert_string_equal(fleet_check_preview_reply(&p), "the client's name");
}

/* "hello" in two fragments with an empty one between, and the beginning of the next record. */
static const char stream[] = "\0\0\0\2he\0\0\0\0\200\0\0\3llo\200\0\0\1x";

/* Cut into pieces of n bytes. */
static void records_arrive_in_pieces(void **state)
{
	(void)state;
	for (size_t n = 1; n < sizeof(stream); n++) {
		struct fleet_record r = { 0 };
		size_t at = 0;

		while (!r.whole) {
			size_t left = sizeof(stream) - 1 - at;
			ssize_t taken = fleet_record_take(&r, stream + at, n < left ? n : left, 5);

			assert_true(taken > 0);
			at += (size_t)taken;
		}
		assert_int_equal(at, 17);
		assert_int_equal(r.bytes.size, 5);
		assert_memory_equal(r.bytes.data, "hello", 5);
		assert_int_equal(fleet_record_take(&r, stream + at, 5, 5), 0);
		fleet_record_next(&r);
		assert_int_equal(fleet_record_take(&r, stream + at, 5, 5), 5);
		assert_true(r.whole);
		fleet_record_free(&r);
	}
}

static void long_records_are_refused(void **state)
{
	static const char huge[] = "\377\377\377\377";
	struct fleet_record r = { 0 };

	(void)state;
	assert_int_equal(fleet_record_take(&r, stream, 14, 4), -EMSGSIZE);
	fleet_record_next(&r);
	assert_int_equal(fleet_record_take(&r, huge, 4, FLEET_CALL_MAX), -EMSGSIZE);
	assert_int_equal(r.bytes.capacity, 0);
	fleet_record_free(&r);
}

static void a_mark_is_what_is_taken(void **state)
{
	unsigned char mark[FLEET_RECORD_MARK];

	(void)state;
	fleet_record_mark(mark, 0x010203);
	assert_memory_equal(mark, "\200\1\2\3", FLEET_RECORD_MARK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_no_control_characters),
		cmocka_unit_test(lines_are_utf8),
		cmocka_unit_test(words_and_names),
		cmocka_unit_test(calls_are_for_one_client),
		cmocka_unit_test(a_report_comes_back_as_it_was),
		cmocka_unit_test(other_lengths_are_refused),
		cmocka_unit_test(bounds_hold_in_both_directions),
		cmocka_unit_test(status_is_checked),
		cmocka_unit_test(conflicts_are_checked),
		cmocka_unit_test(previews_are_checked),
		cmocka_unit_test(messages_are_checked),
		cmocka_unit_test(terminals_get_harmless_text),
		cmocka_unit_test(replies_are_checked),
		cmocka_unit_test(records_arrive_in_pieces),
		cmocka_unit_test(long_records_are_refused),
		cmocka_unit_test(a_mark_is_what_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
