/* xenfarm master shell. */
#include "farm/master/chroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/master/image-lock.h"
#include "farm/master/tree.h"
#include "farm/publish/origin.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/io.h"
#include "lib/spawn.h"

/* Debian's packages ask it before they start a service (invoke-rc.d(8)). */
#define POLICY "usr/sbin/policy-rc.d"

static const char policy[] =
	"#!/bin/sh\n# Of `xenfarm master shell`, and gone with it.\nexit 101\n";

/* --- what the root has besides --- */

static int mount_at(const char *root, const char *path, const char *source, const char *type,
	unsigned long flags)
{
	AUTO_FREE char *on = NULL;

	if (asprintf(&on, "%s/%s", root, path) < 0)
		return cli_error(-ENOMEM, "%s", path);
	return mount(source, on, type, flags, NULL) < 0
		       ? cli_error(-errno, "/%s in the master", path)
		       : 0;
}

/* Where its resolver's file is: often a link to what a service makes in /run, which is ours here.
 */
static int find_resolver(int root, char path[static PATH_MAX])
{
	ssize_t n = readlinkat(root, "etc/resolv.conf", path, PATH_MAX - 1);
	const char *in_run;

	if (n < 0) {
		strcpy(path, "etc/resolv.conf");
		return errno == EINVAL ? 0 : -errno;
	}
	path[n] = '\0';
	in_run = strstr(path, "run/");
	if (!in_run || strstr(in_run, ".."))
		return -ENOENT;
	memmove(path, in_run, strlen(in_run) + 1);
	return 1;
}

static int make_resolver(int root, char *path)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_CLOSE int from = open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC), to = -1;
	int r = from < 0 ? -errno : buf_read(&text, from, 65536);

	for (char *slash = path; r == 0 && (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		if (mkdirat(root, path, 0755) < 0 && errno != EEXIST)
			r = -errno;
		*slash = '/';
	}
	if (r == 0)
		to = fsroot_open(root, path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (r == 0 && to < 0)
		r = to;
	return r == 0 && text.size ? io_write(to, text.data, text.size) : r;
}

/* The server's resolver, for package managers. One without it is only told. */
static void add_resolver(const char *root, int dir)
{
	char path[PATH_MAX];
	AUTO_FREE char *on = NULL;
	int r = find_resolver(dir, path);

	if (r > 0)
		r = make_resolver(dir, path);
	else if (r == 0 && (asprintf(&on, "%s/%s", root, path) < 0 ||
				   mount("/etc/resolv.conf", on, NULL, MS_BIND, NULL) < 0))
		r = -errno;
	if (r < 0)
		cli_error(r, "warning: no names are resolved in the master");
}

static int add_file_systems(const struct origin *root)
{
	int r = mount_at(root->path, "dev", "/dev", NULL, MS_BIND | MS_REC);

	if (r == 0)
		r = mount_at(root->path, "sys", "/sys", NULL, MS_BIND | MS_REC);
	if (r == 0)
		r = mount_at(root->path, "run", "xenfarm", "tmpfs", MS_NOSUID | MS_NODEV);
	return r;
}

/* True if it is ours: made now, or left by a run that was cut off. */
static bool add_policy(int root)
{
	char text[sizeof(policy)] = "";
	AUTO_CLOSE int fd = fsroot_open(root, POLICY, O_RDWR | O_CREAT | O_EXCL, 0755);
	AUTO_CLOSE int old = -1;

	if (fd >= 0) {
		fchmod(fd, 0755);
		return io_write(fd, policy, strlen(policy)) == 0;
	}
	old = fsroot_open(root, POLICY, O_RDONLY, 0);
	return old >= 0 && read(old, text, sizeof(text) - 1) > 0 && strcmp(text, policy) == 0;
}

/* --- running --- */

/* unshare(1) mounts /proc for the new PID namespace. */
static int run(const struct origin *root, const char *const *command, unsigned int limit,
	bool interactive, int *status)
{
	AUTO_FREE const char **argv = NULL;
	AUTO_FREE char *proc = NULL;
	size_t n = 0;

	while (command[n])
		n++;
	argv = calloc(n + 8, sizeof(*argv));
	if (!argv || asprintf(&proc, "--mount-proc=%s/proc", root->path) < 0)
		return cli_error(-ENOMEM, "%s", command[0]);
	memcpy(argv,
		(const char *[]){
			"unshare", "--pid", "--fork", "--kill-child", proc, "chroot", root->path },
		7 * sizeof(*argv));
	memcpy(argv + 7, command, n * sizeof(*argv));
	return spawn_run(&(const struct spawn){ .argv = argv,
				 .out = -1,
				 .kept = -1,
				 .limit = limit,
				 .interactive = interactive,
				 .dies_with_parent = true },
		status);
}

static int enter(const struct origin *root, const char *const *argv, unsigned int limit,
	bool interactive, int *status)
{
	bool has_policy = false;
	int r = add_file_systems(root);

	if (r < 0)
		return r;
	add_resolver(root->path, root->dir);
	if (faccessat(root->dir, "usr/sbin/invoke-rc.d", F_OK, 0) == 0)
		has_policy = add_policy(root->dir);
	r = run(root, argv, limit, interactive, status);
	if (has_policy && unlinkat(root->dir, POLICY, 0) < 0)
		cli_error(-errno, "/" POLICY " in the master stays; remove it");
	return r < 0 ? cli_error(r, "%s in the master", argv[0]) : r;
}

int master_chroot_run(const struct master *m, const char *const *argv, unsigned int limit,
	bool interactive, int *status)
{
	AUTO_CLOSE int lock = -1;
	AUTO_ORIGIN struct origin root = { .dir = -1 };
	int r = m->domain_xml.disk ? master_program_check("unshare", "util-linux")
				   : -cli_error(ENOENT, "the domain of %s has no disk", m->name);

	if (r < 0)
		return r;
	lock = image_lock(m->domain_xml.disk, true);
	if (lock < 0)
		return lock;
	r = origin_open_writable(m->domain_xml.disk, &root);
	return r < 0 ? r : enter(&root, argv, limit, interactive, status);
}

int master_cmd_shell(void *options, char **arguments)
{
	static const char *const shell[] = { "/bin/sh", "-c",
		"[ -x /bin/bash ] && exec /bin/bash -l; exec /bin/sh -l", NULL };
	struct master_session session;
	AUTO_MASTER struct master m = { 0 };
	int r = master_session_begin_change(&session, options, "shell", arguments[0]), status = 0;

	if (r == 0)
		r = master_find(&session, arguments[0], &m);
	if (r == 0)
		r = master_require_ready(&m, "enter");
	if (r == 0)
		r = master_require_off(&m, "enter");
	if (r == 0) {
		const char *const *command = (const char *const *)arguments + 1;

		command += command[0] && strcmp(command[0], "--") == 0;
		r = master_chroot_run(&m, command[0] ? command : shell, 0, true, &status);
	}
	return master_session_end(&session, r) ? EXIT_FAILURE : status;
}
