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
#ifndef AGENT_ROWS_H
#define AGENT_ROWS_H

#include <stdbool.h>

#include "lib/buf.h"

#define ROWS_BYTES_MAX (16u << 20) /* of one file */

/* In this order, as later ones depend on earlier ones. */
enum rows_kind {
	ROWS_GROUP,
	ROWS_PASSWD,
	ROWS_SHADOW,
	ROWS_GSHADOW,
	ROWS_SUBUID,
	ROWS_SUBGID,
	ROWS_KINDS
};

/* "etc/passwd", … */
const char *rows_path(enum rows_kind kind);
bool rows_is_account_file(const char *path);

struct rows_text {
	const char *text; /* NULL: there is no such file */
	size_t n;
};

struct rows_input {
	struct rows_text base[ROWS_KINDS], local[ROWS_KINDS], new[ROWS_KINDS];
	/* Called for each row that is left out or stays as it is here, with a sentence. */
	void (*clash)(enum rows_kind kind, const char *sentence, void *arg);
	void *arg;
};

/*
 * Merge into merged[kind], for each file that local and new have; where nothing changed it is
 * local's text. Returns 0 or -ENOMEM.
 */
int rows_merge(const struct rows_input *input, struct buf merged[static ROWS_KINDS]);

/*
 * The way back: base is what a run put in place, new what it replaced, so that what it added goes
 * and what it changed is changed back, entry by entry and field by field, where local is as base. A
 * user of which something was changed since stays whole, and so does the group of a user who stays.
 * Without base's text a file stays as it is. Returns 0 or -ENOMEM.
 */
int rows_undo(const struct rows_input *input, struct buf merged[static ROWS_KINDS]);

#endif
