/*
 * xf-shutdown: the exit program in /run/initramfs. systemd moves there at the very end (bootup(7))
 * and execs it as pid 1 with the verb; the old root, the share under it, is on /oldroot. With
 * --guard it is the process that ends a shutdown which a dead server holds up.
 */
#include "initrd/error.h"
#include "initrd/files.h"
#include "initrd/guard.h"
#include "initrd/log.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#define OLD_ROOT     "/oldroot"
#define MOUNTS_MAX   128
#define MOUNTS_BYTES (32 * 1024)
#define NFS_LIMIT                                                                      \
	5 /* seconds that unmounting NFS may take before the machine goes down without \
	   */

struct mounts {
	unsigned int n;
	struct {
		const char *dir;
		bool nfs;
	} mount[MOUNTS_MAX];
	char text[MOUNTS_BYTES];
};

/* Cut the next word off; octal escapes of /proc/mounts become bytes again. */
static char *next_word(char **p)
{
	char *word = *p, *out = word, *in = word;

	for (; *in && *in != ' ' && *in != '\n'; out++) {
		if (in[0] == '\\' && in[1] && in[2] && in[3]) {
			*out = (in[1] & 7) << 6 | (in[2] & 7) << 3 | (in[3] & 7);
			in += 4;
		} else {
			*out = *in++;
		}
	}
	*p = *in ? in + 1 : in;
	*out = '\0';
	return word;
}

static char *skip_line(char *p)
{
	p += strcspn(p, "\n");
	return *p ? p + 1 : p;
}

/* What is mounted on OLD_ROOT and below, in the order of mounting. */
static void read_mounts(struct mounts *m)
{
	char *p = m->text, *dir, *type;

	m->n = 0;
	file_read("/proc/self/mounts", m->text, sizeof(m->text));
	while (*p && m->n < MOUNTS_MAX) {
		next_word(&p);
		dir = next_word(&p);
		type = next_word(&p);
		p = skip_line(p);
		if (strncmp(dir, OLD_ROOT, strlen(OLD_ROOT)))
			continue;
		m->mount[m->n].dir = dir;
		m->mount[m->n++].nfs = !strncmp(type, "nfs", 3);
	}
}

/* A dead server would hold pid 1 for ever: a child goes there, and is left behind if it stays. */
static void unmount_nfs(const char *dir)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(umount2(dir, MNT_FORCE | MNT_DETACH) < 0);
	for (int i = 0; i < NFS_LIMIT * 20; i++) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return;
		usleep(50 * 1000);
	}
	log_warn("%s: the server does not answer, going down without", dir);
}

static void unmount_all(const struct mounts *m)
{
	for (unsigned int i = m->n; i-- > 0;) {
		const char *dir = m->mount[i].dir;

		if (m->mount[i].nfs)
			unmount_nfs(dir);
		else if (umount2(dir, 0) < 0 &&
			 mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
			log_warn("%s: neither unmounted nor made read-only: %s", dir,
				error_name(errno));
	}
}

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
	static struct mounts mounts;

	log_open("xf-shutdown");
	log_step(verb->name);
	read_mounts(&mounts);
	unmount_all(&mounts);
	sync();
	log_info("done");
	reboot(verb->how, NULL);
	/* No kernel for kexec loaded, or no way to power off: at least do not run on as pid 1
	 * without a root. */
	reboot(RB_AUTOBOOT, NULL);
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
		return 2;
	}
	if (!as_guard)
		return shut_down(verb);
	/* systemd spares processes whose name begins so when it kills all others at the end. */
	argv[0][0] = '@';
	return guard(verb->how);
}
