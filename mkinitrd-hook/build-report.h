/*
 * The report of a build or an exchange.
 */
#ifndef MKINITRD_HOOK_BUILD_REPORT_H
#define MKINITRD_HOOK_BUILD_REPORT_H

#include "mkinitrd-hook/options.h"

/*
 * As the options say: a JSON object on stdout, or one line, with the largest files if verbose, or
 * nothing.
 */
void build_report(
	const struct mkinitrd_options *options, const char *path, const struct initrd *initrd);

#endif
