/*
 * What a step of xf-init leaves behind when it fails, and what PID 1 then does (xffail=).
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
 * Say on the console what failed in the running step, in words, and act as xffail= says. Returns
 * when the step is to be tried again: after the shell was left, or after a while with "wait". Else
 * does not return.
 */
void fail_act(const struct xf_cmdline *cmdline);

#endif
