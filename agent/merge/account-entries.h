/*
 * Account files entry by entry: passwd(5), group(5), shadow(5), gshadow(5), subuid(5), subgid(5). A
 * pure function over their texts.
 *
 * Missing system entries (numbers below 1000, and 65534) are added, with locked passwords. In an
 * entry that exists each field is decided three-way: what the master changed and the administrator
 * did not is taken; member lists are merged name by name. Passwords and numbers that exist always
 * stay. An entry that the administrator removed stays removed, and one that the master removed
 * stays. An entry whose number belongs to another name here is a clash: reported, and left out.
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
	const char *text; /* NULL: the file does not exist */
	size_t n;
};

struct account_input {
	struct account_text base[ACCOUNT_FILES], local[ACCOUNT_FILES], new[ACCOUNT_FILES];
	/* Called with a sentence for each entry that is left out, or stays as it is here. */
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
 * For a rollback: base is what a run put in place, new what it replaced. Entries that the run added
 * are removed, and fields that it changed are changed back, if local is still as base has it. A
 * user of which anything was changed since is kept whole, and so is the group of a user who is
 * kept. Without the text of base a file stays as it is. Returns 0 or -ENOMEM.
 */
int account_entries_undo(
	const struct account_input *input, struct buf merged[static ACCOUNT_FILES]);

#endif
