/* An initrd that was exchanged, booted without xfnet=: its own init gets everything back. */
#include "initrd/original.h"

#include "initrd/test/sandbox.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static char executed[64];

int execv(const char *path, char *const argv[])
{
	snprintf(executed, sizeof(executed), "%s %s", path, argv[1]);
	errno = ENOEXEC;
	return -1;
}

int main(void)
{
	char *argv[] = { (char *)"/init", (char *)"single", NULL };
	const char *reason = sandbox_enter();

	if (reason) {
		tap_skip("the initrd's own init", reason);
		return tap_done();
	}
	sandbox_file("/init", "ours");
	original_exec(argv);
	CHECK(!executed[0], "an initrd that was not exchanged has no other init");
	CHECK_STR(sandbox_read("/init"), "ours", "and keeps this one");
	sandbox_file("/init.orig", "theirs");
	sandbox_file("/sbin/modprobe", "ours");
	sandbox_file("/sbin/modprobe.orig", "theirs");
	sandbox_file("/shutdown", "ours");
	original_exec(argv);
	CHECK_STR(executed, "/init single", "one that was exchanged runs its own, with its words");
	CHECK_STR(sandbox_read("/init"), "theirs", "which is back");
	CHECK_STR(sandbox_read("/sbin/modprobe"), "theirs", "so is its modprobe");
	CHECK(!sandbox_exists("/shutdown"), "what it had not is gone");
	CHECK(!sandbox_exists("/init.orig"), "and nothing is left aside");
	return tap_done();
}
