#include "lib/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#define OPTIONS_MAX 128

enum { HELP = 'h', VERSION = 'V', LONG = 256 }; /* what getopt_long(3) returns: LONG + index */

static const char *program_name = "xenfarm";
static void (*message)(const char *text); /* the program's */

/* Nobody sees "too many levels" where a link is not followed. */
static const char *reason(int error)
{
	return error == -ELOOP ? "a symbolic link, which is not followed" : strerror(-error);
}

int cli_error(int error, const char *format, ...)
{
	AUTO_FREE char *sentence = NULL;
	AUTO_FREE char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&sentence, format, args) < 0)
		sentence = NULL;
	va_end(args);
	if (!sentence || asprintf(&text, "%s%s%s", sentence, error < 0 ? ": " : "",
				 error < 0 ? reason(error) : "") < 0)
		text = NULL;
	if (message)
		message(text ? text : format);
	fprintf(stderr, "%s: %s\n", program_name, text ? text : format);
	return error;
}

/* --- the tables --- */

/* The i-th option of all tables, or NULL. */
static const struct cli_option *option_at(const struct cli_program *p, size_t i)
{
	if (i < p->n_options)
		return &p->options[i];
	i -= p->n_options;
	for (const struct cli_table *const *t = p->more; t && *t; i -= (*t++)->n_options)
		if (i < (*t)->n_options)
			return &(*t)->options[i];
	return NULL;
}

static const struct cli_command *command_at(const struct cli_program *p, size_t i)
{
	if (i < p->n_commands)
		return &p->commands[i];
	i -= p->n_commands;
	for (const struct cli_table *const *t = p->more; t && *t; i -= (*t++)->n_commands)
		if (i < (*t)->n_commands)
			return &(*t)->commands[i];
	return NULL;
}

bool cli_in_list(const char *list, const char *name)
{
	size_t n = strlen(name), word;

	for (; list && *(list += strspn(list, " ")); list += word) {
		word = strcspn(list, " ");
		if (word == n && memcmp(list, name, n) == 0)
			return true;
	}
	return false;
}

static bool is_known(const struct cli_program *p, const char *name, size_t n)
{
	const struct cli_option *o;

	for (size_t i = 0; (o = option_at(p, i)) != NULL; i++)
		if (strlen(o->name) == n && memcmp(o->name, name, n) == 0)
			return true;
	return false;
}

static bool all_known(const struct cli_program *p, const char *list)
{
	size_t word;

	for (; list && *(list += strspn(list, " ")); list += word) {
		word = strcspn(list, " ");
		if (!is_known(p, list, word))
			return false;
	}
	return true;
}

const char *cli_check(const struct cli_program *p)
{
	const struct cli_option *a, *b;
	const struct cli_command *c;

	if (option_at(p, OPTIONS_MAX))
		return "there are too many options";
	for (size_t i = 0; (a = option_at(p, i)) != NULL; i++)
		for (size_t j = 0; (b = option_at(p, j)) != a; j++)
			if (strcmp(a->name, b->name) == 0 || (a->letter && a->letter == b->letter))
				return "an option occurs twice";
	for (size_t i = 0; (c = command_at(p, i)) != NULL; i++)
		if (!all_known(p, c->options) || !all_known(p, c->required))
			return "a command takes an option that is not in the tables";
	return NULL;
}

/* --- help --- */

static void print_option(const struct cli_option *o)
{
	char left[64], letter[8] = "    ";

	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	snprintf(left, sizeof(left), "--%s%s%s", o->name, o->argument ? " " : "",
		o->argument ? o->argument : "");
	printf("  %s%-24s %s\n", letter, left, o->help);
}

static void print_usage(FILE *to, const struct cli_program *p, const struct cli_command *c)
{
	fprintf(to, "usage: %s %s [OPTION...]%s%s\n", p->name, c->name, *c->arguments ? " " : "",
		c->arguments);
}

static int print_version(const struct cli_program *p)
{
	printf("%s %s\n", p->name, p->version);
	return EXIT_SUCCESS;
}

static int print_command_help(const struct cli_program *p, const struct cli_command *c)
{
	const struct cli_option *o;

	print_usage(stdout, p, c);
	printf("%s\n\n", c->help);
	if (c->examples)
		printf("%s\n", c->examples);
	for (size_t i = 0; (o = option_at(p, i)) != NULL; i++)
		if (cli_in_list(c->options, o->name))
			print_option(o);
	puts("  -h, --help                   this text");
	return EXIT_SUCCESS;
}

/* Those of one group, or all: group is NULL. */
static void print_commands(FILE *to, const struct cli_program *p, const char *group)
{
	size_t n = group ? strlen(group) : 0;
	const struct cli_command *c;

	fprintf(to, "usage: %s %s%sCOMMAND [OPTION...] [ARGUMENT...]\n%s%s\n", p->name,
		group ? group : "", group ? " " : "", group ? "" : p->synopsis, group ? "" : "\n");
	for (size_t i = 0; (c = command_at(p, i)) != NULL; i++)
		if (n == 0 || (strncmp(c->name, group, n) == 0 && c->name[n] == ' '))
			fprintf(to, "  %-18s %s\n", c->name, c->help);
	fprintf(to, "\n`%s COMMAND --help` has a command's options and examples.\n%s", p->name,
		group ? "" : p->footer);
}

/* --- parsing --- */

struct parse {
	const struct cli_program *program;
	const struct cli_command *command; /* NULL: not found, or not yet */
	void *options;
	struct option longs[OPTIONS_MAX + 3];
	char shorts[2 * OPTIONS_MAX + 8];
	bool given[OPTIONS_MAX], help, version;
};

/* shorts begins with "+:": stop at the first argument, and tell a missing value from the rest. */
static void make_tables(struct parse *s)
{
	char *to = stpcpy(s->shorts, "+:hV");
	const struct cli_option *o;
	size_t n = 0;

	for (; n < OPTIONS_MAX && (o = option_at(s->program, n)) != NULL; n++) {
		s->longs[n] = (struct option){ o->name, o->argument != NULL, NULL, LONG + (int)n };
		if (!o->letter)
			continue;
		*to++ = o->letter;
		if (o->argument)
			*to++ = ':';
	}
	*to = '\0';
	s->longs[n++] = (struct option){ "help", no_argument, NULL, HELP };
	s->longs[n++] = (struct option){ "version", no_argument, NULL, VERSION };
	s->longs[n] = (struct option){ 0 };
}

static size_t index_of(const struct cli_program *p, int c)
{
	size_t i = 0;

	if (c >= LONG)
		return (size_t)c - LONG;
	while (option_at(p, i)->letter != (char)c)
		i++;
	return i;
}

static int refuse(const struct parse *s, const char *what, const char *which)
{
	cli_error(0, "%s%s; see %s --help", what, which, s->program->name);
	return EXIT_USAGE;
}

/* The word that getopt_long(3) did not like. */
static int refuse_word(const struct parse *s, int c, char **argv)
{
	char letter[] = { '-', (char)optopt, '\0' };
	const char *word = argv[optind - 1];
	bool is_long = strncmp(word, "--", 2) == 0;

	return refuse(s, c == ':' ? "a value is missing after " : "unknown option: ",
		is_long || !optopt || optopt >= LONG ? word : letter);
}

/*
 * The word of a long option, if its name is not written out, or NULL. getopt_long(3) takes the
 * beginning of a name, too, if no other begins like that: a new option could then change what a
 * script means.
 */
static const char *abbreviation(const struct option *o, char **argv)
{
	bool value_follows = optarg && optarg == argv[optind - 1];
	const char *word = argv[optind - (value_follows ? 2 : 1)];

	return strcspn(word, "=") == strlen("--") + strlen(o->name) ? NULL : word;
}

static int take(struct parse *s, int c)
{
	size_t i = index_of(s->program, c);
	const struct cli_option *o = option_at(s->program, i);
	const char *wrong = o->set((char *)s->options + o->offset, optarg);

	s->given[i] = true;
	if (!wrong)
		return 0;
	if (optarg)
		cli_error(0, "--%s: \"%s\" %s", o->name, optarg, wrong);
	else
		cli_error(0, "--%s %s", o->name, wrong);
	return EXIT_USAGE;
}

/* Options up to the first argument (shorts), or all (shorts + 1). 0 or EXIT_USAGE, with a message.
 */
static int take_options(struct parse *s, int argc, char **argv, const char *shorts)
{
	const char *word;
	int c, at = -1, status = 0;

	while (status == 0 && (c = getopt_long(argc, argv, shorts, s->longs, &at)) != -1) {
		if (c == '?' || c == ':')
			status = refuse_word(s, c, argv);
		else if (at >= 0 && (word = abbreviation(&s->longs[at], argv)) != NULL)
			status = refuse(s, "unknown option: ", word);
		else if (c == HELP)
			s->help = true;
		else if (c == VERSION)
			s->version = true;
		else
			status = take(s, c);
		at = -1; /* getopt_long(3) sets it for a long option only */
	}
	return status;
}

/* The command that the words begin with, and how many of them are its name; NULL: none. */
static const struct cli_command *find_command(const struct cli_program *p, char **words, int *n)
{
	const struct cli_command *c;

	for (size_t i = 0; (c = command_at(p, i)) != NULL; i++) {
		const char *name = c->name, *blank = strchr(name, ' ');
		size_t first = blank ? (size_t)(blank - name) : strlen(name);

		if (strlen(words[0]) != first || memcmp(words[0], name, first) != 0)
			continue;
		if (blank && (!words[1] || strcmp(words[1], blank + 1) != 0))
			continue;
		*n = blank ? 2 : 1;
		return c;
	}
	return NULL;
}

static bool is_group(const struct cli_program *p, const char *word)
{
	const struct cli_command *c;
	size_t n = strlen(word);

	for (size_t i = 0; (c = command_at(p, i)) != NULL; i++)
		if (strncmp(c->name, word, n) == 0 && c->name[n] == ' ')
			return true;
	return false;
}

/* No command: the list of them where it was asked for, or where nothing else was said. */
static int without_command(struct parse *s, char **words)
{
	const struct cli_program *p = s->program;
	const char *group = words[0] && is_group(p, words[0]) ? words[0] : NULL;
	const char *word = group ? words[1] : words[0];

	if (word && (!strcmp(word, "--help") || !strcmp(word, "-h")))
		s->help = true;
	if (s->help) {
		print_commands(stdout, p, group);
		return EXIT_SUCCESS;
	}
	if (s->version)
		return print_version(p);
	if (!word) {
		cli_error(0, "%s%sno command", group ? group : "", group ? ": " : "");
		print_commands(stderr, p, group);
		return EXIT_USAGE;
	}
	cli_error(0, "%s%s%s: no such command; see %s --help", group ? group : "", group ? " " : "",
		word, p->name);
	return EXIT_USAGE;
}

static int check_options(const struct parse *s, const struct cli_command *c)
{
	const struct cli_program *p = s->program;
	const struct cli_option *o;

	for (size_t i = 0; (o = option_at(p, i)) != NULL; i++) {
		const char *name = o->name;

		if (s->given[i] && !cli_in_list(c->options, name)) {
			cli_error(0, "%s does not take --%s; see %s %s --help", c->name, name,
				p->name, c->name);
			return EXIT_USAGE;
		}
		if (!s->given[i] && cli_in_list(c->required, name)) {
			cli_error(0, "%s: --%s is required", c->name, name);
			return EXIT_USAGE;
		}
	}
	return 0;
}

static int check_arguments(const struct parse *s, const struct cli_command *c, int n)
{
	if (n >= c->least && (c->most < 0 || n <= c->most))
		return 0;
	cli_error(0, "%s: too %s arguments", c->name, n < c->least ? "few" : "many");
	print_usage(stderr, s->program, c);
	return EXIT_USAGE;
}

/* A full disk or a closed pipe must not look like success. */
static int finish(int status, int write_error)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	cli_error(-errno, "cannot write to standard output");
	return status ? status : write_error;
}

/* The command's name was found in argv[0]; its options and arguments follow. */
static int run_command(struct parse *s, int argc, char **argv,
	int (*begin)(const struct cli_command *command, void *options))
{
	const struct cli_command *c = s->command;
	int status;

	optind = 0;
	status = take_options(s, argc, argv, c->verbatim ? s->shorts : s->shorts + 1);
	if (status == 0 && s->help)
		return print_command_help(s->program, c);
	if (status == 0 && s->version)
		return print_version(s->program);
	status = status ? status : check_options(s, c);
	status = status ? status : check_arguments(s, c, argc - optind);
	if (status == 0 && begin)
		status = begin(c, s->options);
	return status ? status : c->run(s->options, argv + optind);
}

static int run(struct parse *s, int argc, char **argv,
	int (*begin)(const struct cli_command *command, void *options))
{
	int words, status = take_options(s, argc, argv, s->shorts);

	if (status)
		return status;
	s->command = argv[optind] ? find_command(s->program, argv + optind, &words) : NULL;
	if (!s->command)
		return without_command(s, argv + optind);
	words += optind - 1;
	return run_command(s, argc - words, argv + words, begin);
}

int cli_run(const struct cli_program *p, int argc, char **argv, void *options,
	int (*begin)(const struct cli_command *command, void *options), int write_error)
{
	struct parse s = { .program = p, .options = options };
	const char *wrong = cli_check(p);
	int status;

	program_name = p->name;
	message = p->message;
	if (wrong) {
		cli_error(0, "internal error: %s", wrong);
		return write_error;
	}
	opterr = 0;
	optind = 0;
	make_tables(&s);
	status = run(&s, argc, argv, begin);
	if (p->end && (status || !(s.help || s.version)))
		p->end(s.command ? s.command->name : NULL, status);
	return finish(status, write_error);
}
