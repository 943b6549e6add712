/* The user and group names of a tree: its own etc/passwd and etc/group, never this machine's. */
#ifndef LIB_ACCOUNTS_H
#define LIB_ACCOUNTS_H

#include <stdint.h>

struct accounts;

/* Read those of the tree below root; a file that is not there gives no names. 0, or -errno. */
int accounts_read(int root, struct accounts **accounts);
void accounts_free(struct accounts *accounts);

/* The first name with that number, or NULL. It lives as long as accounts. */
const char *accounts_user(const struct accounts *accounts, uint32_t uid);
const char *accounts_group(const struct accounts *accounts, uint32_t gid);

#endif
