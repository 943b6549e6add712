#include "initrd/finish.h"

#include "initrd/kexec.h"
#include "initrd/log.h"
#include "initrd/power.h"
#include "initrd/unmount.h"

#include <linux/reboot.h>
#include <sys/reboot.h>

void finish_run(int how)
{
	if (how == RB_AUTOBOOT && kexec_load())
		how = (int)LINUX_REBOOT_CMD_KEXEC;
	unmount_old_root();
	log_info("done");
	power_end(how);
	/* No kernel was loaded for kexec, or the machine cannot be powered off. */
	power_end(RB_AUTOBOOT);
}
