#include "farm/master/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "farm/ssh/authority.h"
#include "farm/virt/record.h"
#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/paths.h"
#include "lib/publish.h"
#include "lib/spawn.h"

/* Seconds. Mirrors may be slow; but one that answers no more must not keep us for ever. */
#define INSTALL_LIMIT (2 * 3600)
#define STEP_LIMIT    600

/* What make install(1) has installed for clients. */
#define PROGRAMS_LIST XF_LIBEXECDIR "/client-files"
#define AGENT         "/usr/sbin/xf-agent"
#define SYSUSERS      "/usr/bin/systemd-sysusers"
#define PACKAGES_MAX  8

int master_program_run(const char *const *argv, unsigned int limit)
{
	AUTO_CLOSE int out = open("/dev/null", O_WRONLY | O_CLOEXEC);

	int status, r = spawn_run(&(const struct spawn){ .argv = argv,
					  .out = out,
					  .kept = -1,
					  .limit = limit,
					  .dies_with_parent = true },
			    &status);

	return r == 0 && status ? -EIO : r;
}

/* --- what is needed --- */

int master_program_check(const char *program, const char *package)
{
	const char *path = getenv("PATH");
	AUTO_FREE char *directories = strdup(path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
	char *rest = directories, *directory;

	while (rest && (directory = strsep(&rest, ":")) != NULL) {
		AUTO_FREE char *file = NULL;

		if (asprintf(&file, "%s/%s", directory, program) < 0)
			return cli_error(-ENOMEM, "%s", program);
		if (access(file, X_OK) == 0)
			return 0;
	}
	return -cli_error(ENOENT, "%s(1) is needed, and is not installed: `apt install %s`",
		program, package);
}

static char *programs_list(const struct master_tree *t)
{
	char *path;

	return asprintf(&path, "%s" PROGRAMS_LIST, t->client_root ? t->client_root : "") < 0 ? NULL
											     : path;
}

bool master_tree_needs_programs(const struct master_tree *t)
{
	AUTO_FREE char *agent = NULL;

	if (t->source->kind == MASTER_FROM_RECIPE || t->client_root || t->client_packages)
		return true;
	return asprintf(&agent, "%s" AGENT, t->source->path) >= 0 && access(agent, F_OK) < 0;
}

/* Each file of the list is there: an installation takes minutes before they are copied. */
static int check_listed(const struct master_tree *t, FILE *list)
{
	AUTO_FREE char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, list)) > 0) {
		AUTO_FREE char *file = NULL;

		line[n - (line[n - 1] == '\n')] = '\0';
		if (asprintf(&file, "%s%s", t->client_root ? t->client_root : "", line) < 0)
			return cli_error(-ENOMEM, "%s", line);
		if (faccessat(AT_FDCWD, file, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			return cli_error(-errno,
				"the clients' programs are incomplete, install them again: %s",
				file);
	}
	return 0;
}

static int check_programs(const struct master_tree *t)
{
	AUTO_FREE char *path = programs_list(t);
	FILE *list;
	int r;

	if (t->client_packages || !master_tree_needs_programs(t))
		return 0;
	list = path ? fopen(path, "re") : NULL;
	if (!list)
		return path ? -cli_error(ENOENT,
				      "the clients' programs are not installed here (there is no "
				      "%s); --client-package FILE, client-packages in "
				      "xenfarm.conf(5), or --client-root DIR says where they are",
				      path)
			    : -ENOMEM;
	r = check_listed(t, list);
	fclose(list);
	return r;
}

/* One that a package manager takes: ".deb" or ".rpm"; NULL: neither. */
static const char *package_kind(const char *file)
{
	const char *dot = strrchr(file, '.');

	return dot && (strcmp(dot, ".deb") == 0 || strcmp(dot, ".rpm") == 0) ? dot : NULL;
}

/* Each of a list of files is there, and a package; one package manager takes all. */
static int check_packages(const char *list)
{
	AUTO_FREE char *copy = strdup(list);
	char *rest = copy, *file;
	const char *first = NULL;
	size_t n = 0;

	while (rest && (file = strsep(&rest, ",")) != NULL) {
		const char *kind = package_kind(file);

		if (access(file, R_OK) < 0)
			return cli_error(-errno, "the clients' package %s", file);
		if (!kind)
			return -cli_error(EINVAL,
				"the clients' package %s is neither a .deb nor a .rpm file", file);
		if (first && strcmp(kind, first) != 0)
			return -cli_error(
				EINVAL, "the clients' packages are of two kinds: %s", list);
		if (++n > PACKAGES_MAX)
			return -cli_error(
				E2BIG, "more than %d packages for clients: %s", PACKAGES_MAX, list);
		first = kind;
	}
	return copy ? 0 : -ENOMEM;
}

int master_tree_check(const struct master_tree *t)
{
	bool recipe = t->source->kind == MASTER_FROM_RECIPE;
	int r = recipe ? master_program_check("mmdebstrap", "mmdebstrap") : 0;

	if (geteuid() != 0)
		return -cli_error(EPERM, "a tree with its owners and devices can only be made by "
					 "root");
	if (r == 0 && t->packages && !recipe)
		r = -cli_error(EINVAL, "--packages goes with a recipe only");
	if (r == 0)
		r = master_program_check("rsync", "rsync");
	if (r == 0)
		r = master_program_check("mke2fs", "e2fsprogs");
	if (r == 0 && t->client_packages)
		r = check_packages(t->client_packages);
	if (r == 0)
		r = check_programs(t);
	if (r == 0 && t->ssh_key && access(t->ssh_key, R_OK) < 0)
		r = cli_error(-errno, "--ssh-key %s", t->ssh_key);
	return r;
}

/* --- the installation --- */

static int install_recipe(const struct master_tree *t)
{
	struct recipe_arguments a = { 0 };
	struct utsname machine;
	int r = uname(&machine) < 0 ? -errno : 0;

	if (r == 0)
		r = recipe_arguments(
			t->source->recipe, t->path, t->packages, t->mirror, machine.machine, &a);
	if (r == 0 && t->proxy && *t->proxy)
		setenv("http_proxy", t->proxy, 1);
	if (r == 0)
		r = master_program_run(a.argv, INSTALL_LIMIT);
	buf_free(&a.include);
	if (r < 0 && r != -EIO)
		return cli_error(r, "mmdebstrap");
	return r < 0 ? -cli_error(EIO,
			       "%s could not be installed, see what mmdebstrap(1) says above",
			       t->source->recipe->title)
		     : 0;
}

/* What a running system has there is not part of its installation. */
static int copy_tree(const struct master_tree *t)
{
	AUTO_FREE char *from = NULL, *to = NULL;
	int r;

	if (asprintf(&from, "%s/", t->source->path) < 0 || asprintf(&to, "%s/", t->path) < 0)
		return cli_error(-ENOMEM, "%s", t->path);
	r = master_program_run((const char *[]){ "rsync", "-aHAXS", "--numeric-ids",
				       "--exclude=/proc/*", "--exclude=/sys/*", "--exclude=/dev/*",
				       "--exclude=/run/*", "--exclude=/tmp/*", from, to, NULL },
		INSTALL_LIMIT);
	if (r < 0 && r != -EIO)
		return cli_error(r, "rsync");
	return r < 0 ? -cli_error(EIO, "%s could not be copied to %s, see what rsync(1) says above",
			       t->source->path, t->path)
		     : 0;
}

int master_tree_install(void *arg)
{
	const struct master_tree *t = arg;

	if (mkdir(t->path, 0755) < 0)
		return cli_error(-errno, "%s", t->path);
	return t->source->kind == MASTER_FROM_RECIPE ? install_recipe(t) : copy_tree(t);
}

/* --- the clients' programs --- */

/* What a package's scripts would do: xf-agentd's account has one number on all clients, and is not
 * made by each at its first boot. */
static int make_account(const struct master_tree *t)
{
	AUTO_FREE char *program = NULL;
	int r;

	if (asprintf(&program, "%s" SYSUSERS, t->path) < 0)
		return cli_error(-ENOMEM, "%s", t->path);
	if (faccessat(AT_FDCWD, program, X_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* another init, or a systemd that is older than our units need */
	r = master_program_run(
		(const char *[]){ "chroot", t->path, SYSUSERS, "xf-agentd.conf", NULL },
		STEP_LIMIT);
	return r ? -cli_error(EIO, "the account of xf-agentd could not be made, see above") : 0;
}

/* No implied directories: where the tree has a link to one (/lib), it stays, and files go where it
 * leads. */
static int copy_programs(const struct master_tree *t)
{
	AUTO_FREE char *list = programs_list(t), *files = NULL, *to = NULL;
	int r;

	if (!list || asprintf(&files, "--files-from=%s", list) < 0 ||
		asprintf(&to, "%s/", t->path) < 0)
		return cli_error(-ENOMEM, "%s", t->path);
	r = master_program_run((const char *[]){ "rsync", "-a", "--no-implied-dirs", "--chown=0:0",
				       files, t->client_root ? t->client_root : "/", to, NULL },
		STEP_LIMIT);
	return r ? -cli_error(EIO, "the programs of %s could not be copied, see above", list)
		 : make_account(t);
}

/* The name of package number n in the tree. */
static char *package_inside(size_t n, const char *file)
{
	char *inside;

	return asprintf(&inside, "/tmp/xenfarm-%zu%s", n, package_kind(file)) < 0 ? NULL : inside;
}

static int copy_package(const struct master_tree *t, const char *file, const char *inside)
{
	AUTO_FREE char *copy = NULL;
	int r;

	if (!inside || asprintf(&copy, "%s%s", t->path, inside) < 0)
		return cli_error(-ENOMEM, "%s", file);
	r = master_program_run((const char *[]){ "cp", "--", file, copy, NULL }, STEP_LIMIT);
	return r ? -cli_error(EIO, "%s could not be copied to the master, see above", file) : 0;
}

static void remove_package(const struct master_tree *t, const char *inside)
{
	AUTO_FREE char *copy = NULL;

	if (inside && asprintf(&copy, "%s%s", t->path, inside) >= 0)
		unlink(copy);
}

/* By the package manager in the tree, so that it knows them; at once, as one may need another. */
static int install_packages(const struct master_tree *t)
{
	AUTO_FREE char *list = strdup(t->client_packages);
	char *rest = list, *file, *inside[PACKAGES_MAX + 1] = { NULL };
	const char *argv[4 + PACKAGES_MAX + 1] = { "chroot", t->path, "rpm", "--upgrade" };
	int r = list ? 0 : -ENOMEM;
	size_t n = 0;

	while (r == 0 && n < PACKAGES_MAX && (file = strsep(&rest, ",")) != NULL) {
		inside[n] = package_inside(n, file);
		r = copy_package(t, file, inside[n]);
		argv[4 + n] = inside[n];
		n++;
	}
	if (r == 0 && strcmp(package_kind(t->client_packages), ".deb") == 0) {
		argv[2] = "dpkg";
		argv[3] = "--install";
	}
	if (r == 0 && master_program_run(argv, STEP_LIMIT) != 0)
		r = -cli_error(EIO, "%s could not be installed, see above", t->client_packages);
	for (size_t i = 0; i < n; i++) {
		remove_package(t, inside[i]);
		free(inside[i]);
	}
	return r;
}

/* A program for another distribution is found out here, not on a hundred clients. */
static int try_agent(const struct master_tree *t)
{
	int r = master_program_run(
		(const char *[]){ "chroot", t->path, AGENT, "--help", NULL }, STEP_LIMIT);

	return r ? -cli_error(EIO,
			   "the clients' programs do not run in this installation, see above; "
			   "they need packages that were made for it (--client-package)")
		 : 0;
}

int master_tree_add_programs(void *arg)
{
	const struct master_tree *t = arg;
	int r = t->client_packages ? install_packages(t) : copy_programs(t);

	return r == 0 ? try_agent(t) : r;
}

/* --- what makes it a master --- */

static int write_text(int root, const char *path, mode_t mode, const struct buf *text)
{
	const char *name;
	AUTO_CLOSE int dir = fsroot_parent(root, path, &name), here = -1;
	int r = dir < 0 ? dir : 0;

	if (r == 0)
		here = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r == 0)
		r = text->failed ? -ENOMEM : publish_file(here, name, mode, text->data, text->size);
	return r < 0 ? cli_error(r, "/%s of the new master", path) : 0;
}

__attribute__((format(printf, 3, 4))) static int write_format(
	int root, const char *path, const char *format, ...)
{
	AUTO_FREE char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		text = NULL;
	return write_text(root, path, 0644,
		&(struct buf){ .data = text, .size = (size_t)n, .failed = n < 0 });
}

static int copy_text(int root, const char *path, mode_t mode, const char *from)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_CLOSE int fd = open(from, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : buf_read(&text, fd, 1 << 20);

	return r < 0 ? cli_error(r, "%s", from) : write_text(root, path, mode, &text);
}

static int make_directory(int root, const char *path, mode_t mode)
{
	const char *name;
	AUTO_CLOSE int dir = fsroot_parent(root, path, &name);

	if (dir < 0)
		return cli_error(dir, "/%s of the new master", path);
	return mkdirat(dir, name, mode) < 0 && errno != EEXIST
		       ? cli_error(-errno, "/%s of the new master", path)
		       : 0;
}

/* It has its own interface by its MAC, so that a client, which gets this file, is not touched. */
static int personalize_recipe(const struct master_tree *t, int root)
{
	int r = write_format(root, "etc/hostname", "%s\n", t->name);

	if (r == 0)
		r = write_format(root, "etc/systemd/network/80-xenfarm-master.network",
			"# The master's interface in the network of package mirrors.\n"
			"[Match]\nMACAddress=%s\n\n[Network]\nDHCP=ipv4\n",
			t->mac);
	if (r == 0 && master_program_run(
			      (const char *[]){ "chroot", t->path, "systemctl", "--quiet", "enable",
				      "systemd-networkd.service", "xf-agent.timer", NULL },
			      STEP_LIMIT) != 0)
		r = -cli_error(EIO, "units of the new master could not be enabled, see above");
	return r;
}

/* A tree that is a generation of a share lacks what is private to a machine: without a machine ID
 * systemd does not boot a root that is read-only at first, and sshd does not start without keys. */
static int personalize_identity(const struct master_tree *t, int root)
{
	char id[RECORD_UUID_SIZE], *end = id;

	if (faccessat(root, "etc/machine-id", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	for (const char *p = t->uuid; *p; p++)
		if (*p != '-')
			*end++ = *p;
	*end = '\0';
	return write_format(root, "etc/machine-id", "%s\n", id);
}

/* Which kinds there are is the tree's business, unless there are none. By the server's ssh-keygen:
 * the tree's finds no /dev/null in it. */
static int personalize_host_keys(const struct master_tree *t, int root)
{
	static const char *const keys[] = { "ssh_host_ed25519_key", "ssh_host_ecdsa_key",
		"ssh_host_rsa_key" };
	AUTO_CLOSE int ssh = fsroot_open(root, "etc/ssh", O_RDONLY | O_DIRECTORY, 0);

	if (ssh < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (faccessat(ssh, keys[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return 0;
	return master_program_run(
		       (const char *[]){ "ssh-keygen", "-A", "-f", t->path, NULL }, STEP_LIMIT)
		       ? -cli_error(EIO, "host keys of the new master could not be made, see above")
		       : 0;
}

/*
 * Which of several programs has a name is each client's choice, update-alternatives(1): what is
 * chosen moves out of the package database, which clients have read-only, to where other
 * distributions have it. dpkg keeps a link to a directory in the place of one of its own.
 */
static int move_alternatives(int root)
{
	const char *name;
	AUTO_CLOSE int dpkg = fsroot_parent(root, "var/lib/dpkg/alternatives", &name);
	AUTO_CLOSE int lib = dpkg < 0 ? -1 : fsroot_parent(root, "var/lib/alternatives", &name);
	struct stat st;

	if (lib < 0 || fstatat(dpkg, "alternatives", &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISDIR(st.st_mode))
		return 0;
	if (renameat2(dpkg, "alternatives", lib, "alternatives", RENAME_NOREPLACE) < 0)
		return errno == EEXIST
			       ? 0
			       : cli_error(-errno, "/var/lib/alternatives of the new master");
	return symlinkat("../alternatives", dpkg, "alternatives") < 0
		       ? cli_error(-errno, "the link of dpkg to /var/lib/alternatives of the new "
					   "master")
		       : 0;
}

static int personalize(const struct master_tree *t, int root)
{
	int r = write_format(root, "etc/fstab", "UUID=%s / ext4 defaults 0 1\n", t->uuid);

	if (r == 0)
		r = move_alternatives(root);
	if (r == 0 && t->source->kind == MASTER_FROM_RECIPE)
		r = personalize_recipe(t, root);
	if (r == 0)
		r = personalize_identity(t, root);
	if (r == 0)
		r = personalize_host_keys(t, root);
	if (r == 0 && t->ssh_key)
		r = make_directory(root, "root/.ssh", 0700);
	if (r == 0 && t->ssh_key)
		r = copy_text(root, "root/.ssh/authorized_keys", 0600, t->ssh_key);
	if (r == 0 && t->share_key)
		r = make_directory(root, PATH_ETC, 0755);
	if (r == 0 && t->share_key)
		r = copy_text(root, PATH_ETC_KEY, 0644, t->share_key);
	return r == 0 && t->ssh_ca ? ssh_authority_install(t->ssh_ca, root) : r;
}

int master_tree_personalize(void *arg)
{
	const struct master_tree *t = arg;
	AUTO_CLOSE int root = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return root < 0 ? cli_error(-errno, "%s", t->path) : personalize(t, root);
}

/* --- size, and removal --- */

static int add_sizes(FTS *fts, uint64_t *bytes)
{
	const FTSENT *e;

	while ((e = fts_read(fts)) != NULL) {
		if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS)
			return -e->fts_errno;
		/* A file's second name costs nothing: nearly so, and its first may be elsewhere. */
		if (e->fts_info != FTS_DP)
			*bytes += ((uint64_t)e->fts_statp->st_blocks * 512 /
						  (uint64_t)e->fts_statp->st_nlink +
					  4095) /
				  4096 * 4096;
	}
	return -errno;
}

int master_tree_size(const char *path, uint64_t *bytes)
{
	char copy[PATH_MAX];
	FTS *fts;
	int r;

	snprintf(copy, sizeof(copy), "%s", path);
	fts = fts_open((char *[]){ copy, NULL }, FTS_PHYSICAL | FTS_XDEV, NULL);
	*bytes = 0;
	if (!fts)
		return -ENOMEM;
	errno = 0;
	r = add_sizes(fts, bytes);
	fts_close(fts);
	return r;
}

int master_tree_remove(const char *path)
{
	int r;

	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	r = master_program_run(
		(const char *[]){ "rm", "-rf", "--one-file-system", "--", path, NULL }, STEP_LIMIT);
	return r ? -cli_error(EIO, "%s could not be removed, see above", path) : 0;
}
