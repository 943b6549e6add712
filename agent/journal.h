/*
 * The journal of one transaction: what it is going to do, written before it begins, and afterwards
 * the record by which it can be undone (docs/reconcile.md, "state folder"). Two files:
 *
 *	journal              xenfarm-journal 1 FROM TO [undo]
 *	                     KIND PLACE NUMBER PATH      for each step
 *	entries.mtree.gz     a manifest: NUMBER.before and NUMBER.after of the steps
 *
 * KIND is create, replace, remove, meta, or inside, for what is created with the folder that holds
 * it; PLACE root or pending; FROM and TO are generations, undo is that of a rollback's own
 * record. The first fill of a client, which cannot be undone, does without inside.
 */
#ifndef AGENT_JOURNAL_H
#define AGENT_JOURNAL_H

#include "agent/step.h"
#include "lib/buf.h"

#define JOURNAL_BYTES_MAX (1u << 30)

/* NUMBER as text: of the step, and the name of its file in the transaction's folder. */
struct step_name {
	char text[16];
};
struct step_name step_name(size_t number);

struct journal {
	uint32_t from, to;
	bool undo;
	struct manifest *entries;
	char *text;         /* the steps' paths lie in it */
	struct steps steps; /* in order; step.op is its NUMBER, step.within 0 for inside */
};

/* Both files of the steps into dir, synced. Returns 0 or -errno. */
int journal_write(int dir, uint32_t from, uint32_t to, bool undo, const struct steps *steps);

/* Parse: no I/O. Takes text (n bytes, text[n] writeable) and entries over. 0, -EBADMSG or -ENOMEM.
 */
int journal_parse(char *text, size_t n, struct manifest *entries, struct journal *journal);

/* Both files from dir. 0; -ENOENT: there is none; -EBADMSG; or -errno. */
int journal_read(int dir, struct journal *journal);
void journal_free(struct journal *journal);

#endif
