/* Drivers for the machine's devices: a /sys and modules that are files, and a kernel that is a
 * list. */
#include "initrd/modules.h"

#include "initrd/test/fake.h"
#include "initrd/test/sandbox.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char *loaded; /* shared with children */
static const char *fails;
static int fails_with;

/* A module's file holds its name. */
int finit_module(int fd, const char *params, int flags);
int finit_module(int fd, const char *params, int flags)
{
	char name[32];
	ssize_t n = read(fd, name, sizeof(name) - 1);

	(void)params;
	name[n < 0 ? 0 : n] = '\0';
	if (fails && !strcmp(name, fails)) {
		errno = fails_with;
		return -1;
	}
	strcat(strcat(strcat(loaded, name), flags ? "(packed)" : ""), " ");
	/* A driver of a bus finds what is on it. */
	if (!strcmp(name, "virtio_pci"))
		sandbox_file("/sys/bus/virtio/devices/virtio0/modalias", "virtio:net\n");
	return 0;
}

static const char table[] = "xenfarm-modules 1 6.1\n"
			    "module ring ring.ko -\n"
			    "module virtio_pci virtio_pci.ko ring\n"
			    "module virtio_net virtio_net.ko.xz ring\n"
			    "module sunrpc sunrpc.ko -\n"
			    "module nfs nfs.ko sunrpc\n"
			    "module nfsv4 nfsv4.ko sunrpc,nfs\n"
			    "module odd odd.ko gone\n"
			    "builtin ext4\n"
			    "alias pci:virtio* virtio_pci\n"
			    "alias virtio:net virtio_net\n"
			    "alias fs-nfs4 nfsv4\n";

static void fresh(void)
{
	loaded[0] = '\0';
	fails = NULL;
	fake_reset();
	CHECK(modules_open() == 0, "the table");
}

static void test_devices(void)
{
	fresh();
	sandbox_file("/sys/bus/pci/devices/0000/modalias", "pci:virtio-something\n");
	sandbox_file("/sys/bus/pci/devices/0001/modalias", "pci:another\n");
	sandbox_file("/sys/bus/usb/devices/1/name", "none\n");
	modules_rescan();
	CHECK_STR(loaded, "ring virtio_pci virtio_net(packed) ",
		"dependencies first, and what a driver's bus brings");
	modules_rescan();
	CHECK_STR(loaded, "ring virtio_pci virtio_net(packed) ", "nothing twice");
	sandbox_empty("/sys");
}

static void test_errors(void)
{
	char name[] = "odd", *argv[] = { name, name };

	fresh();
	fails = "ring";
	fails_with = EINVAL;
	sandbox_file("/sys/bus/pci/devices/0000/modalias", "pci:virtio\n");
	modules_rescan();
	CHECK(fake_logged("ring: cannot load: EINVAL") == 1, "one that cannot be loaded is told");
	CHECK(strstr(loaded, "virtio_pci ") == loaded, "and its users are tried");
	fresh();
	fails = "ring";
	fails_with = ENODEV;
	modules_rescan();
	CHECK(!fake_logged("cannot load"), "one that has nothing to do here is not");
	fresh();
	fails = "ring";
	fails_with = EEXIST;
	modules_rescan();
	CHECK(!fake_logged("cannot load"), "nor is one that is there");
	fresh();
	modules_modprobe(2, argv);
	CHECK(fake_logged("odd needs gone, which is not in the initrd") == 1,
		"what lacks is named");
	sandbox_empty("/sys");
}

static int modprobe(const char *name)
{
	char *argv[] = { (char *)"/sbin/modprobe", (char *)"-q", (char *)"--", (char *)name, NULL };

	fresh();
	return modules_modprobe(4, argv);
}

static void test_modprobe(void)
{
	CHECK(modprobe("fs-nfs4") == 0, "the kernel asks for an alias");
	CHECK_STR(loaded, "sunrpc nfs nfsv4 ", "and gets it");
	CHECK(modprobe("ext4") == 0 && !loaded[0], "what is built in is there");
	CHECK(modprobe("binfmt-464c") == 1 && !fake_log[0], "what is not known is not told");
	fresh();
	modules_load_ahead("nfsv4");
	while (wait(NULL) > 0)
		;
	CHECK_STR(loaded, "sunrpc nfs nfsv4 ", "what is needed later is loaded by a child");
	sandbox_file("/lib/xenfarm/modules", "xenfarm-modules 1 6.1\nmodule x\n");
	CHECK(modules_open() == -EINVAL, "a bad table");
	CHECK_STR(fake_object, "/lib/xenfarm/modules, line 2", "is an error with its line");
	unlink("/lib/xenfarm/modules");
	CHECK(modules_open() == -ENOENT, "and so is none");
}

int main(void)
{
	static const char *const names[] = { "ring", "virtio_pci", "virtio_net", "sunrpc", "nfs",
		"nfsv4", "odd" };
	const char *reason = sandbox_enter();

	loaded = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (reason || loaded == MAP_FAILED) {
		tap_skip("drivers", reason ? reason : "no memory");
		return tap_done();
	}
	sandbox_file("/lib/xenfarm/modules", table);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/lib/xenfarm/%s.ko%s", names[i],
			strcmp(names[i], "virtio_net") ? "" : ".xz");
		sandbox_file(path, names[i]);
	}
	test_devices();
	test_errors();
	test_modprobe();
	return tap_done();
}
