/*
 * Account files by rows: passwd(5), group(5), shadow(5), gshadow(5), subuid(5), subgid(5). A pure
 * function over their texts.
 *
 * Missing system rows (numbers below 1000, and 65534) are added, their passwords locked. Of a row
 * that is there each field is three-way: what the master changed and the administrator did not is
 * taken; member lists are merged name by name. Passwords and numbers that are there always stay. A
 * row that the administrator removed stays removed, and one that the master removed stays. A row
 * whose number belongs to another name here is a clash: reported, and left out.
 */
#ifndef AGENT_MERGE_ACCOUNT_ENTRIES_H
#define AGENT_MERGE_ACCOUNT_ENTRIES_H

#include <stdbool.h>

#include "lib/buf.h"

#define ACCOUNT_BYTES_MAX (16u << 20) /* of one file */

/* In this order, as later ones depend on earlier ones. */
enum account_file {
	ACCOUNT_GROUP,
	ACCOUNT_PASSWD,
	ACCOUNT_SHADOW,
	ACCOUNT_GSHADOW,
	ACCOUNT_SUBUID,
	ACCOUNT_SUBGID,
	ACCOUNT_FILES
};

/* "etc/passwd", … */
const char *account_file_path(enum account_file kind);
bool account_file_is(const char *path);

struct account_text {
	const char *text; /* NULL: there is no such file */
	size_t n;
};

struct account_input {
	struct account_text base[ACCOUNT_FILES], local[ACCOUNT_FILES], new[ACCOUNT_FILES];
	/* Called for each row that is left out or stays as it is here, with a sentence. */
	void (*clash)(enum account_file kind, const char *sentence, void *arg);
	void *arg;
};

/*
 * Merge into merged[kind], for each file that local and new have; where nothing changed it is
 * local's text. Returns 0 or -ENOMEM.
 */
int account_entries_merge(
	const struct account_input *input, struct buf merged[static ACCOUNT_FILES]);

/*
 * The way back: base is what a run put in place, new what it replaced, so that what it added goes
 * and what it changed is changed back, entry by entry and field by field, where local is as base. A
 * user of which something was changed since stays whole, and so does the group of a user who stays.
 * Without base's text a file stays as it is. Returns 0 or -ENOMEM.
 */
int account_entries_undo(
	const struct account_input *input, struct buf merged[static ACCOUNT_FILES]);

#endif
