/*
 * Whether a program can run in an initrd: a static executable, for the right processor.
 */
#ifndef MKINITRD_HOOK_ELF_H
#define MKINITRD_HOOK_ELF_H

#include "mkinitrd-hook/image/blob.h"

#include <stdint.h>

/*
 * Look at an ELF file's headers. Returns 0 if it is an executable that needs no program
 * interpreter, -ENOEXEC if it is not a complete executable of this host's byte order, -ELIBACC if
 * it is dynamically linked.
 */
int elf_check_static(const struct blob *file);

/*
 * The processor that an ELF file of any kind is for: its machine (EM_…) and byte order as one
 * number. 0 if it is not an ELF file.
 */
uint32_t elf_processor(const struct blob *file);

/* "x86-64". Returns name. */
#define ELF_PROCESSOR_NAME 24 /* bytes, NUL included */
const char *elf_processor_name(uint32_t processor, char name[static ELF_PROCESSOR_NAME]);

#endif
