/*
 * Whether a program can be the first one in an initrd: a static executable.
 */
#ifndef MKINITRD_HOOK_ELF_H
#define MKINITRD_HOOK_ELF_H

#include "mkinitrd-hook/blob.h"

#include <stdint.h>

/*
 * Look at an ELF file's headers. Returns 0 with *machine (EM_…) set if it is an executable that
 * needs no program interpreter, -ENOEXEC if it is no (whole) executable of this host's byte order,
 * -ELIBACC if it is dynamically linked.
 */
int elf_check_static(const struct blob *file, uint16_t *machine);

#endif
