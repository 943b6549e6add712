/*
 * The farm's SSH certificate authority (ssh-keygen(1), CERTIFICATES): one line in the share lets
 * its holder in to all machines, so that no key is copied around. The private key never leaves the
 * server; a machine whose administrator removes the line from its /etc lets nobody in by it.
 */
#ifndef FARM_SSH_AUTHORITY_H
#define FARM_SSH_AUTHORITY_H

#include <limits.h>

/* Where a machine has them; the first names the second. */
#define SSH_AUTHORITY_CONFIG "etc/ssh/sshd_config.d/xenfarm.conf"
#define SSH_AUTHORITY_KEY    "etc/ssh/xenfarm-ca.pub"

#define SSH_SESSION_MINUTES 5 /* that a session's certificate is valid, for a login */

/* Make the key pair at path, and path.pub, unless both exist. Returns 0, or -errno after a message.
 */
int ssh_authority_make(const char *path);

/*
 * Let the authority of the key pair at path in to the machines that have the tree in the directory
 * root: put the two files there. A tree without sshd_config.d has an sshd that reads none: it stays
 * as it is. Returns 0, or -errno after a message.
 */
int ssh_authority_install(const char *path, int root);

/* A key that was made for one login, and its certificate; both are in a directory of their own. */
struct ssh_session {
	char directory[PATH_MAX];
	char key[PATH_MAX + 8]; /* "" if there is no session; ssh(1) finds the certificate beside */
	char known_hosts[PATH_MAX + 16]; /* what ssh_session_know() wrote, or "" */
};

/*
 * Make one for the account user on the machine called name, which the authority signs: sshd(8) logs
 * who asked for it. Returns 0, or -errno after a message.
 */
int ssh_session_begin(
	const char *authority, const char *user, const char *name, struct ssh_session *session);

/* Let known_hosts be a file with that one host key, "ssh-ed25519 AAAA…", for a host of that name.
 * Returns 0, or -errno after a message. */
int ssh_session_know(struct ssh_session *session, const char *name, const char *key);

/* Remove it; again does no harm. */
void ssh_session_end(struct ssh_session *session);
#define AUTO_SSH_SESSION __attribute__((cleanup(ssh_session_end)))

#endif
