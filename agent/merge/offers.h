/*
 * Offers: FILE.xennew beside FILE, from the first generation that differs until the administrator
 * has resolved the conflict (docs/reconcile.md, "offers").
 */
#ifndef AGENT_MERGE_OFFERS_H
#define AGENT_MERGE_OFFERS_H

#include "agent/merge/conflicts.h"
#include "agent/plan/outcome.h"
#include "agent/transaction/change.h"

#define OFFERS_BESIDE 1000 /* FILE.xennew.1 and so on, tried at most */

struct offers_input {
	struct outcome *outcome;        /* of the plan */
	const struct manifest *local;   /* holds the offers that lie beside their files, read */
	const struct manifest *pending; /* what STATE/pending holds; NULL: nothing */
	const struct manifest *new;
	const struct conflicts *old;
	uint32_t generation;
	int64_t now;
	/*
	 * A rollback: new is what it would put back, and may exist nowhere else. So its offers
	 * stand until the administrator removes them. Offers of generations that are undone are
	 * withdrawn, but listed if they were edited.
	 */
	bool undo;
};

/*
 * Append to changes what has to be written, replaced and withdrawn, and to next every offer that
 * stands or was dismissed. What turns out to be resolved is noted in the outcome. 0 or -errno.
 */
int offers_settle(
	const struct offers_input *input, struct changes *changes, struct conflicts *next);

/* Does a component of the path have the name of an offer: NAME.xennew or NAME.xennew.NUMBER? */
bool offers_is_offer(const char *path);

/* Is a change of this path one of an offer? All others are of ops of the plan. */
static inline bool offers_is_change(bool pending, const char *path)
{
	return pending || offers_is_offer(path);
}

/* Where an offer lies, from a record's place. */
static inline bool offer_is_pending(const char *place)
{
	return place[0] == '/';
}

/* The place of the number-th offer for path: beside it, or in pending, with a '/' before it. False
 * if it is too long. */
bool offer_place(const char *path, unsigned int number, bool aside,
	char place[static MANIFEST_PATH_MAX + 2]);

#endif
