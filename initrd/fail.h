/*
 * Why a step failed, and what process 1 then does (xffail=).
 */
#ifndef INITRD_FAIL_H
#define INITRD_FAIL_H

#include "kernel-cmdline/xfnet.h"

/*
 * Note why the running step fails: error (negative errno), the object it failed on, and a hint that
 * says what to do (static text, or NULL). Returns error. The last call before a step returns
 * counts.
 */
int fail_note(int error, const char *hint, const char *object_fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Log what failed in the running step, and act as xffail= says. Returns when the step is to be run
 * again: after the shell has ended, or after READING_TIME with "wait". Otherwise it does not
 * return.
 */
void fail_act(const struct xf_cmdline *cmdline);

#endif
