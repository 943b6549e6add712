#include "initrd/kexec.h"

#include "initrd/error.h"
#include "initrd/file.h"
#include "initrd/kexec-call.h"
#include "initrd/log.h"
#include "initrd/record.h"
#include "lib/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define CMDLINE_MAX 4096 /* with its NUL; x86 takes 2048, others less */
#define DIR_MAX     128

/* Of a kernel's header, and of what its loader made of it (Documentation/arch/x86/boot.rst). */
#define HEADER_MAGIC       0x202
#define HEADER_VERSION     0x20e /* u16: where the text is, less 0x200 */
#define HEADER_INITRD_SIZE 0x21c /* u32 */
#define HEADER_SIZE        0x220

struct generation {
	char dir[DIR_MAX]; /* relative to the share */
	int kernel, initrd;
};

/* Where the share is: as xf-init has left it for the end, seen from systemd's last root; or where a
 * systemd that takes mounts along to that has brought it. */
static int enter_share(void)
{
	if (chdir("/oldroot" PATH_RUN_SHARE) == 0 && access("current", F_OK) == 0)
		return 0;
	return chdir("/share") < 0 || access("current", F_OK) < 0 ? -errno : 0;
}

/*
 * In gen/N no file changes: kernel and initrd belong together, even during a publish. A channel's
 * number is in `current` beside its tree, .../live.
 */
static int find_generation(char dir[static DIR_MAX])
{
	char tree[DIR_MAX], current[DIR_MAX + sizeof("current")], number[16];
	const char *path = tree + strlen(PATH_SHARE "/");
	int rc = record_value("tree", tree, sizeof(tree)), n;

	if (rc < 0)
		return rc;
	if (strncmp(tree, PATH_SHARE "/", strlen(PATH_SHARE "/")))
		return -EINVAL;
	n = (int)strlen(path) - (int)strlen(PATH_LIVE);
	if (n < 0 || strcmp(path + n, PATH_LIVE)) {
		strcpy(dir, path);
		return 0;
	}
	snprintf(current, sizeof(current), "%.*scurrent", n, path);
	rc = file_read(current, number, sizeof(number));
	snprintf(dir, DIR_MAX, "gen/%s", number);
	return rc < 0 ? rc : 0;
}

static int open_file(const char *dir, const char *name)
{
	char path[DIR_MAX + sizeof(PATH_BOOT_INITRD)];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_generation(struct generation *g)
{
	int rc = find_generation(g->dir);

	if (rc == 0)
		rc = g->kernel = open_file(g->dir, PATH_BOOT_KERNEL);
	if (rc >= 0)
		rc = g->initrd = open_file(g->dir, PATH_BOOT_INITRD);
	return rc < 0 ? rc : 0;
}

/* The text of a header is "RELEASE (BUILDER) VERSION", of uname(2)'s. */
static bool kernel_runs(int fd)
{
	uint8_t header[HEADER_SIZE];
	char text[256];
	struct utsname running;
	size_t release, version;
	ssize_t n;

	if (pread(fd, header, sizeof(header), 0) != sizeof(header) ||
		memcmp(header + HEADER_MAGIC, "HdrS", 4))
		return false;
	n = pread(fd, text, sizeof(text) - 1,
		0x200 + (header[HEADER_VERSION] | header[HEADER_VERSION + 1] << 8));
	text[n < 0 ? 0 : n] = '\0';
	uname(&running);
	release = strlen(running.release);
	version = strlen(running.version);
	return !strncmp(text, running.release, release) && text[release] == ' ' &&
	       strlen(text) > release + version &&
	       !strcmp(text + strlen(text) - version, running.version);
}

/* What the boot loader noted of the initrd, or -errno. */
static int64_t loaded_size(void)
{
	uint8_t header[HEADER_SIZE];
	const uint8_t *at = header + HEADER_INITRD_SIZE;
	int fd = open("/sys/kernel/boot_params/data", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = pread(fd, header, sizeof(header), 0);
	close(fd);
	return n != sizeof(header)
		       ? -EIO
		       : (int64_t)((uint32_t)at[3] << 24 | at[2] << 16 | at[1] << 8 | at[0]);
}

static bool stat_initrd(const char *generation, struct stat *st)
{
	char path[DIR_MAX];

	snprintf(path, sizeof(path), "gen/%s/" PATH_BOOT_INITRD, generation);
	return stat(path, st) == 0;
}

/*
 * Was this machine started with an initrd of the share? One of its administrator's own may have
 * what its root needs (another tool's, for LVM), and the share's have not.
 */
static bool is_published(int64_t size)
{
	DIR *dir = opendir("gen");
	struct dirent *d;
	struct stat st;
	bool found = false;

	while (dir && !found && (d = readdir(dir)))
		found = stat_initrd(d->d_name, &st) && st.st_size == size;
	if (dir)
		closedir(dir);
	return found;
}

/* It is that of the generation which this client booted from, and of the size that was loaded: a
 * machine that was reset since a publish has an older one. */
static bool initrd_runs(int fd, int64_t size)
{
	char number[16];
	struct stat next, booted;

	return record_value("generation", number, sizeof(number)) > 0 && fstat(fd, &next) == 0 &&
	       stat_initrd(number, &booted) && next.st_ino == booted.st_ino && next.st_size == size;
}

static int load(const struct generation *g)
{
	char cmdline[CMDLINE_MAX];
	ssize_t n = file_read("/proc/cmdline", cmdline, sizeof(cmdline));

	if (n < 0)
		return (int)n;
	/* One that was cut would boot another client, or none. */
	if (n == sizeof(cmdline) - 1)
		return -E2BIG;
	return kexec_call(g->kernel, g->initrd, cmdline, (size_t)n + 1);
}

/* Something else is to be started: 1; nothing, for a reason that is said: 0; or -errno. */
static int compare(const struct generation *g)
{
	int64_t size = loaded_size();

	if (size < 0)
		return (int)size;
	if (!is_published(size)) {
		log_info("the machine was started with an initrd that is none of the share's: "
			 "a reset, into that");
		return 0;
	}
	if (kernel_runs(g->kernel) && initrd_runs(g->initrd, size)) {
		log_info("%s: its kernel and initrd are the ones that run", g->dir);
		return 0;
	}
	return 1;
}

/* In a process of its own: for a dead server's files it waits for ever. */
static bool load_published(void)
{
	struct generation g = { "the share", -1, -1 };
	int rc = enter_share();

	if (rc == 0)
		rc = open_generation(&g);
	if (rc == 0) {
		rc = compare(&g);
		if (rc == 0)
			return false;
	}
	if (rc > 0)
		rc = load(&g);
	if (rc < 0)
		log_warn("%s: its kernel cannot be loaded (%s): a reset, into the kernel that the "
			 "machine was started with",
			g.dir, error_name(rc));
	else
		log_info("%s: its kernel and initrd are loaded", g.dir);
	return rc == 0;
}

static bool on_xen(void)
{
	char type[16];

	return file_read("/sys/hypervisor/type", type, sizeof(type)) > 0 && !strcmp(type, "xen");
}

bool kexec_load(void)
{
	int status;
	pid_t pid;

	if (on_xen())
		return false;
	pid = fork();
	if (pid == 0)
		_exit(load_published() ? 0 : 1);
	for (int i = 0; pid > 0 && i < KEXEC_LIMIT * 20; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) && WEXITSTATUS(status) == 0;
		usleep(50 * 1000);
	}
	log_warn("the server does not answer: a reset, into the kernel that the machine was "
		 "started with");
	if (pid > 0)
		kill(pid, SIGKILL);
	return false;
}
