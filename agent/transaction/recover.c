/* A transaction after a kill: finished, or discarded. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "agent/run/state.h"
#include "agent/transaction/transaction.h"
#include "lib/fsroot.h"

int transaction_discard(struct transaction *t)
{
	for (size_t i = 0; i < t->journal.volumes.n; i++)
		if (!t->journal.volumes.volume[i].state)
			volume_remove(&t->journal.volumes.volume[i], t->root, 0);
	/* The mark goes first: without it, what is left counts as not begun. */
	if (unlinkat(t->state, TRANSACTION_DIR "/staged", 0) < 0 && errno != ENOENT)
		return -errno;
	return fsroot_remove(t->state, TRANSACTION_DIR);
}

bool transaction_is_unfinished(int state)
{
	return state >= 0 && faccessat(state, TRANSACTION_DIR "/staged", F_OK, 0) == 0;
}

int transaction_recover(int root, int state, struct transaction *t)
{
	int r;

	*t = (struct transaction){
		.root = root, .state = state, .recovers = true, .dir = -1, .pending = -1
	};
	/* Its parts on other volumes are removed when something is staged there again. */
	if (!transaction_is_unfinished(state))
		return transaction_discard(t);
	r = transaction_open(t);
	r = r < 0 ? r : journal_read(t->dir, &t->journal);
	if (r < 0)
		return transaction_failed(t, NULL, "the journal cannot be read", r);
	for (size_t i = 0; i < t->journal.volumes.n; i++)
		if (!t->journal.volumes.volume[i].state)
			volume_open(&t->journal.volumes.volume[i], root);
	state_sweep(t->dir);
	r = transaction_commit(t);
	return r < 0 ? r : 1;
}
