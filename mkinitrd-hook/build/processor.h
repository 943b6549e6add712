/*
 * The processor that a kernel's modules, or another tool's initrd, are for: xf-init must be for the
 * same one.
 */
#ifndef MKINITRD_HOOK_PROCESSOR_H
#define MKINITRD_HOOK_PROCESSOR_H

#include "mkinitrd-hook/image/index.h"

#include <stdint.h>

/* elf_processor() of a kernel module's file, compressed or not. */
uint32_t processor_of_module(const char *name, const struct blob *content);

/*
 * That of an initrd: of the first of its modules, else of its programs; *path is that file. 0 if it
 * has neither.
 */
uint32_t processor_of_initrd(const struct initrd_index *index, const char **path);

/* The same processor, or unknown. Returns false after a message that names file. */
bool processor_fits(const char *file, uint32_t processor, uint32_t init);

#endif
