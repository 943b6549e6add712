/* ssh-keygen(1). */
#ifndef FARM_SSH_KEYGEN_H
#define FARM_SSH_KEYGEN_H

/* Run it, argv[0] included. Its messages are on standard error. Returns 0, or -errno after a
 * message. */
int ssh_keygen(const char *const *argv);

#endif
