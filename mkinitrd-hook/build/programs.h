/*
 * The static programs of an initrd: xf-init, xf-shutdown, busybox.
 */
#ifndef MKINITRD_HOOK_PROGRAMS_H
#define MKINITRD_HOOK_PROGRAMS_H

#include "mkinitrd-hook/build/initrd.h"

/*
 * Read and check them. By default xf-init and xf-shutdown are beside the running program (a build
 * directory) or in XF_LIBEXECDIR; busybox is the root's, or this machine's where the root has no
 * static one. If neither has one, a warning is printed and the initrd has no busybox. Returns 0, or
 * -errno after a message.
 */
int programs_read(const struct initrd_options *options, struct initrd *initrd);

#endif
