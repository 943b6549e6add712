/*
 * A parsed command line as a list of facts: one list for the table, for JSON and for the shell.
 */
#ifndef KERNEL_CMDLINE_TOOL_FACTS_H
#define KERNEL_CMDLINE_TOOL_FACTS_H

#include "kernel-cmdline/xfnet.h"

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

void facts_make(const struct xf_cmdline *cmdline, struct facts *facts);

#endif
