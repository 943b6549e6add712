/*
 * What the command line says about NFS, in the form of mount(2), and what its errors mean. Pure
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
 * The NFS versions to try, in order: the one of vers=, or all. Terminated by NULL. The kernel does
 * not negotiate the version.
 */
const char *const *nfs_versions(const struct xf_cmdline *cmdline);

/*
 * True if locks are to reach the server over NFSv3, which needs a portmapper here: vers=3 and
 * `lock` are both given. A share is read-only, so NFSv3 without `lock` has local locks, also as the
 * last version tried. NFSv4 has its own locks.
 */
bool nfs_v3_locks(const struct xf_cmdline *cmdline);

/* The server's TCP port: port= of the options, or 2049. */
uint16_t nfs_port(const struct xf_cmdline *cmdline);

/*
 * mount(2)'s data (nfs(5), as the kernel parses it: addr= is required). The options of xfshare=
 * come last, and so take precedence. Returns 0 or -ENOSPC.
 */
int nfs_options(const struct xf_cmdline *cmdline, const struct xf_addr *server, const char *version,
	char options[static NFS_OPTIONS_MAX]);

/* mount(2)'s source, "10.0.0.1:/srv/share" or "[fd00::1]:/srv/share". Returns source. */
const char *nfs_source(const struct xf_cmdline *cmdline, const struct xf_addr *server,
	char source[static NFS_SOURCE_MAX]);

/*
 * True for the owner of a file whose NFSv4 owner is a name that is not mapped here: the kernel's
 * own number, or nobody's of nfsidmap(8).
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
