/*
 * Names of errors: klibc's strerror() alone would be a tenth of xf-init.
 */
#ifndef INITRD_ERROR_H
#define INITRD_ERROR_H

/* The symbol ("ENOENT") of errno error, given positive or negative; its number for one unknown
 * here. */
const char *error_name(int error);

#endif
