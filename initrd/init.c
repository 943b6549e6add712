/*
 * xf-init: PID 1 of a client's initramfs. Ten steps, in this order, from a kernel with a command
 * line to the real init on a writeable root whose read-only part is the share
 * (docs/boot-contract.md).
 */
#include "initrd/boot.h"
#include "initrd/early.h"
#include "initrd/handover.h"
#include "initrd/log.h"
#include "initrd/modules.h"
#include "initrd/original.h"
#include "initrd/switch.h"
#include "lib/exit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static int step_devices(struct boot *boot)
{
	(void)boot;
	return early_mounts();
}

static int step_drivers(struct boot *boot)
{
	int rc = modules_open();

	if (rc < 0)
		return rc;
	modules_rescan();
	modules_load_ahead(boot->cmdline.share_vers[0] == '3' ? "nfsv3" : "nfsv4");
	return 0;
}

static int step_root(struct boot *boot)
{
	return root_mount(&boot->cmdline, &boot->share, &boot->root);
}

/* It writes the record, which therefore lacks this step's own time. */
static int step_init(struct boot *boot)
{
	const char *init = switch_find_init(ROOT_DIR, boot->cmdline.init);
	int rc = init ? switch_check(ROOT_DIR) : -ENOENT;

	if (rc == 0)
		rc = handover_record(boot);
	if (rc == 0)
		rc = early_move_mounts();
	if (rc < 0)
		return rc;
	log_info("%s", init);
	log_close();
	return switch_root(ROOT_DIR, init, early_arguments());
}

static const struct boot_step steps[BOOT_STEPS] = {
	{ "devices", step_devices, 0 },
	{ "cmdline", boot_step_cmdline, 0 },
	{ "drivers", step_drivers, 0 },
	{ "interface", boot_step_interface, XF_DEBUG_NET },
	{ "portmap", boot_step_portmap, 0 },
	{ "share", boot_step_share, XF_DEBUG_SHARE },
	{ "root", step_root, XF_DEBUG_ROOT },
	{ "reconcile", boot_step_reconcile, XF_DEBUG_AGENT },
	{ "bind", boot_step_bind, 0 },
	{ "init", step_init, XF_DEBUG_INIT },
};

static const char not_pid_1[] =
	"xf-init " XF_VERSION ": it is the /init of an initramfs (xf-mkinitrd(8)) and "
	"runs as process 1 only\n";

int main(int argc, char **argv)
{
	static struct boot boot;
	const char *name = strrchr(argv[0], '/');

	if (!strcmp(name ? name + 1 : argv[0], "modprobe"))
		return modules_modprobe(argc, argv);
	if (getpid() != 1) {
		/* Not through stdio, which would add a kilobyte to the image. */
		(void)!write(STDERR_FILENO, not_pid_1, strlen(not_pid_1));
		return EXIT_USAGE;
	}
	/* The kernel puts name=value words that it does not know into the environment. */
	if (!getenv("xfnet"))
		original_exec(argv);
	early_save_arguments(argc, argv);
	boot_run(&boot, steps, BOOT_STEPS);
	return EXIT_FAILURE; /* the last step does not return */
}
