/* What reaches the kernel's log, which is a file here. */
#include "initrd/log.h"

#include "initrd/test/sandbox.h"
#include "lib/test/tap.h"

#define LIMIT "/proc/sys/kernel/printk_devkmsg"

int main(void)
{
	const char *reason = sandbox_enter();
	const char *end;

	if (reason) {
		tap_skip("the log", reason);
		return tap_done();
	}
	sandbox_file("/dev/kmsg", NULL);
	sandbox_file(LIMIT, "ratelimit\n");
	log_open("xf-init");
	CHECK_STR(sandbox_read(LIMIT), "on\nelimit\n", "the kernel's limit is lifted");
	log_step("share");
	log_info("one %d", 1);
	log_warn("two");
	log_error("three");
	CHECK_STR(sandbox_read("/dev/kmsg"),
		"<6>xf-init: share: one 1\n<4>xf-init: share: two\n<3>xf-init: share: three\n",
		"program, step and level");
	log_info("%0600d", 7);
	end = strrchr(sandbox_read("/dev/kmsg"), '<');
	CHECK(end && strlen(end) == LOG_LINE_MAX - 1 && end[LOG_LINE_MAX - 2] == '\n',
		"that is too long is cut, and is one line");
	log_close();
	CHECK_STR(sandbox_read(LIMIT), "ratelimit\n", "the limit is put back");
	return tap_done();
}
