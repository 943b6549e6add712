/*
 * The guard: no shutdown waits for ever for programs that are on a dead server.
 */
#ifndef INITRD_GUARD_H
#define INITRD_GUARD_H

/*
 * Sleep until SIGTERM, which the system's init sends when a shutdown begins; then let it go on (a
 * child stays, the process ends) and watch the server that /run/xenfarm/boot names. Once it has
 * been silent for GUARD_PATIENCE seconds on end, write what can be written to the disks and call
 * reboot(2) with how. Returns the exit status of the process.
 */
#define GUARD_PATIENCE 30
int guard_run(int how);

#endif
