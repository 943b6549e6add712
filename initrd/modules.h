/*
 * Kernel modules, loaded as the initrd's table says (initrd/modtable.h).
 */
#ifndef INITRD_MODULES_H
#define INITRD_MODULES_H

/* Read the table. Returns 0, or -errno after fail_note(). */
int modules_open(void);

/*
 * Load the drivers of all devices that are there and have none yet: those whose modalias the table
 * knows, again until loading brings no new device. Cheap enough to call while waiting for one.
 */
void modules_rescan(void);

/*
 * Begin to load a module that a later step needs, in a child that nobody waits for: the kernel
 * makes whoever needs it before it is ready wait. So it loads while a link comes up or an address
 * is checked.
 */
void modules_load_ahead(const char *name);

/*
 * /sbin/modprobe, which the kernel calls when it wants a module itself (a file system, an NFS
 * version, a VLAN): `modprobe -q -- NAME`. Returns the exit status; a name that is not in the table
 * is 1.
 */
int modules_modprobe(int argc, char **argv);

#endif
