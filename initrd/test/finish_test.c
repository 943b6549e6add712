/* The order at the end of the system: what it calls is a word in a list. */
#include "initrd/finish.h"

#include "initrd/kexec.h"
#include "initrd/power.h"
#include "initrd/test/fake.h"
#include "initrd/unmount.h"
#include "lib/test/tap.h"

#include <linux/reboot.h>
#include <stdbool.h>
#include <sys/reboot.h>

static char done[128];
static bool loads;

bool kexec_load(void)
{
	strcat(done, "load ");
	return loads;
}

void unmount_old_root(void)
{
	strcat(done, "unmount ");
}

/* A kernel that does nothing of it. */
void power_end(int how)
{
	static const struct {
		int how;
		const char *name;
	} ends[] = { { RB_AUTOBOOT, "reset " }, { (int)LINUX_REBOOT_CMD_KEXEC, "kexec " },
		{ RB_POWER_OFF, "off " }, { (int)RB_HALT_SYSTEM, "halt " } };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends[i].how == how)
			strcat(done, ends[i].name);
}

static const struct row {
	const char *name;
	int how;
	bool loads;
	const char *done;
} rows[] = {
	{ "a reboot into another kernel", RB_AUTOBOOT, true, "load unmount kexec reset " },
	{ "a reboot into the one that runs", RB_AUTOBOOT, false, "load unmount reset reset " },
	{ "a poweroff loads none", RB_POWER_OFF, true, "unmount off reset " },
	{ "nor does a halt", (int)RB_HALT_SYSTEM, true, "unmount halt reset " },
	{ "a kernel that somebody else has loaded", (int)LINUX_REBOOT_CMD_KEXEC, true,
		"unmount kexec reset " },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		done[0] = '\0';
		loads = rows[i].loads;
		finish_run(rows[i].how);
		CHECK_STR(done, rows[i].done, rows[i].name);
	}
	return tap_done();
}
