/*
 * restarts: who still runs a file that was replaced. On NFS /proc/PID/maps does not say
 * "(deleted)": the inode that is mapped is compared with the one that the path has now.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/command.h"
#include "agent/report.h"
#include "lib/cleanup.h"

struct user {
	int pid;
	char *unit; /* of systemd, or the program's name */
	char *file; /* one of those that were replaced */
};

struct restarts {
	struct user *user;
	size_t n;
};

/* A line of /proc/PID/maps that maps a file which its path no longer leads to. */
static bool is_replaced(const char *line, const char **path)
{
	unsigned int major, minor;
	unsigned long inode;
	char mode[5];
	int at = 0;
	struct stat st;

	if (sscanf(line, "%*s %4s %*s %x:%x %lu %n", mode, &major, &minor, &inode, &at) < 4 ||
		at == 0 || mode[2] != 'x' || line[at] != '/' || inode == 0)
		return false;
	*path = line + at;
	/* memfd and the like have no path that was ever there. */
	if (strncmp(*path, "/memfd:", 7) == 0 || strncmp(*path, "/dev/", 5) == 0 ||
		strncmp(*path, "/SYSV", 5) == 0)
		return false;
	if (strstr(*path, " (deleted)"))
		return true;
	return stat(*path, &st) == 0 && (st.st_ino != inode || st.st_dev != makedev(major, minor));
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
	struct user *grown = reallocarray(s->user, s->n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	s->user = grown;
	grown += s->n;
	*grown = (struct user){ atoi(pid), unit_of(proc, pid), strdup(file) };
	if (!grown->unit)
		grown->unit = name_of(proc, pid);
	s->n++;
	return grown->unit && grown->file ? 0 : -ENOMEM;
}

static int look_at(struct restarts *s, int proc, const char *pid)
{
	AUTO_FCLOSE FILE *maps = open_proc(proc, pid, "maps");
	AUTO_FREE char *line = NULL;
	const char *path;
	size_t size = 0;

	while (maps && getline(&line, &size, maps) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (is_replaced(line, &path))
			return add_user(s, proc, pid, path);
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

/* A kernel that is newer than the running one, by the folders of its modules, or NULL. */
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
		print_name(s->user[i].file, "\n");
	}
	if (kernel)
		printf("reboot for kernel %s\n", kernel);
	else if (s->n == 0)
		puts("nothing to restart");
}

int command_restarts(const struct options *options, char **arguments)
{
	struct restarts s = { 0 };
	AUTO_FREE char *kernel = newer_kernel();
	int r = look_at_all(&s);

	(void)arguments;
	if (r < 0)
		complain(r, "/proc cannot be read");
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
	return r < 0 ? EXIT_UNDONE : EXIT_DONE;
}
