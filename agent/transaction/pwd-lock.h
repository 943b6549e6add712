/* The lock under which passwd(1), useradd(8) and vipw(8) change account files: lckpwdf(3). */
#ifndef AGENT_TRANSACTION_PWD_LOCK_H
#define AGENT_TRANSACTION_PWD_LOCK_H

#define PWD_LOCK         "etc/.pwd.lock"
#define PWD_LOCK_SECONDS 15 /* as lckpwdf(3) */

/*
 * Take the lock of the tree below root, waiting PWD_LOCK_SECONDS at most. It is held until the
 * returned fd is closed. Returns an fd, -EWOULDBLOCK if another has it, or -errno.
 */
int pwd_lock(int root);

#endif
