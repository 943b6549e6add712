#include "initrd/boot.h"

#include "initrd/bind.h"
#include "initrd/clock.h"
#include "initrd/early.h"
#include "initrd/fail.h"
#include "initrd/handover.h"
#include "initrd/log.h"
#include "initrd/nfs/portmap.h"
#include "initrd/reconcile.h"
#include "initrd/shell.h"
#include "lib/paths.h"

#include <unistd.h>

static void run(struct boot *boot, const struct boot_step *step)
{
	struct boot_time *time = &boot->time[boot->n_times];
	uint64_t start;

	log_step(step->name);
	if (boot->cmdline.debug & step->shell)
		shell_run("xfdebug, before this step");
	start = clock_ms();
	while (step->run(boot) < 0)
		fail_act(&boot->cmdline);
	*time = (struct boot_time){ .name = step->name, .ms = (uint32_t)(clock_ms() - start) };
	boot->n_times++;
	log_info("done in %u ms", time->ms);
}

void boot_run(struct boot *boot, const struct boot_step *steps, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		run(boot, &steps[i]);
}

int boot_step_cmdline(struct boot *boot)
{
	int rc = early_cmdline(&boot->cmdline);

	return rc < 0 ? rc : handover_begin();
}

int boot_step_interface(struct boot *boot)
{
	return interface_up(&boot->cmdline, &boot->interface);
}

int boot_step_portmap(struct boot *boot)
{
	return portmap_start(&boot->cmdline);
}

int boot_step_share(struct boot *boot)
{
	/*
	 * Other tools' initrds may have it: then the share would be judged by names that it can map
	 * here, but not later.
	 */
	unlink("/sbin/request-key");
	return mount_share(&boot->cmdline, PATH_SHARE, &boot->share);
}

/* The agent takes from the record whether xfgen= pins this client. */
int boot_step_reconcile(struct boot *boot)
{
	int rc = handover_record(boot);

	if (rc < 0)
		return rc;
	return reconcile_root(&boot->cmdline, &boot->share, &boot->root, &boot->agent);
}

int boot_step_bind(struct boot *boot)
{
	int rc = bind_root(&boot->share);

	if (rc == 0)
		rc = handover_files(boot);
	return rc == 0 ? root_finish(&boot->cmdline, &boot->root) : rc;
}
