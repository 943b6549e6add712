/*
 * Names and numbers of users and groups, by the etc/passwd and etc/group of one tree and never by
 * this machine's. A row that getpwent(3) would pass over is passed over; of several for one name or
 * number the first counts.
 */
#ifndef LIB_IDS_H
#define LIB_IDS_H

#include <stddef.h>
#include <stdint.h>

struct ids;

/* By the files below root; one that does not exist gives no names. Returns 0 or -errno. */
int ids_read(int root, struct ids **ids);

/* By the text of such files, which need not live longer. Returns NULL without memory. */
struct ids *ids_parse(const char *passwd, size_t n_passwd, const char *group, size_t n_group);

void ids_free(struct ids *ids);

/* The name of a number, or NULL: also with ids NULL. It lives as long as ids. */
const char *ids_user(const struct ids *ids, uint32_t uid);
const char *ids_group(const struct ids *ids, uint32_t gid);

/* The number of a name; or number, if the name is NULL or unknown, or ids is NULL. */
uint32_t ids_uid(const struct ids *ids, const char *name, uint32_t number);
uint32_t ids_gid(const struct ids *ids, const char *name, uint32_t number);

#endif
