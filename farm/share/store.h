/* A share on the server's disk (xenfarm-share(5)). What fails here says so itself. */
#ifndef FARM_STORE_H
#define FARM_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/layout.h"
#include "lib/manifest/manifest.h"

struct share_store {
	char *path; /* absolute */
	int dir;
	int lock;         /* held if >= 0 */
	uint32_t pending; /* with the lock: a flip to this generation was interrupted; or 0 */
	uint32_t current; /* 0: nothing was published yet */
	char uuid[MANIFEST_UUID_MAX];
	uint32_t *generation; /* complete ones, ascending */
	size_t n;
};

/* Returns 0 or -errno. */
int share_open(const char *path, struct share_store *share);
void share_close(struct share_store *share);
#define AUTO_SHARE __attribute__((cleanup(share_close)))

/*
 * Become the only one who changes the share, until share_close() or the end of this process and of
 * the programs that it started. If another has the lock for longer than some seconds this says who.
 * Changes nothing: what an interrupted command left is the caller's to resume. Returns 0 or -errno.
 */
int share_lock(struct share_store *share, const char *command);

/*
 * With the lock, before any other change: what an interrupted command committed (share->pending) is
 * completed, and what it did not commit is removed. Returns 0 or -errno.
 */
int share_resume(struct share_store *share);

/* With the lock: remove what was not committed. Returns 0 or -errno. */
int share_sweep(struct share_store *share);

/* Read the numbers of generations and `current` anew. Returns 0 or -errno. */
int share_refresh(struct share_store *share);

bool share_has(const struct share_store *share, uint32_t generation);

/* The number for the next generation: none that ever was is used again. 0 if it cannot be told. */
uint32_t share_next(const struct share_store *share);

/* gen/N as an fd, or -errno. */
int share_open_generation(const struct share_store *share, uint32_t generation);

/* "directory/N.suffix" */
struct share_name {
	char text[64];
};
struct share_name share_name(const char *directory, uint32_t generation, const char *suffix);

/* A small file of the share. share_read(): -ENOENT is told to nobody. */
#define SHARE_TEXT_MAX 65536
int share_read(const struct share_store *share, const char *path, struct buf *text);
int share_write(const struct share_store *share, const char *path, const void *data, size_t n);

/* A file that holds a number. 0 if it is not there or holds none. */
uint32_t share_read_number(const struct share_store *share, const char *path);
int share_write_number(const struct share_store *share, const char *path, uint32_t number);

/* A generation's manifest, whose signature is that of the key, if one is given. */
int share_manifest(const struct share_store *share, uint32_t generation,
	const struct signature_key *key, struct manifest **manifest);

/* Is that text the layout that the head of a manifest was signed with, if it says one? 0 or
 * -errno. */
int share_check_layout(
	const struct share_store *share, const struct manifest_head *head, const struct buf *text);

/* A generation's layout: its text, and what that says. */
int share_layout_text(const struct share_store *share, uint32_t generation, struct buf *text);
int share_layout(const struct share_store *share, uint32_t generation, struct layout *layout);

/* Parse a layout that came from path. */
int share_parse_layout(const char *path, const struct buf *text, struct layout *layout);

/* Remove a generation, its tree last. Returns 0 or -errno. */
int share_remove_generation(struct share_store *share, uint32_t generation);

/*
 * Make `generation` the one that clients run from: gen/N.partial becomes gen/N if it is not that
 * yet, live is flipped, layout and current are written. tree is that of the generation, from a
 * caller that has walked it, or NULL. From its first moment on, this survives an
 * interruption: the next share_resume() completes it. window: see flip_apply(). Returns 0 or
 * -errno.
 */
struct treelist;
int share_switch(struct share_store *share, uint32_t generation, const struct treelist *tree,
	uint64_t *window);

/* The tree in the directory fd, which messages call name. Returns 0 or -errno. */
int share_read_tree(
	const struct share_store *share, const char *name, int fd, struct treelist *tree);

/* The tree of a generation. */
int share_read_generation(
	const struct share_store *share, uint32_t generation, struct treelist *tree);

/* The changes that bring live/ to the tree gen of a generation. live is the caller's to free; it
 * and gen have to live as long as the plan. */
struct flip;
int share_plan(const struct share_store *share, uint32_t generation, const struct treelist *gen,
	struct treelist *live, struct flip *flip);

#endif
