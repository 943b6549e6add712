/* The command line: what is taken, what is refused, and what --help says, by a small program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cli.h"

struct settings {
	bool json, again;
	const char *root, *tool;
	uint32_t keep;
};

static struct settings seen;
static const char *ran;
static char words[256];

static int note(const char *name, void *options, char **arguments)
{
	seen = *(struct settings *)options;
	ran = name;
	words[0] = '\0';
	for (int i = 0; arguments[i]; i++)
		snprintf(
			words + strlen(words), sizeof(words) - strlen(words), "[%s]", arguments[i]);
	return 7;
}

#define COMMAND(name)                                    \
	static int name(void *options, char **arguments) \
	{                                                \
		return note(#name, options, arguments);  \
	}
COMMAND(status)
COMMAND(check)
COMMAND(share_list)
COMMAND(share_gc)

/* The second halves are in a table of their own. */
static const struct cli_option options[] = {
	{ "root", 'r', "DIR", "the root", value_text, offsetof(struct settings, root) },
	{ "tool", 0, "PROGRAM", "merge with it", value_text, offsetof(struct settings, tool) },
};
static const struct cli_option more_options[] = {
	{ "keep", 'k', "N", "leave N", value_number, offsetof(struct settings, keep) },
	{ "json", 'j', NULL, "print JSON", value_flag, offsetof(struct settings, json) },
	{ "again", 0, NULL, "once more", value_flag, offsetof(struct settings, again) },
};
static const struct cli_command commands[] = {
	{ "status", status, "root json", NULL, "", 0, 0, "what is there", "  p status\n", false },
	{ "check", check, "json", NULL, "TEXT...", 1, -1, "look at a text", NULL, true },
};
static const struct cli_command more_commands[] = {
	{ "share list", share_list, "root json", NULL, "[N]", 0, 1, "which there are", NULL,
		false },
	{ "share gc", share_gc, "keep json", "keep", "[N...]", 0, -1, "remove some", NULL, false },
};
static const struct cli_table more = { more_options, 3, more_commands, 2 };
static const struct cli_table *const tables[] = { &more, NULL };
static struct cli_program program = { "p", "1.2", "a program to be tested", options, 2, commands, 2,
	tables, "Exit status: 7.\n", NULL, NULL };

static int run_begin(const char *line, int (*begin)(const struct cli_command *, void *))
{
	static char text[256];
	char *argv[32] = { NULL };
	struct settings settings = { .root = "/" };
	int argc = 0;

	snprintf(text, sizeof(text), "%s", line);
	for (char *rest = text, *word; (word = strsep(&rest, " "));)
		argv[argc++] = word;
	ran = NULL;
	return cli_run(&program, argc, argv, &settings, begin, 9);
}

static int run(const char *line)
{
	return run_begin(line, NULL);
}

static void takes_options_anywhere(void **state)
{
	(void)state;
	assert_int_equal(run("p status --json --root x"), 7);
	assert_string_equal(ran, "status");
	assert_true(seen.json && strcmp(seen.root, "x") == 0);
	assert_int_equal(run("p -r y --json status"), 7);
	assert_true(seen.json && strcmp(seen.root, "y") == 0);
	assert_int_equal(run("p share list 4 -j"), 7);
	assert_string_equal(ran, "share_list");
	assert_string_equal(words, "[4]");
	assert_true(seen.json && strcmp(seen.root, "/") == 0);
	assert_int_equal(run("p share gc --keep 5 -- -j 2"), 7);
	assert_string_equal(words, "[-j][2]");
	assert_int_equal(seen.keep, 5);
	assert_false(seen.json);
	assert_int_equal(run("p status -jr --ro"), 7);
	assert_string_equal(seen.root, "--ro");
	assert_int_equal(run("p status --root --ro"), 7);
	assert_string_equal(seen.root, "--ro");
	assert_int_equal(run("p status --root a --root b"), 7);
	assert_string_equal(seen.root, "b");
}

static void leaves_a_text_alone(void **state)
{
	(void)state;
	assert_int_equal(run("p check -j a -j --root"), 7);
	assert_string_equal(words, "[a][-j][--root]");
	assert_true(seen.json);
}

static void refuses(void **state)
{
	static const char *const lines[] = { "p", "p share", "p stat", "p share lists",
		"p status --again", "p --again status", "p share list --keep 3", "p share gc",
		"p status more", "p check", "p status --root", "p status -r", "p status --nonsense",
		"p status -x", "p --nonsense", "p share gc --keep 0", "p share gc --keep 1x",
		"p share gc --keep 4294967296", "p share gc --keep", "p share list 1 2", "p list",
		"p status --json=1", "p status --ro x", "p status --ro=x", "p status --js",
		"p --js status", "p --hel", "p status --vers" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		int status = run(lines[i]);

		if (status != EXIT_USAGE || ran)
			fail_msg("%s: %d", lines[i], status);
	}
	assert_int_equal(run("p share gc --keep 4294967295"), 7);
	assert_int_equal(seen.keep, UINT32_MAX);
}

/* What line prints, on standard output or error. */
static const char *printed(int fd, const char *line, int expected)
{
	static char text[4096];
	FILE *file = tmpfile();
	int kept = dup(fd);
	size_t n;

	fflush(NULL);
	dup2(fileno(file), fd);
	assert_int_equal(run(line), expected);
	fflush(NULL);
	dup2(kept, fd);
	close(kept);
	rewind(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	return text;
}

static void helps(void **state)
{
	static const char *const all[] = { "p --help", "p -h", "p --help status" };
	const char *text;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		text = printed(1, all[i], 0);
		assert_non_null(strstr(text, "  share gc           remove some\n"));
		assert_non_null(strstr(text, "Exit status: 7."));
	}
	text = printed(1, "p share --help", 0);
	assert_non_null(strstr(text, "share list"));
	assert_null(strstr(text, "status"));
	text = printed(1, "p status --help", 0);
	assert_string_equal(text, "usage: p status [OPTION...]\nwhat is there\n\n  p status\n\n"
				  "  -r, --root DIR               the root\n"
				  "  -j, --json                   print JSON\n"
				  "  -h, --help                   this text\n");
	assert_string_equal(printed(1, "p --help status", 0), printed(1, "p status -h", 0));
	assert_string_equal(printed(1, "p --version", 0), "p 1.2\n");
	assert_string_equal(printed(1, "p status -V", 0), "p 1.2\n");
}

static char told[256];

static void note_message(const char *text)
{
	size_t n = strlen(told);

	snprintf(told + n, sizeof(told) - n, "%s;", text);
}

static void note_end(const char *command, int status)
{
	size_t n = strlen(told);

	snprintf(told + n, sizeof(told) - n, "%s %d", command ? command : "-", status);
}

/* All that a document needs: the command, what was said, and what it came to. */
static void tells_of_the_run(void **state)
{
	static const char *const cases[][2] = {
		{ "p status", "status 7" },
		{ "p share list", "share list 7" },
		{ "p", "no command;- 2" },
		{ "p share", "share: no command;- 2" },
		{ "p --nonsense status", "unknown option: --nonsense; see p --help;- 2" },
		{ "p status --root", "a value is missing after --root; see p --help;status 2" },
		{ "p status more", "status: too many arguments;status 2" },
		{ "p --help", "" },
		{ "p share -h", "" },
		{ "p status --version", "" },
	};

	(void)state;
	program.message = note_message;
	program.end = note_end;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		told[0] = '\0';
		run(cases[i][0]);
		assert_string_equal(told, cases[i][1]);
	}
	program.message = NULL;
	program.end = NULL;
}

static void says_what_is_wrong(void **state)
{
	static const char *const cases[][2] = {
		{ "p status --again", "p: status does not take --again; see p status --help\n" },
		{ "p status --root", "p: a value is missing after --root; see p --help\n" },
		{ "p share gc -k", "p: a value is missing after -k; see p --help\n" },
		{ "p status -x", "p: unknown option: -x; see p --help\n" },
		{ "p status --yes", "p: unknown option: --yes; see p --help\n" },
		{ "p status --ro --json", "p: unknown option: --ro; see p --help\n" },
		{ "p share list 1 --js 2", "p: unknown option: --js; see p --help\n" },
		{ "p share frob", "p: share frob: no such command; see p --help\n" },
		{ "p share gc", "p: share gc: --keep is required\n" },
		{ "p share gc -k 0", "p: --keep: \"0\" is not a number from 1\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(printed(2, cases[i][0], EXIT_USAGE), cases[i][1]);
}

static void says_why(void **state)
{
	(void)state;
	program.message = note_message;
	run("p status");
	told[0] = '\0';
	assert_int_equal(cli_error(-ENOENT, "%s/f", "dir"), -ENOENT);
	assert_int_equal(cli_error(3, "no number"), 3);
	assert_int_equal(cli_error(-ELOOP, "a"), -ELOOP);
	assert_string_equal(told, "dir/f: No such file or directory;no number;"
				  "a: a symbolic link, which is not followed;");
	program.message = NULL;
}

static void end_line(const char *text)
{
	fprintf(stderr, "[%s]\n", text);
}

static void tells_the_program_first(void **state)
{
	(void)state;
	program.message = end_line;
	assert_string_equal(printed(2, "p share gc", EXIT_USAGE),
		"[share gc: --keep is required]\np: share gc: --keep is required\n");
	program.message = NULL;
}

static int stop(const struct cli_command *command, void *o)
{
	(void)o;
	return strcmp(command->name, "status") == 0 ? 20 : 0;
}

static void begins(void **state)
{
	(void)state;
	assert_int_equal(run_begin("p status", stop), 20);
	assert_null(ran);
	assert_int_equal(run_begin("p share list", stop), 7);
}

/* What cannot be written is no success, and does not hide a failure. */
static void notices_a_full_disk(void **state)
{
	int kept = dup(1);
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (!full)
		skip();
	fflush(stdout);
	dup2(fileno(full), 1);
	assert_int_equal(run("p --help"), 9);
	clearerr(stdout);
	dup2(kept, 1);
	close(kept);
	fclose(full);
}

static void checks_tables(void **state)
{
	struct cli_option twice[2];
	struct cli_command odd[1] = { commands[0] };
	struct cli_program p = program, right = program;

	(void)state;
	assert_null(cli_check(&program));
	assert_true(cli_in_list("root json", "json") && cli_in_list("root", "root"));
	assert_false(cli_in_list("jsonx root", "json") || cli_in_list(NULL, "json"));
	memcpy(twice, options, sizeof(twice));
	twice[1].letter = 'j'; /* as --json */
	p.options = twice;
	assert_non_null(cli_check(&p));
	p = program;
	odd[0].options = "root jso";
	p.commands = odd;
	p.n_commands = 1;
	assert_non_null(cli_check(&p));
	program = p;
	assert_string_equal(printed(2, "p status", 9),
		"p: internal error: a command takes an option that is not in the "
		"tables\n");
	assert_null(ran);
	program = right;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_options_anywhere),
		cmocka_unit_test(leaves_a_text_alone),
		cmocka_unit_test(refuses),
		cmocka_unit_test(helps),
		cmocka_unit_test(tells_of_the_run),
		cmocka_unit_test(says_why),
		cmocka_unit_test(tells_the_program_first),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(begins),
		cmocka_unit_test(notices_a_full_disk),
		cmocka_unit_test(checks_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
