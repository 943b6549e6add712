/*
 * xf-init: PID 1 of a client's initramfs. Ten steps, in this order, from a kernel with a command
 * line to the real init on a writeable root whose read-only part is the share
 * (docs/boot-contract.md).
 */
#include "initrd/bind.h"
#include "initrd/boot.h"
#include "initrd/early.h"
#include "initrd/fail.h"
#include "initrd/handover.h"
#include "initrd/log.h"
#include "initrd/modules.h"
#include "initrd/original.h"
#include "initrd/portmap.h"
#include "initrd/reconcile.h"
#include "initrd/shell.h"
#include "initrd/switch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static struct boot boot;

static int step_devices(void)
{
	return early_mounts();
}

static int step_cmdline(void)
{
	int rc = early_cmdline(&boot.cmdline);

	return rc < 0 ? rc : handover_begin();
}

static int step_drivers(void)
{
	int rc = modules_open();

	if (rc < 0)
		return rc;
	modules_rescan();
	modules_load_ahead(boot.cmdline.share_vers[0] == '3' ? "nfsv3" : "nfsv4");
	return 0;
}

static int step_interface(void)
{
	return interface_up(&boot.cmdline, &boot.interface);
}

static int step_portmap(void)
{
	return portmap_start(&boot.cmdline);
}

static int step_share(void)
{
	return share_mount(&boot.cmdline, SHARE_DIR, &boot.share);
}

static int step_root(void)
{
	return root_mount(&boot.cmdline, &boot.share, &boot.root);
}

static int step_reconcile(void)
{
	return reconcile(&boot.cmdline, &boot.share, &boot.root, &boot.agent);
}

static int step_bind(void)
{
	int rc = bind_root(&boot.share);

	if (rc == 0)
		rc = handover_files(&boot);
	return rc == 0 ? root_finish(&boot.cmdline, &boot.root) : rc;
}

/* Its own time is not over when the record is written, so it is not in it. */
static int step_init(void)
{
	const char *init = switch_find_init(ROOT_DIR, boot.cmdline.init);
	int rc = init ? switch_check(ROOT_DIR) : -ENOENT;

	if (rc == 0)
		rc = handover_record(&boot);
	if (rc == 0)
		rc = early_move_mounts();
	if (rc < 0)
		return rc;
	log_info("%s", init);
	log_close();
	return switch_root(ROOT_DIR, init, early_arguments());
}

static const struct step {
	const char *name;
	int (*run)(void);
	enum xf_debug shell; /* xfdebug= bit of the shell before this step */
} steps[BOOT_STEPS] = {
	{ "devices", step_devices, 0 },
	{ "cmdline", step_cmdline, 0 },
	{ "drivers", step_drivers, 0 },
	{ "interface", step_interface, XF_DEBUG_NET },
	{ "portmap", step_portmap, 0 },
	{ "share", step_share, XF_DEBUG_SHARE },
	{ "root", step_root, XF_DEBUG_ROOT },
	{ "reconcile", step_reconcile, XF_DEBUG_AGENT },
	{ "bind", step_bind, 0 },
	{ "init", step_init, XF_DEBUG_INIT },
};

static void run(const struct step *step)
{
	uint64_t start;

	log_step(step->name);
	if (boot.cmdline.debug & step->shell)
		shell_run("xfdebug, before this step");
	start = now_ms();
	while (step->run() < 0)
		fail_act(&boot.cmdline);
	boot.time[boot.n_times++] =
		(struct step_time){ .name = step->name, .ms = (uint32_t)(now_ms() - start) };
	log_info("done in %u ms", boot.time[boot.n_times - 1].ms);
}

static const char not_pid_1[] =
	"xf-init " XF_VERSION ": it is the /init of an initramfs (xf-mkinitrd(8)) and "
	"runs as process 1 only\n";

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');

	if (!strcmp(name ? name + 1 : argv[0], "modprobe"))
		return modprobe_main(argc, argv);
	if (getpid() != 1) {
		/* Not through stdio, which would be a kilobyte more of an image for this alone. */
		(void)!write(STDERR_FILENO, not_pid_1, strlen(not_pid_1));
		return 2;
	}
	/* The kernel puts name=value words that it does not know into the environment. */
	if (!getenv("xfnet"))
		original_exec(argv);
	early_save_arguments(argc, argv);
	for (unsigned int i = 0; i < BOOT_STEPS; i++)
		run(&steps[i]);
	return 1; /* the last step does not return */
}
