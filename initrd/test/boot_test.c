/* The steps in common: in which order they are run, tried again, and what each of them calls. */
#include "initrd/boot.h"

#include "initrd/bind.h"
#include "initrd/early.h"
#include "initrd/fail.h"
#include "initrd/handover.h"
#include "initrd/nfs/portmap.h"
#include "initrd/reconcile.h"
#include "initrd/shell.h"
#include "initrd/test/fake.h"
#include "initrd/test/sandbox.h"
#include "lib/test/tap.h"

#include <errno.h>

static char calls[256];
static const char *fails; /* the call that does, once */

static int call(const char *name)
{
	strcat(strcat(calls, calls[0] ? " " : ""), name);
	if (!fails || strcmp(fails, name))
		return 0;
	fails = NULL;
	return -EIO;
}

int early_cmdline(struct xf_cmdline *cmdline)
{
	(void)cmdline;
	return call("cmdline");
}

int handover_begin(void)
{
	return call("begin");
}

int interface_up(const struct xf_cmdline *cmdline, struct net_interface *interface)
{
	(void)cmdline, (void)interface;
	return call("interface");
}

int portmap_start(const struct xf_cmdline *cmdline)
{
	(void)cmdline;
	return call("portmap");
}

int mount_share(
	const struct xf_cmdline *cmdline, const char *directory, struct mounted_share *share)
{
	(void)cmdline, (void)share;
	return call(strcmp(directory, "/mroot") ? "?" : "share");
}

int reconcile_root(const struct xf_cmdline *cmdline, const struct mounted_share *share,
	const struct mounted_root *root, const char **outcome)
{
	(void)cmdline, (void)share, (void)root;
	*outcome = "done";
	return call("reconcile");
}

int handover_record(const struct boot *boot)
{
	(void)boot;
	return call("record");
}

int bind_root(const struct mounted_share *share)
{
	(void)share;
	return call("bind");
}

int handover_files(const struct boot *boot)
{
	(void)boot;
	return call("files");
}

int root_finish(const struct xf_cmdline *cmdline, const struct mounted_root *root)
{
	(void)cmdline, (void)root;
	return call("ro");
}

int shell_run(const char *why)
{
	(void)why;
	return call("shell");
}

void fail_act(const struct xf_cmdline *cmdline)
{
	(void)cmdline;
	call("failed");
}

static struct boot boot;

static const char *run(const char *that_fails, enum xf_debug debug)
{
	static const struct boot_step steps[] = {
		{ "cmdline", boot_step_cmdline, 0 },
		{ "interface", boot_step_interface, XF_DEBUG_NET },
		{ "portmap", boot_step_portmap, 0 },
		{ "share", boot_step_share, XF_DEBUG_SHARE },
		{ "reconcile", boot_step_reconcile, XF_DEBUG_AGENT },
		{ "bind", boot_step_bind, 0 },
	};

	fake_reset();
	memset(&boot, 0, sizeof(boot));
	boot.cmdline.debug = debug;
	calls[0] = '\0';
	fails = that_fails;
	boot_run(&boot, steps, 6);
	return calls;
}

int main(void)
{
	const char *reason = sandbox_enter();

	if (reason) {
		tap_skip("steps", reason);
		return tap_done();
	}
	sandbox_file("/sbin/request-key", NULL);
	CHECK_STR(run(NULL, 0),
		"cmdline begin interface portmap share record reconcile bind files ro",
		"all of them, in order");
	CHECK(!sandbox_exists("/sbin/request-key"), "nothing maps owners' names before the share");
	CHECK(boot.n_times == 6 && !strcmp(boot.time[3].name, "share"), "with their times");
	CHECK(fake_logged("done in ") == 6, "which are told");
	CHECK_STR(run("interface", 0),
		"cmdline begin interface failed interface portmap share record reconcile bind "
		"files ro",
		"one that fails is tried again");
	CHECK_STR(run("files", 0),
		"cmdline begin interface portmap share record reconcile bind files failed bind "
		"files ro",
		"from its beginning");
	CHECK_STR(run(NULL, XF_DEBUG_SHARE | XF_DEBUG_AGENT),
		"cmdline begin interface portmap shell share shell record reconcile bind files ro",
		"shells come before the steps that xfdebug= names");
	return tap_done();
}
