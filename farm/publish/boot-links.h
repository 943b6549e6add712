/*
 * What a generation boots with: boot/xf-vmlinuz and boot/xf-initrd.img (lib/paths.h), symbolic
 * links to one of its kernels and to that one's initrd. Whoever starts a client, or a client that
 * reboots, goes by them: which kernel it is was decided once, at the publish.
 */
#ifndef FARM_BOOT_LINKS_H
#define FARM_BOOT_LINKS_H

/*
 * Make them in the tree `to`, which has none: they lead to its newest boot/vmlinuz-V that has a
 * boot/xf-initrd-V.img. If no kernel has, there are none. One that is as in the tree previous (-1:
 * none) is a hard link to that. Returns 0, or -errno after a message.
 */
int boot_links_make(int to, int previous);

#endif
