/*
 * xf-shutdown: the exit program in /run/initramfs. systemd moves there at the very end (bootup(7))
 * and execs it as pid 1 with the verb; the old root, with the share below it, is on /oldroot. With
 * --guard it is the process that ends a shutdown which a dead server holds up.
 */
#include "initrd/guard.h"
#include "initrd/kexec.h"
#include "initrd/log.h"
#include "initrd/power.h"
#include "initrd/unmount.h"
#include "lib/exit.h"

#include <stdbool.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

static const struct verb {
	const char *name;
	int how;
} verbs[] = {
	{ "poweroff", RB_POWER_OFF },
	{ "reboot", RB_AUTOBOOT },
	{ "halt", RB_HALT_SYSTEM },
	{ "kexec", (int)LINUX_REBOOT_CMD_KEXEC },
};

static const struct verb *find_verb(const char *name)
{
	for (unsigned int i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static int shut_down(const struct verb *verb)
{
	int how = verb->how;

	log_open("xf-shutdown");
	log_step(verb->name);
	/* While the share is still mounted. */
	if (how == RB_AUTOBOOT && kexec_load())
		how = (int)LINUX_REBOOT_CMD_KEXEC;
	unmount_old_root();
	log_info("done");
	power_end(how);
	/* No kernel was loaded for kexec, or the machine cannot be powered off: do not go on as
	 * process 1 without a root. */
	power_end(RB_AUTOBOOT);
	return 1;
}

static const char usage[] =
	"xf-shutdown " XF_VERSION ": systemd runs it as process 1 at the end of a shutdown, with "
	"poweroff, reboot, halt or kexec; --guard VERB waits for one\n";

int main(int argc, char **argv)
{
	bool as_guard = argc == 3 && !strcmp(argv[1], "--guard");
	const struct verb *verb = as_guard || argc > 1 ? find_verb(argv[as_guard ? 2 : 1]) : NULL;

	if (!verb || (!as_guard && getpid() != 1)) {
		(void)!write(STDERR_FILENO, usage, strlen(usage));
		return EXIT_USAGE;
	}
	if (!as_guard)
		return shut_down(verb);
	/* systemd spares processes whose name begins so when it kills all others at the end. */
	argv[0][0] = '@';
	return guard_run(verb->how);
}
