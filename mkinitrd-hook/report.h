/*
 * What was built, for people and for programs.
 */
#ifndef MKINITRD_HOOK_REPORT_H
#define MKINITRD_HOOK_REPORT_H

#include "mkinitrd-hook/initrd.h"

/* One line on stdout; with verbose also the largest files, which gzip packs at this level to tell.
 */
void report_text(const char *path, const struct initrd *initrd, bool verbose, int level);

/* One JSON object on stdout. */
void report_json(const char *path, const char *version, const struct initrd *initrd);

#endif
