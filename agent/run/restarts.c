#include "agent/run/restarts.h"

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

#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/paths.h"

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

/* What a path is below its root; NULL: it lies outside. */
static const char *below_root(const struct view *v, const char *path)
{
	return !*v->root || path_is_below(path, v->root) ? path + strlen(v->root) : NULL;
}

/* Is another file, or none, where its path leads now? */
static bool is_replaced_here(int proc, const char *pid, const struct view *v,
	const struct mapping *m, struct stat *mapped)
{
	const char *below = below_root(v, m->path);
	char path[PATH_MAX + 64];

	if (is_at(proc, m->path, mapped))
		return false;
	if (!v->elsewhere)
		return true;
	/* What lies outside of its root cannot be looked up. */
	if (!below)
		return false;
	snprintf(path, sizeof(path), "%s/root%s", pid, below);
	if (is_at(proc, path, mapped))
		return false;
	/* The process may have ended since, and its root with it. */
	snprintf(path, sizeof(path), "%s/root", pid);
	return faccessat(proc, path, F_OK, 0) == 0;
}

/* Without its first n components. */
static const char *skip(const char *path, unsigned int n)
{
	while (n-- > 0) {
		path += strcspn(path, "/");
		path += strspn(path, "/");
	}
	return path;
}

const char *restarts_in_tree(const char *path)
{
	if (path_is_below(path, PATH_SHARE "/" PATH_LIVE))
		return skip(path, 3);
	if (path_is_below(path, PATH_SHARE "/gen"))
		return skip(path, 4);
	if (path_is_below(path, PATH_SHARE "/" PATH_CHANNELS))
		return skip(path, 5);
	return skip(path, 1);
}

/* Has the tree another file there, or none? */
static bool is_replaced_in(
	int tree, const struct view *v, const struct mapping *m, const struct stat *mapped)
{
	const char *below = below_root(v, m->path);
	struct stat then;

	if (fstatat(tree, restarts_in_tree(below ? below : m->path), &then, 0) < 0)
		return is_gone(errno);
	return !is_same(&then, mapped);
}

static bool is_replaced(
	int proc, const char *pid, int tree, const struct view *v, const struct mapping *m)
{
	struct stat mapped, top;

	if (stat_mapped(proc, pid, m, &mapped) == ESTALE)
		return true;
	if (tree >= 0 && fstat(tree, &top) == 0 && top.st_dev == mapped.st_dev)
		return is_replaced_in(tree, v, m, &mapped);
	return is_replaced_here(proc, pid, v, m, &mapped);
}

static FILE *open_proc(int proc, const char *pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", pid, name);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? NULL : fdopen(fd, "r");
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), size = strlen(end);

	return n >= size && strcmp(text + n - size, end) == 0;
}

bool restarts_parse_unit(char *cgroup, struct restarts_unit *unit)
{
	*unit = (struct restarts_unit){ NULL, NULL };
	for (char *word = strtok(cgroup, "/\n"); word; word = strtok(NULL, "/\n")) {
		if (strncmp(word, "user-", 5) == 0 && ends_with(word, ".slice"))
			unit->user = word + 5;
		if (ends_with(word, ".service") || ends_with(word, ".scope"))
			unit->name = word;
	}
	return unit->name != NULL;
}

/* Of systemd: NULL if it is in none, or without memory. */
static char *unit_of(int proc, const char *pid, int64_t *uid)
{
	AUTO_FCLOSE FILE *file = open_proc(proc, pid, "cgroup");
	AUTO_FREE char *line = NULL;
	struct restarts_unit unit;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		if (!restarts_parse_unit(line, &unit))
			continue;
		if (unit.user)
			*uid = strtol(unit.user, NULL, 10);
		return strdup(unit.name);
	}
	return NULL;
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
	struct restarts_user *user;

	if (!ARRAY_GROW(s->user, s->n))
		return -ENOMEM;
	user = &s->user[s->n++];
	*user = (struct restarts_user){ .pid = atoi(pid), .uid = -1, .file = strdup(file) };
	user->unit = unit_of(proc, pid, &user->uid);
	user->is_unit = user->unit != NULL;
	if (!user->unit)
		user->unit = name_of(proc, pid);
	return user->unit && user->file ? 0 : -ENOMEM;
}

static int look_at(struct restarts *s, int proc, const char *pid, int tree)
{
	AUTO_FCLOSE FILE *maps = open_proc(proc, pid, "maps");
	AUTO_FREE char *line = NULL;
	struct view view;
	struct mapping m;
	size_t size = 0;

	find_view(&view, proc, pid);
	while (maps && getline(&line, &size, maps) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (parse_mapping(line, &m) && is_replaced(proc, pid, tree, &view, &m))
			return add_user(s, proc, pid, m.path);
	}
	return 0;
}

static int look_at_all(struct restarts *s, int tree)
{
	AUTO_CLOSEDIR DIR *proc = opendir("/proc");
	struct dirent *d;
	int r = proc ? 0 : -errno;

	while (r == 0 && (d = readdir(proc)))
		if (isdigit((unsigned char)d->d_name[0]))
			r = look_at(s, dirfd(proc), d->d_name, tree);
	return r;
}

/* Without that link: one that is newer than the running one, by the directories of its modules. */
static char *newer_kernel(int root)
{
	int fd = openat(root, "lib/modules", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *modules = fd < 0 ? NULL : fdopendir(fd);
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

char *restarts_kernel(int tree)
{
	static const char prefix[] = "vmlinuz-";
	AUTO_CLOSE int own = tree < 0 ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	int root = tree < 0 ? own : tree;
	char target[NAME_MAX + 1];
	ssize_t n = readlinkat(root, PATH_BOOT_KERNEL, target, sizeof(target) - 1);
	struct utsname running;

	if (n < 0)
		return newer_kernel(root);
	target[n] = '\0';
	uname(&running);
	if (strncmp(target, prefix, strlen(prefix)) != 0 ||
		strcmp(target + strlen(prefix), running.release) == 0)
		return NULL;
	return strdup(target + strlen(prefix));
}

static int by_unit(const void *a, const void *b)
{
	const struct restarts_user *x = a, *y = b;
	int order = strcmp(x->unit, y->unit);

	return order ? order : x->pid - y->pid;
}

int restarts_find(struct restarts *s, int tree)
{
	int r = look_at_all(s, tree);

	s->kernel = restarts_kernel(tree);
	if (s->n)
		qsort(s->user, s->n, sizeof(*s->user), by_unit);
	return r;
}

void restarts_free(struct restarts *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->user[i].unit);
		free(s->user[i].file);
	}
	free(s->user);
	free(s->kernel);
	*s = (struct restarts){ 0 };
}
