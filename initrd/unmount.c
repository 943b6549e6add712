#include "initrd/unmount.h"

#include "initrd/error.h"
#include "initrd/file.h"
#include "initrd/log.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOUNTS_MAX   128
#define MOUNTS_BYTES (32 * 1024)
/* Seconds that unmounting NFS may take before the shutdown goes on without it. */
#define NFS_LIMIT 5

struct old_mounts {
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

/* What is mounted on UNMOUNT_OLD_ROOT and below, in the order of mounting. */
static void read_mounts(struct old_mounts *m)
{
	char *p = m->text, *dir, *type;

	m->n = 0;
	file_read("/proc/self/mounts", m->text, sizeof(m->text));
	while (*p && m->n < MOUNTS_MAX) {
		next_word(&p);
		dir = next_word(&p);
		type = next_word(&p);
		p = skip_line(p);
		if (strncmp(dir, UNMOUNT_OLD_ROOT, strlen(UNMOUNT_OLD_ROOT)))
			continue;
		m->mount[m->n].dir = dir;
		m->mount[m->n++].nfs = !strncmp(type, "nfs", 3);
	}
}

/* A dead server would block process 1 for ever: a child unmounts it, and is left alone if it hangs.
 */
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
	log_warn("%s: the server does not answer: left mounted", dir);
}

static void unmount_all(const struct old_mounts *m)
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

void unmount_old_root(void)
{
	static struct old_mounts mounts;

	read_mounts(&mounts);
	unmount_all(&mounts);
	sync();
}
