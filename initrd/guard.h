/*
 * The guard: ends a shutdown that waits for programs on a dead server.
 */
#ifndef INITRD_GUARD_H
#define INITRD_GUARD_H

/*
 * Sleep until SIGTERM, which the system's init sends when a shutdown begins; then the process ends,
 * and a child watches the server that /run/xenfarm/boot names. When it has not answered for
 * GUARD_PATIENCE seconds, sync the disks, within a time limit, and call reboot(2) with how. Returns
 * the exit status of the process.
 */
#define GUARD_PATIENCE 30
int guard_run(int how);

#endif
