/*
 * What xf-init leaves for the system that takes over: the record of the boot, the share's key, the
 * exit program, and the word to every network manager that the internal interface is not theirs.
 */
#ifndef INITRD_HANDOVER_H
#define INITRD_HANDOVER_H

#include "initrd/boot.h"

#include "lib/paths.h"

/* Make PATH_RUN, with the share's key if the initrd carries one. Returns 0 or -errno after
 * fail_note().
 */
int handover_begin(void);

/* All the rest, except the record. Returns 0 or -errno after fail_note(). */
int handover_files(const struct boot *boot);

/* PATH_RUN/boot: KEY=VALUE lines (xf-init(8)). Returns 0 or -errno after fail_note(). */
int handover_record(const struct boot *boot);

#endif
