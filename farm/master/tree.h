/* The tree that a master's disk is made of: an installation, and what makes it a master. */
#ifndef FARM_MASTER_TREE_H
#define FARM_MASTER_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "farm/master/source.h"

struct master_tree {
	const char *path; /* the directory where it is made, which is absent before */
	const struct master_source *source;
	const char *name; /* the master's */
	/* The rest may be NULL: */
	const char *packages;        /* of the distribution, with commas between them */
	const char *mirror, *proxy;  /* of packages */
	const char *client_root;     /* the root below which the clients' programs are installed */
	const char *client_packages; /* or their packages, with commas between them */
	const char *ssh_key;         /* a file: public keys of those who may log in as root */
	const char *share_key;       /* the share's public key */
	const char *ssh_ca;          /* the farm's key for SSH: farm/ssh/authority.h */
	const char *uuid;            /* of the file system that it will be in */
	const char *mac;             /* of its interface in the masters' network */
};

/* What keeps it from being made: programs or files that are missing. 0, or -errno after a message.
 */
int master_tree_check(const struct master_tree *tree);

/* Does the tree of a source need the clients' programs? */
bool master_tree_needs_programs(const struct master_tree *tree);

/* Steps of an operation, in this order; arg is a struct master_tree. Each returns 0, or -errno
 * after a message. */
int master_tree_install(void *arg);
int master_tree_add_programs(void *arg);
int master_tree_personalize(void *arg);

/* The space that a tree takes, in bytes, with blocks of 4 KiB. Returns 0 or -errno. */
int master_tree_size(const char *path, uint64_t *bytes);

/* Remove it, never what is mounted in it. Returns 0, or -errno after a message. */
int master_tree_remove(const char *path);

/* Run a program for at most that many seconds, whose standard output nobody reads.
 * Returns 0; -EIO if it failed, and said so; or as spawn_run(). Prints nothing. */
int master_program_run(const char *const *argv, unsigned int limit);

/* Is the program in PATH? Otherwise says which package has it. 0 or -ENOENT. */
int master_program_check(const char *program, const char *package);

#endif
