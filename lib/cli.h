/*
 * The command line of a program: a table of its options, a table of its commands, one parser for
 * both, --help that is made from them, and the program's messages.
 *
 *	PROGRAM [OPTION...] COMMAND [OPTION...] [ARGUMENT...]
 *
 * as GNU getopt_long(3) has it: options may stand anywhere, "--" ends them, the last of two wins.
 * But the name of an option has to be whole, and one that a command does not take is an error, like
 * one that no command has.
 */
#ifndef LIB_CLI_H
#define LIB_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/exit.h"
#include "lib/value.h"

struct cli_option {
	const char *name;            /* without dashes */
	char letter;                 /* its short form, or 0 */
	const char *argument, *help; /* argument: what --help calls the value; NULL: a flag */
	value_set_fn *set;
	size_t offset; /* of its place in the program's options */
};

/* Lists of options are names with a blank between them: "share key json". */
struct cli_command {
	const char *name; /* one word, or a group's and its own: "share publish" */
	/* Returns the exit status. NULL ends the arguments. */
	int (*run)(void *options, char **arguments);
	const char *options;   /* that it takes, besides help and version */
	const char *required;  /* options that it cannot do without, or NULL */
	const char *arguments; /* as --help shows them, "" if there are none */
	int least, most;       /* how many of them; most < 0: any number */
	const char *help;      /* one line, without a full stop */
	const char *examples;  /* lines that --help begins with, or NULL */
	bool verbatim;         /* what follows the first argument is an argument, too */
};

/* More options and commands: of a group, say, in a file of its own. Commands may take the options
 * of all tables. */
struct cli_table {
	const struct cli_option *options;
	size_t n_options;
	const struct cli_command *commands;
	size_t n_commands;
};

struct cli_program {
	const char *name, *version;
	const char *synopsis; /* of the program as a whole, one line */
	const struct cli_option *options;
	size_t n_options;
	const struct cli_command *commands;
	size_t n_commands;
	const struct cli_table *const *more; /* follow these; NULL ends them; or NULL: none */
	const char *footer;                  /* of --help: exit status, where to read more */

	/*
	 * For a program that draws progress, or puts all of a run into one document; each may be
	 * NULL. message is called with the text of each of cli_error()'s, without the program's
	 * name, just before it is printed; end before standard output is flushed, with the
	 * command's name (NULL: none was found) and the exit status, but not after --help or
	 * --version.
	 */
	void (*message)(const char *text);
	void (*end)(const char *command, int status);
};

/*
 * Parse argv into options, which holds the defaults before, and run the command. Returns its exit
 * status; 0 after --help or --version; EXIT_USAGE after a message that says what is wrong. What the
 * command printed is flushed: if that fails, the status is not 0 (write_error in its place, as it
 * is if cli_check() finds a mistake in the tables). begin, if not NULL, is called with the options
 * before the command; its status ends the run if it is not 0.
 */
int cli_run(const struct cli_program *program, int argc, char **argv, void *options,
	int (*begin)(const struct cli_command *command, void *options), int write_error);

/*
 * "NAME: MESSAGE" on standard error, followed by the text of the errno -error if error is negative.
 * NAME is the program's, once cli_run() was called. Returns error, for `return cli_error(-errno,
 * …)`; or `return -cli_error(EBUSY, …)` where the message says all.
 */
__attribute__((format(printf, 2, 3))) int cli_error(int error, const char *format, ...);

/* --- parts, here to be tested --- */

/* Is name one of the words of list, which may be NULL? */
bool cli_in_list(const char *list, const char *name);

/* What contradicts itself in the tables (static text), or NULL: an option that no table has, a name
 * or letter that occurs twice. cli_run() looks first of all, so that any run finds it. */
const char *cli_check(const struct cli_program *program);

#endif
