#include "initrd/early.h"

#include "initrd/fail.h"
#include "initrd/file.h"
#include "initrd/log.h"
#include "initrd/nfs/mount.h"
#include "initrd/root.h"
#include "lib/paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define CMDLINE_MAX   4096 /* COMMAND_LINE_SIZE is at most this on all architectures of interest */
#define ARGUMENTS_MAX 32   /* MAX_INIT_ARGS of init/main.c */

static const struct {
	const char *type, *dir;
	unsigned long flags;
	const char *options;
} kernel_mounts[] = {
	{ "proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
	{ "sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
	{ "devtmpfs", "/dev", MS_NOSUID, "mode=0755" },
	/* Not noexec: the exit program runs from there. */
	{ "tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755,size=20%" },
};

int early_mounts(void)
{
	int rc = 0;

	for (unsigned int i = 0; i < sizeof(kernel_mounts) / sizeof(kernel_mounts[0]); i++) {
		mkdir(kernel_mounts[i].dir, 0755);
		if (mount(kernel_mounts[i].type, kernel_mounts[i].dir, kernel_mounts[i].type,
			    kernel_mounts[i].flags, kernel_mounts[i].options) < 0 &&
			errno != EBUSY)
			rc = fail_note(-errno, NULL, "mount %s on %s", kernel_mounts[i].type,
				kernel_mounts[i].dir);
	}
	log_open("xf-init");
	log_step("devices");
	return rc;
}

/* With the text that is wrong. */
static void say(const char *text, const struct xf_problem *problem)
{
	size_t length = problem->length < 64 ? problem->length : 64;

	(problem->kind == XF_ERROR ? log_error : log_warn)("%s: %s%s%s%s, at \"%.*s\"",
		problem->field, problem->what, problem->expected ? " (expected " : "",
		problem->expected ? problem->expected : "", problem->expected ? ")" : "",
		(int)length, text + problem->at);
}

int early_cmdline(struct xf_cmdline *cmdline)
{
	static struct xf_problems problems;
	static char text[CMDLINE_MAX];
	ssize_t n = file_read("/proc/cmdline", text, sizeof(text));

	if (n < 0)
		return fail_note(n, NULL, "/proc/cmdline");
	memset(&problems, 0, sizeof(problems));
	xf_cmdline_parse(text, n, cmdline, &problems);
	for (unsigned int i = 0; i < problems.n; i++)
		say(text, &problems.problem[i]);
	if (problems.errors)
		return fail_note(-EINVAL, "check it with `xfnet check`", "the kernel command line");
	if (!cmdline->has_net)
		return fail_note(-EINVAL, "see xfnet(7)", "no xfnet= on the command line");
	if (!cmdline->name[0])
		xf_default_name(&cmdline->net.client, cmdline->name);
	/* Also the NFSv4 client's identity: without it, all clients of a server would be "(none)".
	 */
	if (sethostname(cmdline->name, strlen(cmdline->name)) < 0)
		return fail_note(-errno, NULL, "host name %s", cmdline->name);
	return 0;
}

static char *arguments[ARGUMENTS_MAX + 2];

/* The kernel gives init every word that it does not know itself. */
void early_save_arguments(int argc, char **argv)
{
	int n = 1;

	for (int i = 1; i < argc && n <= ARGUMENTS_MAX; i++)
		if (strncmp(argv[i], "xf", 2))
			arguments[n++] = argv[i];
	arguments[n] = NULL;
}

/* And name=value words in its environment. */
static void clean_environment(void)
{
	char name[64];

	for (char **e = environ; *e;) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*e, "="), *e);
		if (strncmp(*e, "xf", 2)) {
			e++;
		} else {
			unsetenv(name);
			e = environ;
		}
	}
}

char **early_arguments(void)
{
	clean_environment();
	return arguments;
}

int early_move_mounts(void)
{
	static const char *const moved[] = { PATH_SHARE, "/dev", "/run" };
	char to[64];

	for (unsigned int i = 0; i < sizeof(moved) / sizeof(moved[0]); i++) {
		snprintf(to, sizeof(to), ROOT_DIR "%s", moved[i]);
		if (mount(moved[i], to, NULL, MS_MOVE, NULL) < 0)
			return fail_note(-errno, NULL, "move %s to %s", moved[i], to);
	}
	umount2("/sys", MNT_DETACH);
	umount2("/proc", MNT_DETACH);
	return 0;
}
