#include "initrd/fail.h"

#include "initrd/error.h"
#include "initrd/log.h"
#include "initrd/power.h"
#include "initrd/shell.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#define READING_TIME 10 /* seconds that the message stays before the machine acts */

static struct {
	int error;
	const char *hint;
	char object[192];
} failure;

int fail_note(int error, const char *hint, const char *object_fmt, ...)
{
	va_list args;

	failure.error = error;
	failure.hint = hint;
	va_start(args, object_fmt);
	vsnprintf(failure.object, sizeof(failure.object), object_fmt, args);
	va_end(args);
	return error;
}

static void restart(int how)
{
	sync();
	sleep(READING_TIME);
	power_end(how);
	/* It is not possible: stay, so that the message can be read. */
	for (;;)
		pause();
}

void fail_act(const struct xf_cmdline *cmdline)
{
	log_error("FAILED: %s: %s%s%s", failure.object, error_name(failure.error),
		failure.hint ? ": " : "", failure.hint ? failure.hint : "");
	if (cmdline->fail == XF_FAIL_SHELL && shell_run("xffail=shell") == 0)
		return;
	if (cmdline->fail == XF_FAIL_WAIT) {
		log_error("trying again in %d seconds (xffail=wait)", READING_TIME);
		sleep(READING_TIME);
		return;
	}
	if (cmdline->fail == XF_FAIL_POWEROFF) {
		log_error("powering off in %d seconds (xffail=poweroff)", READING_TIME);
		restart(RB_POWER_OFF);
	}
	/* Also where there is no shell: as without the option. */
	log_error("rebooting in %d seconds (xffail=)", READING_TIME);
	restart(RB_AUTOBOOT);
}
