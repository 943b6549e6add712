/*
 * What xf-init leaves for the system: the record of the boot, the share's key, the exit program,
 * and settings that make network managers leave the internal interface alone.
 */
#ifndef INITRD_HANDOVER_H
#define INITRD_HANDOVER_H

#include "initrd/boot.h"

#include "lib/paths.h"

/* Make PATH_RUN, with the share's key if the initrd carries one. Returns 0 or -errno after
 * fail_note().
 */
int handover_begin(void);

/* Everything else, except the record. Returns 0 or -errno after fail_note(). */
int handover_files(const struct boot *boot);

/* PATH_RUN/boot: KEY=VALUE lines (xf-init(8)), of what is known so far. Returns 0 or -errno after
 * fail_note(). */
int handover_record(const struct boot *boot);

#endif
