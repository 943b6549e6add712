/* xenfarm master start, stop, console, ssh. */
#include "farm/master/power.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "farm/master/boot-once.h"
#include "farm/master/define.h"
#include "farm/master/image-lock.h"
#include "farm/master/tree.h"
#include "farm/output.h"
#include "farm/results.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/spawn.h"

/* --- what it starts with --- */

int master_power_boot(
	const struct master_session *s, const struct master *m, struct master_boot *boot)
{
	*boot = (struct master_boot){ .disk = m->domain_xml.disk,
		.directory = master_boot_directory(s, m->name),
		.name = m->name,
		.console = master_define_console(s) };
	if (!boot->disk)
		return -cli_error(ENOENT, "the domain of %s has no disk", m->name);
	return boot->directory ? 0 : cli_error(-ENOMEM, "%s", m->name);
}

static int take(void *arg)
{
	const struct master_boot *boot = arg;
	AUTO_CLOSE int lock = image_lock(boot->disk, false);

	return lock < 0 ? lock : master_boot_take(arg);
}

int master_power_prepare(struct master_session *s, const struct master *m)
{
	struct master_boot boot;
	int r = master_power_boot(s, m, &boot);

	if (r < 0)
		return r;
	r = operation_step(
		&s->operation, take, &boot, "take the kernel of %s from its disk", m->name);
	if (r < 0 && r != -EBUSY && master_boot_has_kernel(boot.directory)) {
		cli_error(0, "warning: %s starts with the kernel that was taken before", m->name);
		r = 0;
	}
	free((char *)boot.directory);
	return r;
}

/* --- start --- */

/* A kernel that came to the disk after its domain was defined, which had none to start. */
static int define_kernel(const struct master_session *s, struct master *m, const char *boot)
{
	AUTO_FREE char *cmdline = master_boot_cmdline(boot), *kernel = NULL, *initrd = NULL,
		       *xml = NULL;
	struct boot_once always = { 0 };

	if (!cmdline || asprintf(&kernel, "%s/vmlinuz", boot) < 0 ||
		asprintf(&initrd, "%s/initrd", boot) < 0)
		return cli_error(-ENOMEM, "%s", m->name);
	always.kernel = kernel;
	always.initrd = initrd;
	always.cmdline = cmdline;
	xml = boot_once_xml(m->xml, &always);
	return xml ? master_define(s, m->name, xml, &m->domain)
		   : cli_error(-ENOMEM, "the domain of %s", m->name);
}

/* See that there is something to boot. */
static int check_kernel(const struct master_session *s, struct master *m)
{
	AUTO_FREE char *boot = master_boot_directory(s, m->name);
	bool has_loader = master_boot_has_loader(m->domain_xml.disk);

	if (!boot)
		return cli_error(-ENOMEM, "%s", m->name);
	if (!master_boot_has_kernel(boot))
		return has_loader
			       ? 0
			       : -cli_error(ENOENT,
					 "%s holds no kernel with an initrd; install one, and what "
					 "makes its initrd (initramfs-tools, dracut), by `xenfarm "
					 "master shell %s`",
					 m->domain_xml.disk, m->name);
	return m->domain_xml.kernel || has_loader ? 0 : define_kernel(s, m, boot);
}

static int power_on(void *arg)
{
	const struct master *m = arg;
	int r = 0;

	virt_watch(VIRT_CALL_LIMIT, "starting %s", m->name);
	if (virDomainCreate(m->domain) < 0)
		r = virt_error(NULL, "cannot start %s", m->name);
	virt_watch_end();
	return r;
}

struct network_step {
	virConnectPtr connection;
	struct master_network network;
};

static int start_network(void *arg)
{
	const struct network_step *step = arg;

	return master_network_start(step->connection, &step->network);
}

static int start(struct master_session *s, struct master *m)
{
	struct network_step network = { .connection = s->connection };
	int r = master_require_ready(m, "start");

	if (r < 0)
		return r;
	if (m->active && (r = virt_await_start(m->domain, m->name)) < 0)
		return r;
	if (m->active) {
		output_line("%s is %s already", m->name, master_state(m));
		results_already(m->name);
		return 0;
	}
	r = master_power_prepare(s, m);
	if (r == 0 && !s->operation.dry_run)
		r = check_kernel(s, m);
	if (r == 0)
		r = master_settings_network(&s->context->settings, &network.network);
	if (r == 0)
		r = operation_step(&s->operation, start_network, &network, "start the network %s",
			network.network.name);
	return r == 0 ? operation_step(&s->operation, power_on, m, "start %s", m->name) : r;
}

int master_cmd_start(void *options, char **arguments)
{
	struct master_session session;
	AUTO_MASTER struct master m = { 0 };
	int r = master_session_begin_change(&session, options, "start", arguments[0]);

	if (r == 0)
		r = master_find(&session, arguments[0], &m);
	if (r == 0)
		r = start(&session, &m);
	return master_session_end(&session, r);
}

/* --- stop --- */

struct stop {
	const struct master *master;
	unsigned int seconds;
	bool force;
};

static int switch_off(const struct master *m)
{
	return virDomainDestroy(m->domain) < 0 && virDomainIsActive(m->domain) != 0
		       ? virt_error(NULL, "cannot switch %s off", m->name)
		       : 0;
}

/* A guest that has not come far enough does not hear it: it is asked again every ten seconds. */
static int stop(void *arg)
{
	static const struct timespec pause = { 0, 250000000 };
	const struct stop *s = arg;
	virDomainPtr domain = s->master->domain;

	for (unsigned int quarter = 0; quarter < 4 * s->seconds; quarter++) {
		if (virDomainIsActive(domain) == 0)
			return 0;
		if (quarter % 40 == 0 && virDomainShutdown(domain) < 0 && quarter == 0 &&
			virDomainIsActive(domain) != 0)
			return virt_error(NULL, "cannot shut %s down", s->master->name);
		nanosleep(&pause, NULL);
	}
	if (s->force)
		return switch_off(s->master);
	return -cli_error(ETIMEDOUT,
		"%s did not shut down in %u seconds; see its console, or `xenfarm master stop %s "
		"--force`",
		s->master->name, s->seconds, s->master->name);
}

int master_power_stop(
	struct master_session *s, const struct master *m, unsigned int seconds, bool force)
{
	struct stop arg = { m, seconds ? seconds : POWER_STOP_SECONDS, force };

	return operation_step(&s->operation, stop, &arg, "shut %s down%s", m->name,
		force ? ", or switch it off" : "");
}

int master_cmd_stop(void *options, char **arguments)
{
	struct farm_context *c = options;
	struct master_session session;
	AUTO_MASTER struct master m = { 0 };
	int r = master_session_begin_change(&session, c, "stop", arguments[0]);

	if (r == 0)
		r = master_find(&session, arguments[0], &m);
	if (r == 0 && !m.active) {
		output_line("%s is off already", m.name);
		results_already(m.name);
	} else if (r == 0)
		r = master_power_stop(&session, &m, c->options.timeout, c->options.force);
	return master_session_end(&session, r);
}

/* --- into it --- */

/* Find it and see that it runs. */
static int find_running(struct master_session *s, void *options, const char *name, struct master *m)
{
	int r = master_session_begin(s, options, false);

	if (r == 0)
		r = master_find(s, name, m);
	if (r == 0 && !m->active)
		r = -cli_error(EINVAL,
			"%s is %s; `xenfarm master start %s` first, or `xenfarm master shell %s`",
			name, master_state(m), name, name);
	return r;
}

/* Returns the exit status if it cannot be executed. */
static int become(const char *const *argv)
{
	cli_error(spawn_become(argv), "%s(1)", argv[0]);
	return EXIT_FAILURE;
}

/* By its UUID: a name could be another domain's by now. */
int master_cmd_console(void *options, char **arguments)
{
	struct farm_context *c = options;
	struct master_session session;
	AUTO_MASTER struct master m = { 0 };
	int r = find_running(&session, c, arguments[0], &m), status;

	if (r == 0)
		r = master_program_check("virsh", "libvirt-clients");
	status = master_session_end(&session, r);
	return r == 0 ? become((const char *[]){ "virsh", "--quiet", "--connect",
				c->settings.host.uri, "console", m.uuid, NULL })
		      : status;
}

/* The host keys are those that its disk had before it was started: nobody else has them. */
static int run_ssh(const struct master_session *s, const struct master *m, char **command)
{
	AUTO_FREE char *boot = master_boot_directory(s, m->name), *keys = NULL, *alias = NULL;
	AUTO_FREE const char **argv = NULL;
	char to[5 + XF_ADDR_TEXT_MAX] = "root@";
	struct xf_addr address;
	size_t n = 0;

	if (!master_address(m, &address)) {
		cli_error(0, "%s has no interface in the masters' network", m->name);
		return EXIT_FAILURE;
	}
	xf_addr_format(&address, to + strlen(to));
	while (command[n])
		n++;
	argv = calloc(n + 12, sizeof(*argv));
	if (!argv || !boot || asprintf(&keys, "UserKnownHostsFile=%s/known_hosts", boot) < 0 ||
		asprintf(&alias, "HostKeyAlias=%s", m->name) < 0) {
		cli_error(-ENOMEM, "%s", m->name);
		return EXIT_FAILURE;
	}
	memcpy(argv,
		(const char *[]){ "ssh", "-o", keys, "-o", alias, "-o", "StrictHostKeyChecking=yes",
			"-o", "GlobalKnownHostsFile=/dev/null", to },
		10 * sizeof(*argv));
	memcpy(argv + 10, command, n * sizeof(*argv));
	return become(argv);
}

int master_cmd_ssh(void *options, char **arguments)
{
	struct master_session session;
	AUTO_MASTER struct master m = { 0 };
	int r = find_running(&session, options, arguments[0], &m), status = EXIT_FAILURE;

	if (r == 0)
		r = master_program_check("ssh", "openssh-client");
	if (r == 0)
		status = run_ssh(&session, &m,
			arguments + 1 + (arguments[1] && strcmp(arguments[1], "--") == 0));
	master_session_end(&session, r);
	return status;
}
