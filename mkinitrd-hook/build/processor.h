/*
 * For which processor a kernel's modules, or another tool's initrd, are: xf-init must be for the
 * same one.
 */
#ifndef MKINITRD_HOOK_PROCESSOR_H
#define MKINITRD_HOOK_PROCESSOR_H

#include "mkinitrd-hook/image/index.h"

#include <stdint.h>

/* Of a kernel module's file, compressed or not: elf_processor(), 0 if it is none. */
uint32_t processor_of_module(const char *name, const struct blob *content);

/*
 * Of an initrd: of the first of its modules, else of its programs. *path is then where it was seen.
 * 0 if it has neither.
 */
uint32_t processor_of_initrd(const struct initrd_index *index, const char **path);

/* The same processor, or unknown. Returns false after a message that names file. */
bool processor_fits(const char *file, uint32_t processor, uint32_t init);

#endif
