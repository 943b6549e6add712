/* A share on the server's disk (xenfarm-share(5)). Errors are printed here. */
#ifndef FARM_STORE_H
#define FARM_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "farm/share/channel.h"
#include "lib/buf.h"
#include "lib/layout.h"
#include "lib/manifest/manifest-delta.h"

struct share_store {
	char *path; /* absolute */
	int dir;
	int lock;               /* held if >= 0 */
	struct channel pending; /* with the lock: an interrupted flip, if its generation is not 0 */
	struct channel *channel; /* `live` first, the others by name */
	size_t n_channels;
	uint32_t current; /* live's generation; 0: nothing has been published yet */
	char uuid[MANIFEST_UUID_MAX];
	uint32_t *generation; /* complete ones, ascending */
	size_t n;
};

/* Returns 0 or -errno. */
int share_open(const char *path, struct share_store *share);
void share_close(struct share_store *share);
#define AUTO_SHARE __attribute__((cleanup(share_close)))

/*
 * Lock the share, until share_close(), or until this process and the programs that it started have
 * ended. -EBUSY after a message if another process keeps it locked for some seconds. Changes
 * nothing: the caller resumes what an interrupted command left. Returns 0 or -errno.
 */
int share_lock(struct share_store *share, const char *command);

/*
 * With the lock, before any other change: complete what an interrupted command has committed
 * (share->pending), and remove what it has not. Returns 0 or -errno.
 */
int share_resume(struct share_store *share);

/* With the lock: remove what was not committed. Returns 0 or -errno. */
int share_sweep(struct share_store *share);

/* Read the numbers of generations and the channels again. Returns 0 or -errno. */
int share_refresh(struct share_store *share);

/* The newest generation, in a channel or not; 0: there is none. */
uint32_t share_newest(const struct share_store *share);

bool share_has(const struct share_store *share, uint32_t generation);

/* The number of the next generation: no number is used twice. 0: there are no more. */
uint32_t share_next(const struct share_store *share);

/* gen/N as an fd, or -errno. */
int share_open_generation(const struct share_store *share, uint32_t generation);

/* "directory/N.suffix" */
struct share_name {
	char text[64];
};
struct share_name share_name(const char *directory, uint32_t generation, const char *suffix);

/* A small file of the share. share_read() returns -ENOENT without a message. */
#define SHARE_TEXT_MAX 65536
int share_read(const struct share_store *share, const char *path, struct buf *text);
int share_write(const struct share_store *share, const char *path, const void *data, size_t n);

/* A file that holds a number. 0 if it does not exist or holds none. */
uint32_t share_read_number(const struct share_store *share, const char *path);
int share_write_number(const struct share_store *share, const char *path, uint32_t number);

/* Load a generation's manifest; if key is not NULL, its signature has to be of that key. */
int share_manifest(const struct share_store *share, uint32_t generation,
	const struct signature_key *key, struct manifest **manifest);

/* The same of its delta from the generation before. Returns -ENOENT without a message. */
int share_delta(const struct share_store *share, uint32_t generation,
	const struct signature_key *key, struct manifest_delta *delta);

/* Has text the digest that a manifest's head gives for the layout, if it gives one? Returns 0 or
 * -errno. */
int share_check_layout(
	const struct share_store *share, const struct manifest_head *head, const struct buf *text);

/* Read a generation's layout: its text, or parsed. */
int share_layout_text(const struct share_store *share, uint32_t generation, struct buf *text);
int share_layout(const struct share_store *share, uint32_t generation, struct layout *layout);

/* Parse a layout; messages name path. */
int share_parse_layout(const char *path, const struct buf *text, struct layout *layout);

/* Remove a generation, its tree last. Returns 0 or -errno. */
int share_remove_generation(struct share_store *share, uint32_t generation);

/*
 * Bring a channel to a generation: gen/N.partial, if it exists, becomes gen/N; the channel is made
 * if it is not there; its tree is flipped, its layout and current are written. tree is the
 * generation's, if the caller has walked it, or NULL. After an interruption, the next
 * share_resume() completes it. window: see flip_apply(). Returns 0 or -errno.
 */
struct treelist;
int share_switch(struct share_store *share, const char *channel, uint32_t generation,
	const struct treelist *tree, uint64_t *window);

/* gen/N.partial becomes gen/N, and no channel changes. Returns 0 or -errno. */
int share_stage(struct share_store *share, uint32_t generation);

/* Walk the directory fd, which messages call name. Returns 0 or -errno. */
int share_read_tree(
	const struct share_store *share, const char *name, int fd, struct treelist *tree);

/* Walk a generation. */
int share_read_generation(
	const struct share_store *share, uint32_t generation, struct treelist *tree);

/* Plan the flip of a channel to a generation, whose tree is gen. The caller frees live, the
 * channel's tree; it and gen have to be valid as long as the plan. */
struct flip;
int share_plan(const struct share_store *share, const char *channel, uint32_t generation,
	const struct treelist *gen, struct treelist *live, struct flip *flip);

#endif
