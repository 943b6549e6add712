/*
 * A blank root: how it is recognised, and the files that a new client needs of its own.
 */
#ifndef INITRD_FIRSTBOOT_H
#define INITRD_FIRSTBOOT_H

#include "initrd/root.h"

/*
 * True for a root with nothing in it but lost+found and PATH_HANDED_KEYS, or whose first fill was
 * interrupted. Marks it, so that the next boot notices a power cut during the fill.
 */
bool firstboot_begin(void);

/*
 * Give the filled root its machine-id, host name, fstab, SSH host keys (those that the server put
 * on the blank disk, and what is missing then) and the share's public key; then sync, and remove
 * the mark. A machine-id and host keys that exist are kept. Where systemd is the init it writes
 * /etc/machine-id itself, after a boot that it knows to be the first. Returns 0 or -errno after
 * fail_note().
 */
int firstboot_finish(const struct xf_cmdline *cmdline, const struct mounted_share *share,
	const struct mounted_root *root);

/* In each boot that systemd takes for the first one: keep it from enabling units by presets. */
void firstboot_keep_units(void);

#endif
