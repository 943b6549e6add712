/*
 * Which paths are reconciled how (docs/xf-policy.5). A parser without I/O.
 *
 *	# comment
 *	merge  etc/ssh/sshd_config
 *	ignore var/log/
 *	auto   var/log/ **       (without the space)
 *
 * A glob is matched against whole paths without a leading slash: '*', '?' and '[…]' stop at '/',
 * "**" does not. It covers a path that it matches and all below it; one that ends in '/' matches
 * directories only, and covers nothing below. Of several rules the last one that matches wins.
 */
#ifndef AGENT_PLAN_POLICY_H
#define AGENT_PLAN_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#define POLICY_RULES_MAX 4096
#define POLICY_BYTES_MAX (1u << 20) /* of one file */

enum policy {
	POLICY_AUTO,    /* the decision table */
	POLICY_KEEP,    /* what the administrator changed or deleted stays, without an offer */
	POLICY_REPLACE, /* as the master has it; what was there goes to the trash */
	POLICY_MERGE,   /* both changed: a clean three-way merge of the lines is applied */
	POLICY_HOLD,    /* nothing changes here, not even what is as the master had it */
	POLICY_IGNORE,  /* not looked at */
};

struct policies;

/* A set without a rule, which means auto for all; NULL without memory. */
struct policies *policies_new(void);
void policies_free(struct policies *policies);

/*
 * Append the rules of a file's text. Returns 0; -ENOMEM; or -EINVAL with *line (from 1) and *what
 * (static text) set, and no rule of this text added.
 */
int policies_add(struct policies *policies, const char *text, size_t n, unsigned int *line,
	const char **what);

/* What belongs to a machine and not to the farm: databases, logs, keys, identities. */
int policies_add_defaults(struct policies *policies);

enum policy policies_find(const struct policies *policies, const char *path, bool directory);

/* The word of the format. */
const char *policy_name(enum policy policy);

#endif
