/*
 * xfnet(1): what its commands share. Internal.
 */
#ifndef KERNEL_CMDLINE_TOOL_H
#define KERNEL_CMDLINE_TOOL_H

#include "kernel-cmdline/xfnet.h"
#include "lib/cli.h"

#include <stdio.h>

#define TEXT_BYTES_MAX 65536 /* of a text to look at; Linux has 2048 or 4096 */

/* The parts of a command line that compose puts together: the fields of xfnet=, then words. */
enum part {
	PART_CLIENT,
	PART_PREFIX,
	PART_SERVER,
	PART_GATEWAY,
	PART_BROADCAST,
	PART_INTERFACE,
	PART_WORDS, /* the first that is a word of its own */
	PART_MTU = PART_WORDS,
	PART_VLAN,
	PART_SHARE,
	PART_GEN,
	PART_NAME,
	PART_AGENT,
	PART_TIMEOUT,
	PART_FAIL,
	PART_DEBUG,
	PART_ROOT,
	PART_ROOTFSTYPE,
	PART_ROOTFLAGS,
	PART_INIT,
	PARTS
};

/* What the options say. */
struct settings {
	const char *cmdline;
	bool json, sh;
	const char *part[PARTS]; /* NULL: not given */
};

/* The commands, see lib/cli.h; options is a struct settings. They return the exit status. */
int command_check(void *options, char **arguments);
int command_explain(void *options, char **arguments);
int command_compose(void *options, char **arguments);

/* --server may be given several times: all of them, in order. */
value_set_fn set_servers;

/*
 * Join arguments by spaces, as the shell took them apart. Returns the length, or -E2BIG after
 * saying so.
 */
int join_words(char *const *words, char text[static TEXT_BYTES_MAX]);

/*
 * Parse a command line, or the bare value of xfnet= (a text without '=' and white space), and say
 * on standard error what is wrong with it. Returns 0, or -EINVAL: also where there is no xfnet=.
 */
int read_text(const char *text, size_t length, struct xf_cmdline *cmdline);

/* Write text with all that could act on a terminal as \xNN. */
void show_text(FILE *to, const char *text, size_t length);

/* Write problems, each with the text and a caret under the place. */
void show_problems(FILE *to, const char *text, size_t length, const struct xf_problems *problems);

/* How the prefix came about: "follows from broadcast 10.0.0.255; /25 and /24 fit too". */
void prefix_origin(const struct xfnet *net, char *to, size_t size);

enum fact_kind { FACT_TEXT, FACT_NUMBER, FACT_BOOL, FACT_LIST };

/* One thing that a command line says, ready to be printed in any format. */
struct fact {
	const char *key;
	enum fact_kind kind;
	char value[XF_WORD_MAX]; /* empty: unset; a list is separated by spaces, a BOOL is 0 or 1 */
	char note[96];           /* for people */
};

#define FACTS_MAX 32

struct facts {
	unsigned int n;
	struct fact fact[FACTS_MAX];
};

void facts_of(const struct xf_cmdline *cmdline, struct facts *facts);

#endif
