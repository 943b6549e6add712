/* A reboot into the published kernel: shares of a few files, and kexec_file_load(2) that is this
 * file's own. */
#include "initrd/kexec.h"

#include "initrd/kexec-call.h"
#include "initrd/test/fake.h"
#include "initrd/test/sandbox.h"
#include "lib/paths.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHARE     "/oldroot/run/initramfs/share"
#define RUNNING   "6.1.0-56-cloud-amd64"
#define VERSION   "#1 SMP PREEMPT_DYNAMIC Debian 6.1.159-1 (2026-11-16)"
#define BUILDER   " (debian-kernel@lists.debian.org) "
#define OPTIONS   "xfnet=10.0.0.9/24:10.0.0.1 root=LABEL=a console=ttyS0"
#define HEADER_AT 0x3000 /* of the text, in a kernel; less 0x200 */

static struct {
	char log[FAKE_LOG_SIZE], loaded[256];
	int calls, answer; /* of kexec_call() */
	bool hangs;
} * seen; /* shared with children */

int uname(struct utsname *name)
{
	strcpy(name->release, RUNNING);
	strcpy(name->version, VERSION);
	return 0;
}

static char *last_word(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, lseek(fd, 0, SEEK_END) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

/* What it is given: the last byte of each file, and the line with its NUL. */
int kexec_call(int kernel, int initrd, const char *cmdline, size_t size)
{
	char a[2], b[2];

	seen->calls++;
	while (seen->hangs) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
	}
	snprintf(seen->loaded, sizeof(seen->loaded), "%s%s %s%s", last_word(kernel, a, sizeof(a)),
		last_word(initrd, b, sizeof(b)), cmdline,
		strlen(cmdline) + 1 == size ? "" : " (without its NUL)");
	return seen->answer;
}

static unsigned long waited; /* us */

int usleep(useconds_t us)
{
	const struct timespec little = { 0, us / 100 * 1000 };

	waited += us;
	return nanosleep(&little, NULL);
}

static void write_bytes(const char *path, const uint8_t *bytes, size_t n)
{
	FILE *f;

	sandbox_file(path, NULL);
	f = fopen(path, "w");
	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f))
		printf("Bail out! %s\n", path);
}

/* As arch/x86/boot/header.S lays it out; mark is its last byte. */
static void make_kernel(const char *path, const char *text, char mark)
{
	uint8_t bytes[HEADER_AT + 1024] = { 0 };

	memcpy(bytes + 0x202, "HdrS", 4);
	bytes[0x20e] = (HEADER_AT - 0x200) & 0xff;
	bytes[0x20f] = (HEADER_AT - 0x200) >> 8;
	strcpy((char *)bytes + HEADER_AT, text);
	bytes[sizeof(bytes) - 1] = (uint8_t)mark;
	write_bytes(path, bytes, sizeof(bytes));
}

/* What the kernel that runs was loaded with. */
static void set_loaded_size(uint32_t size)
{
	uint8_t bytes[4096] = { 0 };

	for (int i = 0; i < 4; i++)
		bytes[0x21c + i] = (uint8_t)(size >> 8 * i);
	write_bytes("/sys/kernel/boot_params/data", bytes, sizeof(bytes));
}

static void set_record(const char *tree)
{
	char text[256];

	snprintf(text, sizeof(text), "version=1\nserver=10.0.0.1\ngeneration=7\ntree=%s\n", tree);
	sandbox_file(PATH_RUN_RECORD, text);
}

/* Booted from generation 7, which is the newest. */
static void set_up(void)
{
	sandbox_empty("/oldroot");
	sandbox_empty("/share");
	sandbox_empty("/sys");
	sandbox_file(SHARE "/current", "7\n");
	make_kernel(SHARE "/gen/7/boot/xf-vmlinuz", RUNNING BUILDER VERSION, 'k');
	sandbox_file(SHARE "/gen/7/boot/xf-initrd.img", "the initrd i");
	sandbox_file("/proc/cmdline", OPTIONS "\n");
	set_loaded_size(12);
	set_record("/mroot/live");
}

/* Published after the boot: generation 8, with that kernel (NULL: the same) and initrd. */
static void publish(const char *version, const char *initrd)
{
	sandbox_file(SHARE "/current", "8\n");
	sandbox_file(SHARE "/gen/8/boot/nothing", NULL);
	if (version)
		make_kernel(SHARE "/gen/8/boot/xf-vmlinuz", version, 'K');
	else
		(void)!link(SHARE "/gen/7/boot/xf-vmlinuz", SHARE "/gen/8/boot/xf-vmlinuz");
	if (initrd)
		sandbox_file(SHARE "/gen/8/boot/xf-initrd.img", initrd);
	else
		(void)!link(SHARE "/gen/7/boot/xf-initrd.img", SHARE "/gen/8/boot/xf-initrd.img");
}

static void check(bool loads, const char *loaded, const char *name)
{
	bool rc;

	fake_reset();
	seen->loaded[0] = '\0';
	seen->calls = 0;
	waited = 0;
	fflush(stdout);
	rc = kexec_load();
	CHECK(rc == loads, name);
	CHECK_STR(seen->loaded, loaded, "what is loaded");
}

static void says(const char *text)
{
	if (!CHECK(fake_logged(text) > 0, text))
		printf("# said: %s\n", fake_log);
}

static void test_same(void)
{
	set_up();
	check(false, "", "the generation that runs");
	says("gen/7: its kernel and initrd are the ones that run");
	publish(NULL, NULL);
	check(false, "", "a generation with the same kernel and initrd");
	says("gen/8");
}

static void test_changed(void)
{
	set_up();
	publish("6.12.1-cloud-amd64" BUILDER VERSION, NULL);
	check(true, "Ki " OPTIONS, "another kernel");
	says("gen/8: its kernel and initrd are loaded");
	set_up();
	publish(RUNNING "0" BUILDER VERSION, NULL);
	check(true, "Ki " OPTIONS, "one whose name only begins so");
	set_up();
	publish(RUNNING BUILDER "#2 SMP PREEMPT_DYNAMIC Debian 6.1.159-1 (2026-11-17)", NULL);
	check(true, "Ki " OPTIONS, "one of the same name, built again");
	set_up();
	publish(NULL, "the initrd j");
	check(true, "kj " OPTIONS, "another initrd of the same size");
	set_up();
	publish(NULL, NULL);
	sandbox_file(SHARE "/gen/4/boot/xf-initrd.img", "an old initrd");
	set_loaded_size(13);
	check(true, "ki " OPTIONS, "a machine that was reset, into an older initrd of the share");
	set_up();
	sandbox_file("/oldroot" PATH_RUN_SHARE "/gen/7/boot/xf-vmlinuz", "no kernel k");
	check(true, "ki " OPTIONS, "what is no kernel is the kernel's to refuse");
}

/* Where a reset is right: the share's may not know how to mount its root. */
static void test_own_initrd(void)
{
	set_up();
	publish("6.12" BUILDER VERSION, "the initrd j");
	set_loaded_size(12 + (1 << 24));
	check(false, "", "a machine that was started with an initrd of its own");
	says("an initrd that is none of the share's: a reset");
	sandbox_file("/sys/kernel/boot_params/data", "short");
	check(false, "", "a loader's note that cannot be read");
	says("(EIO)");
	unlink("/sys/kernel/boot_params/data");
	check(false, "", "none at all");
	says("(ENOENT)");
}

/* A channel has a `current` of its own: what live has is not what its clients boot. */
static void test_channel(void)
{
	set_up();
	publish(NULL, "the initrd J");
	sandbox_file(SHARE "/channel/canary/current", "7\n");
	set_record("/mroot/channel/canary/live");
	check(false, "", "a client in a channel that has not changed");
	says("gen/7: its kernel and initrd are the ones that run");
	sandbox_file(SHARE "/current", "7\n");
	sandbox_file(SHARE "/channel/canary/current", "8\n");
	check(true, "kJ " OPTIONS, "a client in a channel that has");
	says("gen/8: its kernel and initrd are loaded");
}

static void test_pinned(void)
{
	set_up();
	publish("6.12" BUILDER VERSION, "I");
	set_record("/mroot/gen/7");
	check(false, "", "a client that is pinned stays");
	says("gen/7: its kernel");
	set_record("/srv/gen/7");
	check(false, "", "a tree elsewhere");
	says("(EINVAL)");
	sandbox_file(PATH_RUN_RECORD, "generation=7\n");
	check(false, "", "a record without one");
	says("(ENOENT)");
}

static void test_places(void)
{
	set_up();
	publish("6.12" BUILDER VERSION, NULL);
	sandbox_file("/share/nothing", NULL);
	check(true, "Ki " OPTIONS, "the share in the old root");
	CHECK(rename("/share/nothing", "/share/current") == 0 &&
			rename(SHARE "/current", "/share/current") == 0 &&
			rename(SHARE "/gen", "/share/gen") == 0,
		"the share");
	check(true, "Ki " OPTIONS, "that came along to the last root");
	unlink("/share/current");
	check(false, "", "no share at all");
	says("(ENOENT)");
}

static void test_refused(void)
{
	static char line[5000];

	set_up();
	publish("6.12" BUILDER VERSION, NULL);
	seen->answer = -EPERM;
	check(false, "Ki " OPTIONS, "a kernel that may not load another");
	says("gen/8: its kernel cannot be loaded (EPERM): a reset");
	seen->answer = 0;
	unlink(SHARE "/gen/8/boot/xf-initrd.img");
	check(false, "", "a generation without an initrd");
	says("(ENOENT)");
	publish("6.12" BUILDER VERSION, NULL);
	memset(line, 'x', sizeof(line) - 1);
	sandbox_file("/proc/cmdline", line);
	check(false, "", "a command line that is too long");
	says("(E2BIG)");
}

static void test_xen(void)
{
	set_up();
	publish("6.12" BUILDER VERSION, NULL);
	sandbox_file("/sys/hypervisor/type", "xen\n");
	check(false, "", "on Xen");
	CHECK(seen->calls == 0, "nothing is loaded");
}

static void test_dead_server(void)
{
	const struct timespec moment = { 0, 20 * 1000 * 1000 };
	pid_t gone = 0;

	set_up();
	publish("6.12" BUILDER VERSION, NULL);
	seen->hangs = true;
	check(false, "", "a server that is dead");
	says("the server does not answer: a reset");
	CHECK(waited >= 1000000UL * KEXEC_LIMIT && waited < 1000000UL * KEXEC_LIMIT + 1000000,
		"after the time that it has");
	for (int i = 0; i < 100 && (gone = waitpid(-1, NULL, WNOHANG)) == 0; i++)
		nanosleep(&moment, NULL);
	CHECK(gone > 0, "and nobody is left to load it later");
	seen->hangs = false;
}

int main(void)
{
	const char *reason = sandbox_enter();

	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (reason || seen == MAP_FAILED) {
		tap_skip("a reboot into the published kernel", reason ? reason : "no memory");
		return tap_done();
	}
	fake_log = seen->log;
	for (const char *const *dir = (const char *const[]){ "/oldroot", "/share", "/sys", NULL };
		*dir; dir++)
		sandbox_mount(*dir);
	test_same();
	test_changed();
	test_own_initrd();
	test_channel();
	test_pinned();
	test_places();
	test_refused();
	test_xen();
	test_dead_server();
	return tap_done();
}
