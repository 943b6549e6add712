/* What a failed step does, with a machine that is a list of what happened to it. */
#include "initrd/fail.h"

#include "initrd/log.h"
#include "initrd/power.h"
#include "initrd/shell.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <unistd.h>

static char done[256], said[1024];
static int shell_rc;
static jmp_buf over;

static void note(const char *what)
{
	strcat(strcat(done, done[0] ? " " : ""), what);
}

void sync(void)
{
	note("sync");
}

unsigned int sleep(unsigned int seconds)
{
	char text[32];

	snprintf(text, sizeof(text), "%us", seconds);
	note(text);
	return 0;
}

void power_end(int how)
{
	note(how == RB_AUTOBOOT ? "reboot" : how == RB_POWER_OFF ? "poweroff" : "other");
}

/* Where the machine stays when it does not go down. */
int pause(void)
{
	longjmp(over, 1);
}

int shell_run(const char *why)
{
	(void)why;
	note("shell");
	return shell_rc;
}

void log_error(const char *fmt, ...)
{
	size_t n = strlen(said);
	va_list args;

	va_start(args, fmt);
	vsnprintf(said + n, sizeof(said) - n, fmt, args);
	va_end(args);
	strcat(said, "\n");
}

static const struct {
	enum xf_fail fail;
	int shell;
	const char *done;
	bool again;
} rows[] = {
	{ XF_FAIL_REBOOT, 0, "sync 10s reboot", false },
	{ XF_FAIL_POWEROFF, 0, "sync 10s poweroff", false },
	{ XF_FAIL_WAIT, 0, "10s", true },
	{ XF_FAIL_SHELL, 0, "shell", true },
	{ XF_FAIL_SHELL, -ENOENT, "shell sync 10s reboot", false },
};

int main(void)
{
	for (volatile size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct xf_cmdline cmdline = { .fail = rows[i].fail };
		volatile bool again = false;

		done[0] = said[0] = '\0';
		shell_rc = rows[i].shell;
		CHECK(fail_note(-ENODEV, "what to do", "root=%s", "/dev/vda") == -ENODEV,
			"an error");
		if (!setjmp(over)) {
			fail_act(&cmdline);
			again = true;
		}
		CHECK_STR(done, rows[i].done, "what xffail= asks for");
		CHECK(again == rows[i].again, again ? "then again" : "and no further");
		CHECK(strstr(said, "FAILED: root=/dev/vda: ENODEV: what to do\n") == said,
			"object, errno and what to do");
	}
	return tap_done();
}
