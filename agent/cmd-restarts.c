/*
 * restarts: processes that still run a file that was replaced. On NFS, /proc/PID/maps does not say
 * "(deleted)" when the server has removed a file. So the file that is mapped is compared with the
 * one that its path names now; a path that names none counts, too.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/command.h"
#include "agent/report.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/paths.h"

struct user {
	int pid;
	char *unit; /* of systemd, or the program's name */
	char *file; /* one of those that were replaced */
};

struct restarts {
	struct user *user;
	size_t n;
};

/* Cut a word off the end of a text. */
static void cut(char *text, const char *end)
{
	size_t n = strlen(text), size = strlen(end);

	if (n >= size && strcmp(text + n - size, end) == 0)
		text[n - size] = '\0';
}

/* One of its files that are run, as /proc/PID/maps has it. */
struct mapping {
	char range[64]; /* of addresses */
	dev_t dev;
	ino_t inode;
	const char *path;
};

static bool parse_mapping(char *line, struct mapping *m)
{
	unsigned int major, minor;
	unsigned long inode;
	char mode[5];
	int at = 0;

	if (sscanf(line, "%63s %4s %*s %x:%x %lu %n", m->range, mode, &major, &minor, &inode, &at) <
			5 ||
		at == 0 || mode[2] != 'x' || line[at] != '/' || inode == 0)
		return false;
	m->dev = makedev(major, minor);
	m->inode = inode;
	m->path = line + at;
	cut(line + at, " (deleted)");
	/* memfd and the like have no path that was ever there. */
	return strncmp(m->path, "/memfd:", 7) != 0 && strncmp(m->path, "/dev/", 5) != 0 &&
	       strncmp(m->path, "/SYSV", 5) != 0;
}

static bool is_gone(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ESTALE;
}

/*
 * On some file systems the numbers in maps are not those of stat(2), which map_files has for
 * privileged processes. Returns 0, or ESTALE if the server no longer has the file.
 */
static int stat_mapped(int proc, const char *pid, const struct mapping *m, struct stat *st)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/map_files/%s", pid, m->range);
	if (fstatat(proc, path, st, 0) == 0)
		return 0;
	st->st_dev = m->dev;
	st->st_ino = m->inode;
	return errno == ESTALE ? ESTALE : 0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/*
 * Is the mapped file the one that path names? It is opened, so that the server is asked and not the
 * cache.
 */
static bool is_at(int proc, const char *path, const struct stat *mapped)
{
	struct stat st;

	if (fstatat(proc, path, &st, 0) < 0)
		return !is_gone(errno);
	if (!is_same(&st, mapped))
		return false;
	AUTO_CLOSE int fd = openat(proc, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return !is_gone(errno);
	return fstat(fd, &st) < 0 || is_same(&st, mapped);
}

/*
 * Where the paths of a process are to be looked up. In another mount namespace (a container, a unit
 * with a private /tmp) that is its own root, which may lie below that of its namespace.
 */
struct view {
	bool elsewhere;
	char root[PATH_MAX]; /* its path in its namespace: "" or "/…" */
};

static void find_view(struct view *v, int proc, const char *pid)
{
	char path[64];
	struct stat own, its;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/root", pid);
	n = readlinkat(proc, path, v->root, sizeof(v->root) - 1);
	v->root[n > 1 ? n : 0] = '\0';
	snprintf(path, sizeof(path), "%s/ns/mnt", pid);
	v->elsewhere = fstatat(proc, path, &its, 0) == 0 &&
		       fstatat(proc, "self/ns/mnt", &own, 0) == 0 && !is_same(&own, &its);
}

static bool is_replaced(int proc, const char *pid, const struct view *v, const struct mapping *m)
{
	size_t n = strlen(v->root);
	char path[PATH_MAX + 64];
	struct stat mapped;

	if (stat_mapped(proc, pid, m, &mapped) == ESTALE)
		return true;
	if (is_at(proc, m->path, &mapped))
		return false;
	if (!v->elsewhere)
		return true;
	/* What lies outside of its root cannot be looked up. */
	if (n && (strncmp(m->path, v->root, n) != 0 || m->path[n] != '/'))
		return false;
	snprintf(path, sizeof(path), "%s/root%s", pid, m->path + n);
	if (is_at(proc, path, &mapped))
		return false;
	/* The process may have ended since, and its root with it. */
	snprintf(path, sizeof(path), "%s/root", pid);
	return faccessat(proc, path, F_OK, 0) == 0;
}

static FILE *open_proc(int proc, const char *pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", pid, name);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? NULL : fdopen(fd, "r");
}

/* The systemd unit, which is the last NAME.service or NAME.scope of the control group's path. */
static char *unit_of(int proc, const char *pid)
{
	AUTO_FCLOSE FILE *file = open_proc(proc, pid, "cgroup");
	AUTO_FREE char *line = NULL;
	size_t size = 0;
	char *found = NULL;

	while (file && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		for (char *word = strtok(line, "/"); word; word = strtok(NULL, "/")) {
			const char *dot = strrchr(word, '.');

			if (!dot || (strcmp(dot, ".service") != 0 && strcmp(dot, ".scope") != 0))
				continue;
			free(found);
			found = strdup(word);
		}
	}
	return found;
}

static char *name_of(int proc, const char *pid)
{
	AUTO_FCLOSE FILE *file = open_proc(proc, pid, "comm");
	AUTO_FREE char *line = NULL;
	size_t size = 0;

	if (!file || getline(&line, &size, file) <= 0)
		return strdup("?");
	line[strcspn(line, "\n")] = '\0';
	return strdup(line);
}

static int add_user(struct restarts *s, int proc, const char *pid, const char *file)
{
	struct user *user;

	if (!ARRAY_GROW(s->user, s->n))
		return -ENOMEM;
	user = &s->user[s->n++];
	*user = (struct user){ atoi(pid), unit_of(proc, pid), strdup(file) };
	if (!user->unit)
		user->unit = name_of(proc, pid);
	return user->unit && user->file ? 0 : -ENOMEM;
}

static int look_at(struct restarts *s, int proc, const char *pid)
{
	AUTO_FCLOSE FILE *maps = open_proc(proc, pid, "maps");
	AUTO_FREE char *line = NULL;
	struct view view;
	struct mapping m;
	size_t size = 0;

	find_view(&view, proc, pid);
	while (maps && getline(&line, &size, maps) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (parse_mapping(line, &m) && is_replaced(proc, pid, &view, &m))
			return add_user(s, proc, pid, m.path);
	}
	return 0;
}

static int look_at_all(struct restarts *s)
{
	AUTO_CLOSEDIR DIR *proc = opendir("/proc");
	struct dirent *d;
	int r = proc ? 0 : -errno;

	while (r == 0 && (d = readdir(proc)))
		if (isdigit((unsigned char)d->d_name[0]))
			r = look_at(s, dirfd(proc), d->d_name);
	return r;
}

/* Without that link: one that is newer than the running one, by the directories of its modules. */
static char *newer_kernel(void)
{
	AUTO_CLOSEDIR DIR *modules = opendir("/lib/modules");
	struct utsname running;
	struct dirent *d;
	char *newest = NULL;

	uname(&running);
	while (modules && (d = readdir(modules))) {
		if (d->d_name[0] == '.' ||
			strverscmp(d->d_name, newest ? newest : running.release) <= 0)
			continue;
		free(newest);
		newest = strdup(d->d_name);
	}
	return newest;
}

/* The kernel that a reboot boots (xenfarm-share(5)), or NULL if it is the one that runs. */
static char *kernel_to_boot(void)
{
	static const char prefix[] = "vmlinuz-";
	char target[NAME_MAX + 1];
	ssize_t n = readlink("/" PATH_BOOT_KERNEL, target, sizeof(target) - 1);
	struct utsname running;

	if (n < 0)
		return newer_kernel();
	target[n] = '\0';
	uname(&running);
	if (strncmp(target, prefix, strlen(prefix)) != 0 ||
		strcmp(target + strlen(prefix), running.release) == 0)
		return NULL;
	return strdup(target + strlen(prefix));
}

static int by_unit(const void *a, const void *b)
{
	const struct user *x = a, *y = b;
	int order = strcmp(x->unit, y->unit);

	return order ? order : x->pid - y->pid;
}

static void print_json(const struct restarts *s, const char *kernel)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < s->n; i++) {
		struct json_object *u = json_object_new_object();

		json_object_object_add(u, "unit", json_name(s->user[i].unit));
		json_object_object_add(u, "pid", json_object_new_int(s->user[i].pid));
		json_object_object_add(u, "file", json_name(s->user[i].file));
		json_object_array_add(list, u);
	}
	document_set("restart", list);
	document_set("reboot", json_object_new_boolean(kernel != NULL));
	document_set("kernel", kernel ? json_name(kernel) : NULL);
}

static void print(const struct restarts *s, const char *kernel)
{
	for (size_t i = 0; i < s->n; i++) {
		printf("%-32s %7d  ", s->user[i].unit, s->user[i].pid);
		report_name(s->user[i].file, "\n");
	}
	if (kernel)
		printf("reboot for kernel %s\n", kernel);
	else if (s->n == 0)
		puts("nothing to restart");
}

int agent_command_restarts(void *settings, char **arguments)
{
	const struct agent_options *options = settings;
	struct restarts s = { 0 };
	AUTO_FREE char *kernel = kernel_to_boot();
	int r = look_at_all(&s);

	(void)arguments;
	if (r < 0)
		cli_error(r, "/proc cannot be read");
	if (s.n)
		qsort(s.user, s.n, sizeof(*s.user), by_unit);
	if (r == 0 && options->json)
		print_json(&s, kernel);
	else if (r == 0 && !options->quiet)
		print(&s, kernel);
	for (size_t i = 0; i < s.n; i++) {
		free(s.user[i].unit);
		free(s.user[i].file);
	}
	free(s.user);
	return r < 0 ? AGENT_FAILED : AGENT_DONE;
}
