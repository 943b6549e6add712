/*
 * A portmapper until the system has its own. The kernel's lock manager registers itself with the
 * one at TCP 127.0.0.1:111 when the first NFSv3 share with locks is mounted, and the mount fails
 * where there is none; the system's own rpcbind is on the share that is going to be mounted.
 *
 * It answers portmap version 2 (RFC 1833, section 3), which the kernel falls back to, on loopback
 * only. When process 1 executes the real init it closes port 111, waits until the system's rpcbind
 * has started, registers there what was registered with it, and ends. So the server's callbacks
 * reach the lock manager as long as the client runs.
 */
#ifndef INITRD_PORTMAP_H
#define INITRD_PORTMAP_H

#include "initrd/nfs/oncrpc.h"
#include "kernel-cmdline/xfnet.h"

#include <stdbool.h>
#include <stdint.h>

#define PORTMAP_MAX 16 /* the lock manager takes 6: three versions, UDP and TCP */

struct portmap {
	unsigned int n;
	struct {
		uint32_t program, version, protocol, port;
	} map[PORTMAP_MAX];
};

/* Answer one message. Returns false if it is not a call; the connection is then to be closed. */
bool portmap_answer(
	struct portmap *portmap, const struct oncrpc_message *call, struct oncrpc_message *reply);

/*
 * Start it, where nfs_v3_locks() says that it is needed; lo must be up. Returns 0, or -errno after
 * fail_note().
 */
int portmap_start(const struct xf_cmdline *cmdline);

#endif
