/* Rights that the process which talks to the network gives up. */
#ifndef AGENT_FETCH_CONFINE_H
#define AGENT_FETCH_CONFINE_H

/*
 * Root becomes nobody, who may bind a reserved port, as NFS servers ask for, and nothing else. No
 * exec gains rights any more. Returns 0 or -errno.
 */
int confine_user(void);

/*
 * No file can be opened (Landlock, where the kernel has it), only system calls for sockets and
 * memory are answered (seccomp, likewise), and memory is limited. Returns 0 or -errno.
 */
int confine_rest(void);

/* --- its walls, each by itself; here to be tested, as one hides what another lacks --- */

int confine_memory(void);
int confine_files(void);
int confine_calls(void);

#endif
