/* The end of the system's mounts: /proc/self/mounts is a file here, and umount2(2) this file's own.
 */
#include "initrd/unmount.h"

#include "initrd/test/fake.h"
#include "initrd/test/sandbox.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static char *done; /* shared with children */
static const char *busy, *hangs;

int umount2(const char *target, int flags)
{
	if (hangs && !strcmp(target, hangs)) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (busy && !strcmp(target, busy)) {
		errno = EBUSY;
		return -1;
	}
	strcat(strcat(done, target), flags & MNT_FORCE ? "! " : " ");
	return 0;
}

int mount(const char *source, const char *target, const char *type, unsigned long flags,
	const void *data)
{
	(void)source, (void)type, (void)data;
	strcat(strcat(done, target), flags == (MS_REMOUNT | MS_RDONLY) ? "=ro " : "=? ");
	return 0;
}

void sync(void)
{
	strcat(done, "sync");
}

static unsigned long waited; /* us */

/* A server that is dead takes its time, the test a fifth of it. */
int usleep(useconds_t us)
{
	const struct timespec fifth = { 0, us / 5 * 1000 };

	waited += us;
	return nanosleep(&fifth, NULL);
}

static const char mounts[] = "proc /proc proc rw 0 0\n"
			     "/dev/vda /oldroot ext4 rw 0 0\n"
			     "10.0.0.1:/srv /oldroot/mroot nfs4 ro 0 0\n"
			     "10.0.0.1:/srv/live/usr /oldroot/usr nfs4 ro 0 0\n"
			     "/dev/vdb /oldroot/a\\040b ext4 rw 0 0\n"
			     "run /run tmpfs rw 0 0\n";

static void run(const char *is_busy, const char *that_hangs)
{
	busy = is_busy;
	hangs = that_hangs;
	done[0] = '\0';
	waited = 0;
	fake_reset();
	unmount_old_root();
}

int main(void)
{
	const char *reason = sandbox_enter();

	done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (reason || done == MAP_FAILED) {
		tap_skip("the end of mounts", reason ? reason : "no memory");
		return tap_done();
	}
	sandbox_file("/proc/self/mounts", mounts);
	run(NULL, NULL);
	CHECK_STR(done, "/oldroot/a b /oldroot/usr! /oldroot/mroot! /oldroot sync",
		"the last first, NFS by force, and nothing of our own");
	run("/oldroot", NULL);
	CHECK_STR(done, "/oldroot/a b /oldroot/usr! /oldroot/mroot! /oldroot=ro sync",
		"a disk that is busy becomes read-only");
	run(NULL, "/oldroot/usr");
	CHECK_STR(done, "/oldroot/a b /oldroot/mroot! /oldroot sync", "a dead server");
	CHECK(waited >= 5000000 && waited < 6000000, "holds the end up for 5 s");
	CHECK(fake_logged("/oldroot/usr: the server does not answer") == 1, "and that is said");
	return tap_done();
}
