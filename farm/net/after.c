#include "farm/net/after.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "farm/output.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/spawn.h"

#define LIMIT_SECONDS 60

int net_after_run(const char *const *argv)
{
	struct spawn spawn = { .argv = argv, .out = -1, .kept = -1, .limit = LIMIT_SECONDS };
	int status, r = spawn_run(&spawn, &status);

	if (r < 0)
		return cli_error(r, "%s", argv[0]);
	return status ? -cli_error(EIO, "%s ended with status %d", argv[0], status) : 0;
}

/* sd_booted(3) */
static bool has_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

/* Is one of a list of programs installed? It ends with NULL. */
static bool is_installed(const char *const *places)
{
	for (; *places; places++)
		if (access(*places, X_OK) == 0)
			return true;
	return false;
}

/* Does the kernel ask for profiles, and can they be loaded? Debian's kernel asks even where
 * AppArmor itself is not installed: on a Xen server, for example, whose libvirt does without. */
static bool has_apparmor(void)
{
	static const char *const parser[] = { "/usr/sbin/apparmor_parser", "/sbin/apparmor_parser",
		NULL };
	AUTO_CLOSE int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	char yes = 'N';

	return fd >= 0 && read(fd, &yes, 1) == 1 && yes == 'Y' && is_installed(parser);
}

/* Another NFS server may serve the shares; but then somebody has to tell it so. */
static bool has_exportfs(void)
{
	static const char *const places[] = { "/usr/sbin/exportfs", "/sbin/exportfs", NULL };

	if (is_installed(places))
		return true;
	if (access(NET_EXPORTS_PATH, F_OK) == 0)
		output_line("the shares are not exported yet: install nfs-kernel-server");
	return false;
}

static int run_reload_units(void *arg)
{
	(void)arg;
	return net_after_run((const char *const[]){ "systemctl", "daemon-reload", NULL });
}

static int run_export(void *arg)
{
	struct spawn spawn = { .argv = (const char *const[]){ "exportfs", "-ra", NULL },
		.out = -1,
		.kept = -1,
		.limit = LIMIT_SECONDS };
	int status;

	(void)arg;
	if (access("/etc/exports", F_OK) == 0)
		return net_after_run(spawn.argv);
	/* It exports what is in exports.d, and has status 1 all the same, without this file. */
	return spawn_run(&spawn, &status) < 0 ? net_after_run(spawn.argv) : 0;
}

static int run_restart_nfs(void *arg)
{
	(void)arg;
	return net_after_run(
		(const char *const[]){ "systemctl", "try-restart", "nfs-server.service", NULL });
}

static int run_load_apparmor(void *arg)
{
	(void)arg;
	return net_after_run((const char *const[]){
		"apparmor_parser", "-r", "/etc/apparmor.d/usr.lib.libvirt.virt-aa-helper", NULL });
}

/* In this order: units before what they start, exports after the server that has them. */
static const struct {
	unsigned int after;
	bool (*applies)(void);
	int (*run)(void *arg);
	const char *line;
} actions[] = {
	{ NET_RELOAD_UNITS, has_systemd, run_reload_units, "have systemd read its units again" },
	{ NET_RESTART_NFS, has_systemd, run_restart_nfs, "start the NFS server again, if it runs" },
	{ NET_EXPORT, has_exportfs, run_export, "export the shares" },
	{ NET_LOAD_APPARMOR, has_apparmor, run_load_apparmor, "load the AppArmor profile again" },
};

int net_after(struct operation *op, unsigned int after)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(actions) && r == 0; i++)
		if ((after & actions[i].after) && actions[i].applies())
			r = operation_step(op, actions[i].run, NULL, "%s", actions[i].line);
	return r;
}
