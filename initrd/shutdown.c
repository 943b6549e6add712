/*
 * xf-shutdown: the exit program in /run/initramfs. systemd moves there at the very end (bootup(7))
 * and execs it as pid 1 with the verb; the old root, with the share below it, is on /oldroot. With
 * --guard it is the process that ends a shutdown which a dead server holds up.
 */
#include "initrd/finish.h"
#include "initrd/guard.h"
#include "initrd/log.h"
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
	if (!as_guard) {
		log_open("xf-shutdown");
		log_step(verb->name);
		finish_run(verb->how);
		return 1;
	}
	/* systemd spares processes whose name begins so when it kills all others at the end. */
	argv[0][0] = '@';
	return guard_run(verb->how);
}
