/*
 * Kernel modules, loaded as the initrd's table says (initrd/modtable.h).
 */
#ifndef INITRD_MODULES_H
#define INITRD_MODULES_H

/* Read the table. Returns 0, or -errno after fail_note(). */
int modules_open(void);

/*
 * Load the drivers of all devices that have none yet and whose modalias is in the table, repeatedly
 * until loading brings no new device. Cheap enough to call while waiting for one.
 */
void modules_rescan(void);

/*
 * Start to load a module that a later step needs, in a child, while a link comes up or an address
 * is checked. Nothing waits for the child: the kernel blocks whoever needs the module before it is
 * ready.
 */
void modules_load_ahead(const char *name);

/*
 * /sbin/modprobe, which the kernel calls when it wants a module itself (a file system, an NFS
 * version, a VLAN): `modprobe -q -- NAME`. Returns the exit status; a name that is not in the table
 * is 1.
 */
int modules_modprobe(int argc, char **argv);

#endif
