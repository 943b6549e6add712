#include "farm/virt/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/io.h"
#include "lib/publish.h"
#include "lib/spawn.h"

#define DEVICE "/dev/kvm"
#define QEMU   "qemu-system-x86_64"

/* QEMU's device isa-debug-exit ends it with (value << 1) | 1. */
#define EXIT_VALUE  0x10
#define EXIT_STATUS (EXIT_VALUE << 1 | 1)

/* mov al, EXIT_VALUE; out 0xf4, al; hlt; jmp to hlt */
static const unsigned char boot_code[] = { 0xb0, EXIT_VALUE, 0xe6, 0xf4, 0xf4, 0xeb, 0xfd };

/* A floppy's boot sector in memory, that QEMU inherits. An fd, or -errno. */
static int boot_sector(void)
{
	unsigned char sector[512] = { 0 };
	int fd = memfd_create("xenfarm-kvm", 0), r;

	if (fd < 0)
		return -errno;
	memcpy(sector, boot_code, sizeof(boot_code));
	sector[510] = 0x55;
	sector[511] = 0xaa;
	r = io_write(fd, sector, sizeof(sector));
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

int kvm_probe(const char *qemu, const char *accelerator, unsigned int seconds)
{
	AUTO_CLOSE int fd = boot_sector();
	AUTO_CLOSE int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	char drive[80];
	/* A shell, to keep what QEMU says of its own off the terminal. */
	const char *const argv[] = { "/bin/sh", "-c", "exec \"$0\" \"$@\" 2>/dev/null", qemu,
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-m", "16",
		"-accel", accelerator, "-device", "isa-debug-exit,iobase=0xf4", "-drive", drive,
		"-boot", "a", NULL };
	const struct spawn spawn = {
		.argv = argv, .out = null, .kept = fd, .limit = seconds, .dies_with_parent = true
	};
	int status, r;

	if (fd < 0)
		return fd;
	snprintf(
		drive, sizeof(drive), "file=/proc/self/fd/%d,format=raw,if=floppy,readonly=on", fd);
	r = spawn_run(&spawn, &status);
	if (r < 0)
		return r == -ETIMEDOUT ? 0 : r;
	return status == 126 || status == 127 ? -ENOENT : status == EXIT_STATUS;
}

/* 1, 0, or -ENOENT: not known yet. */
static int cached(const char *path)
{
	char text[8] = "";
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return -ENOENT;
	return strcmp(text, "yes\n") == 0;
}

static int probe(const char *path)
{
	int r = kvm_probe(QEMU, "kvm", KVM_PROBE_SECONDS);
	const char *text = r > 0 ? "yes\n" : "no\n";

	if (r >= 0 && path)
		publish_file(AT_FDCWD, path, 0644, text, strlen(text));
	return r < 0 ? 1 : r;
}

bool kvm_works(const char *cache)
{
	AUTO_FREE char *path = NULL;
	int r;

	if (access(DEVICE, R_OK | W_OK) < 0) {
		cli_error(0, "no " DEVICE ": clients are emulated, which takes ten times as long");
		return false;
	}
	if (cache && asprintf(&path, "%s/kvm", cache) < 0)
		path = NULL;
	r = path ? cached(path) : -ENOENT;
	if (r < 0)
		r = probe(path);
	if (r == 0)
		cli_error(0,
			"WARNING: " DEVICE
			" does not work: a machine under KVM did not get through its "
			"firmware. Clients are emulated, which takes ten times as long. To try "
			"again, "
			"remove %s",
			path ? path : DEVICE);
	return r > 0;
}
