/* One at a time changes clients and masters: a lock that ends with the process that holds it. */
#ifndef FARM_VIRT_LOCK_H
#define FARM_VIRT_LOCK_H

/* Long enough for a command that is about to end, short enough for a person. */
#define VIRT_LOCK_PATIENCE 3

/*
 * Take the lock DIRECTORY/farm.lock; the directory is made if it is missing. If another has it for
 * longer than seconds, this says who. command is what the next one will be told, "client create
 * web1". Returns an fd that is to be closed, or -errno after a message.
 */
int virt_lock(const char *directory, const char *command, unsigned int seconds);

#endif
