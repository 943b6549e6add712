#include "agent/run/hooks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/report.h"
#include "agent/run/triggers.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/io.h"
#include "lib/spawn.h"

/* A hook of the client takes the place of the vendor's of the same name. */
static const char *const directories[] = { "/" PATH_ETC "/hooks.d", XF_LIBEXECDIR "/hooks.d" };
static const char *const subdirectories[] = {
	[HOOKS_PRE] = "pre-reconcile",
	[HOOKS_POST] = "post-reconcile",
};

struct hook {
	char name[NAME_MAX + 1];
	size_t directory; /* of directories */
};

struct hooks {
	struct hook *hook;
	size_t n;
};

bool hooks_is_name(const char *name)
{
	size_t n = strlen(name);

	return n && name[0] != '.' && name[n - 1] != '~' && !strstr(name, PATH_OFFER) &&
	       !strstr(name, ".dpkg-") && !strstr(name, ".rpm");
}

static int find_in(struct hooks *hooks, size_t directory, enum hooks_when when)
{
	char path[PATH_MAX];
	struct dirent *d;

	snprintf(path, sizeof(path), "%s/%s", directories[directory], subdirectories[when]);
	AUTO_CLOSEDIR DIR *dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : cli_error(-errno, "%s", path);
	while ((d = readdir(dir))) {
		if (!hooks_is_name(d->d_name))
			continue;
		if (!ARRAY_GROW(hooks->hook, hooks->n))
			return cli_error(-ENOMEM, "%s", path);
		hooks->hook[hooks->n].directory = directory;
		snprintf(hooks->hook[hooks->n++].name, NAME_MAX + 1, "%s", d->d_name);
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct hook *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (int)x->directory - (int)y->directory;
}

static int find(struct hooks *hooks, enum hooks_when when)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(directories) && r == 0; i++)
		r = find_in(hooks, i, when);
	if (hooks->n)
		qsort(hooks->hook, hooks->n, sizeof(*hooks->hook), by_name);
	return r;
}

/* Executable, and a file; a vendor's that is to be left out is covered by one that is not. */
static bool can_run(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

static int run_hook(const char *path, unsigned int limit, int plan)
{
	const struct spawn spawn = {
		.argv = (const char *const[]){ path, NULL },
		.in = plan,
		.out = -1,
		.kept = -1,
		.limit = limit,
	};
	int status, r = lseek(plan, 0, SEEK_SET) < 0 ? -errno : spawn_run(&spawn, &status);

	if (r == -ETIMEDOUT)
		return cli_error(0, "%s was ended after %u seconds", path, limit), r;
	if (r < 0)
		return cli_error(r, "%s", path);
	return status ? -cli_error(EIO, "%s failed with status %d", path, status) : 0;
}

/* Returns 0, or -errno of the first that failed, after a message; those of HOOKS_PRE end there. */
static int run_all(const struct hooks *hooks, enum hooks_when when, unsigned int limit, int plan)
{
	int failed = 0;

	for (size_t i = 0; i < hooks->n; i++) {
		const struct hook *h = &hooks->hook[i];
		char path[PATH_MAX];
		int r;

		if (i && strcmp(h->name, hooks->hook[i - 1].name) == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", directories[h->directory],
			subdirectories[when], h->name);
		r = can_run(path) ? run_hook(path, limit, plan) : 0;
		failed = failed ? failed : r;
		if (r < 0 && when == HOOKS_PRE)
			break;
	}
	return failed;
}

/* The plan, as a file that each of them reads from its beginning. An fd, or -errno. */
static int write_plan(
	const struct run_inputs *in, const struct run_changes *changes, enum hooks_when when)
{
	struct json_object *plan = report_plan(in, changes, when == HOOKS_POST);
	const char *text = plan ? json_object_to_json_string(plan) : NULL;
	int fd = text ? memfd_create("plan", MFD_CLOEXEC) : -ENOMEM;
	int r = fd < 0 ? -errno : io_write(fd, text, strlen(text));

	if (r == 0)
		r = io_write(fd, "\n", 1);
	json_object_put(plan);
	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

enum agent_status hooks_run(const struct run *run, const struct run_inputs *in,
	const struct run_changes *changes, enum hooks_when when)
{
	struct hooks hooks = { 0 };
	int r = 0;

	if (changes->changes.n == 0 || !triggers_is_running_system(run->root))
		return AGENT_DONE;
	r = find(&hooks, when);
	if (r == 0 && hooks.n) {
		AUTO_CLOSE int plan = write_plan(in, changes, when);

		r = plan < 0 ? cli_error(plan, "the plan for hooks")
			     : run_all(&hooks, when, run->options->config.hook_limit, plan);
	}
	free(hooks.hook);
	if (r < 0 && when == HOOKS_PRE)
		cli_error(0, "nothing was changed: a hook stopped the run");
	return r < 0 && when == HOOKS_PRE ? AGENT_REFUSED : AGENT_DONE;
}
