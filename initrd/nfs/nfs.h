/*
 * What the command line says about NFS, as mount(2) wants it, and what its errors mean. Pure
 * functions.
 */
#ifndef INITRD_NFS_H
#define INITRD_NFS_H

#include "kernel-cmdline/xfnet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NFS_PROGRAM     100003
#define NFS_OPTIONS_MAX (XF_WORD_MAX + 128)              /* bytes, NUL included */
#define NFS_SOURCE_MAX  (XF_WORD_MAX + XF_ADDR_TEXT_MAX) /* bytes, NUL included */

/*
 * The NFS versions to try, in order: the one of vers=, or all. Terminated by NULL. The kernel takes
 * only what it is told, it negotiates nothing.
 */
const char *const *nfs_versions(const struct xf_cmdline *cmdline);

/*
 * True if locks are to reach the server over NFSv3, which takes a portmapper here: vers=3 and
 * `lock` both given. A share is read-only, so NFSv3 without `lock` has local locks, and so has
 * NFSv3 as the last resort. NFSv4 has its locks built in.
 */
bool nfs_v3_locks(const struct xf_cmdline *cmdline);

/* The server's TCP port: port= of the options, or 2049. */
uint16_t nfs_port(const struct xf_cmdline *cmdline);

/*
 * mount(2)'s data (nfs(5), as the kernel itself parses it: addr= is a must). What xfshare= says
 * comes after what is chosen here, and so wins. Returns 0 or -ENOSPC.
 */
int nfs_options(const struct xf_cmdline *cmdline, const struct xf_addr *server, const char *version,
	char options[static NFS_OPTIONS_MAX]);

/* mount(2)'s source, "10.0.0.1:/srv/share" or "[fd00::1]:/srv/share". Returns source. */
const char *nfs_source(const struct xf_cmdline *cmdline, const struct xf_addr *server,
	char source[static NFS_SOURCE_MAX]);

/*
 * True for the owner that a file gets whose NFSv4 owner is a name that nothing maps here: the
 * kernel's own number, or the one of nfsidmap(8)'s nobody.
 */
bool nfs_is_nobody(uint32_t owner);

struct nfs_error {
	int error;        /* positive errno */
	bool final;       /* trying that server again will not help */
	const char *what; /* "10.0.0.1 WHAT" */
	const char *hint; /* what to do, or NULL */
};

/* What -errno of a probe or of mount(2) means. Never NULL. */
const struct nfs_error *nfs_error(int error);

#endif
