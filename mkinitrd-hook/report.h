/*
 * What was built, for people and for programs.
 */
#ifndef MKINITRD_HOOK_REPORT_H
#define MKINITRD_HOOK_REPORT_H

#include "mkinitrd-hook/options.h"

/*
 * As the options say: a JSON object on stdout, or one line, with the largest files if verbose, or
 * nothing. Returns 0, or -1 after a message if it could not be written.
 */
int report(const struct options *options, const char *path, const struct initrd *initrd);

/* Print the object and give it up. Returns as report(). */
struct json_object;
int report_json(struct json_object *object);

#endif
