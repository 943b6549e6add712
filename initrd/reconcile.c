#include "initrd/reconcile.h"

#include "initrd/error.h"
#include "initrd/fail.h"
#include "initrd/firstboot.h"
#include "initrd/handover.h"
#include "initrd/hostname.h"
#include "initrd/log.h"
#include "initrd/tools.h"
#include "lib/exit.h"
#include "lib/paths.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define AGENT       "/usr/sbin/xf-agent"
#define AGENT_LIMIT 120  /* seconds that a boot waits for it */
#define FILL_LIMIT  3600 /* seconds for a blank root, which cannot boot without */

static int run_agent(const struct mounted_share *share, unsigned int limit, int *status)
{
	static const char *const argv[] = { AGENT, "boot", "--root", TOOLS_TARGET, "--source",
		PATH_SHARE, "--pub", PATH_RUN_KEY, NULL };

	return tools_run(share, limit, argv, status);
}

/* All done, or done but for what waits for the administrator. */
static bool agent_did_it(int status)
{
	return status == EXIT_SUCCESS || status == EXIT_CONFLICTS || status == EXIT_DEFERRED;
}

/* Arguments for tar; those composed here are kept in text. */
struct members {
	unsigned int n;
	size_t used;
	const char *argv[320];
	char text[8192];
};

static int add(struct members *m, const char *prefix, const char *name)
{
	int n = snprintf(m->text + m->used, sizeof(m->text) - m->used, "%s%s", prefix, name);

	if (n < 0 || m->used + n + 1 > sizeof(m->text) ||
		m->n + 1 == sizeof(m->argv) / sizeof(m->argv[0]))
		return -E2BIG;
	m->argv[m->n++] = m->text + m->used;
	m->used += n + 1;
	return 0;
}

/* A client has only the empty directory of these. */
static bool is_virtual(const char *name)
{
	static const char *const names[] = { "proc", "sys", "dev", "run", "tmp", PATH_SHARE + 1 };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static bool is_shared(const struct layout *layout, const char *name)
{
	for (unsigned int i = 0; i < layout->n; i++)
		if (layout->entry[i].kind != LAYOUT_WRITEABLE &&
			!strcmp(layout->entry[i].path, name))
			return true;
	return false;
}

static int add_directories(struct members *m, const struct mounted_share *share, bool virtual)
{
	DIR *dir = opendir(share->tree);
	struct dirent *d;
	int rc = dir ? 0 : -errno;

	while (rc == 0 && (d = readdir(dir)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, "..") &&
			is_virtual(d->d_name) == virtual && !is_shared(&share->layout, d->d_name))
			rc = add(m, "./", d->d_name);
	if (dir)
		closedir(dir);
	return rc;
}

/* Bound paths inside the writeable part are left out, writeable islands inside bound ones are
 * copied.
 */
static int add_nested(struct members *m, const struct layout *layout, bool islands)
{
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < layout->n; i++) {
		const struct layout_entry *entry = &layout->entry[i];

		if (islands && entry->kind == LAYOUT_WRITEABLE)
			rc = add(m, "./", entry->path);
		else if (!islands && entry->kind == LAYOUT_BIND && strchr(entry->path, '/'))
			rc = add(m, "--exclude=./", entry->path);
	}
	return rc;
}

/*
 * A pipe of two tars, as /bin/sh of the share runs them; a pipe's status is its last command's, so
 * the first one's failure is left in a file. NFSv4 shows its own ACLs as system.nfs4_acl, which no
 * other file system takes.
 */
static int copy_writeable_part(const struct mounted_share *share, int *status)
{
	static const char script[] =
		"bad=/run/xf-copy.bad; rm -f $bad\n"
		"{ tar --numeric-owner --xattrs --xattrs-exclude='system.*' --acls -cf - \"$@\" || "
		": >$bad; } |\n"
		"tar -C " TOOLS_TARGET
		" --numeric-owner --xattrs --xattrs-include='*' --acls -xpf - &&\n"
		"[ ! -e $bad ]";
	static struct members m;
	int rc;

	m = (struct members){ .n = 6,
		.argv = { "/bin/sh", "-c", script, "copy", "-C", share->tree } };
	rc = add_nested(&m, &share->layout, false);
	rc = rc ? rc : add(&m, "", "--no-recursion");
	rc = rc ? rc : add_directories(&m, share, true);
	rc = rc ? rc : add(&m, "", "--recursion");
	rc = rc ? rc : add_directories(&m, share, false);
	rc = rc ? rc : add_nested(&m, &share->layout, true);
	return rc ? rc : tools_run(share, FILL_LIMIT, m.argv, status);
}

static int fill(const struct xf_cmdline *cmdline, const struct mounted_share *share,
	const struct mounted_root *root, const char **outcome)
{
	int rc = -ENOENT, status = 0;

	log_info("%s is blank: filling it from generation %u", root->device, share->generation);
	*outcome = "filled";
	if (cmdline->agent)
		rc = run_agent(share, FILL_LIMIT, &status);
	if (rc == -ENOENT) {
		*outcome = "copied";
		rc = copy_writeable_part(share, &status);
	}
	if (rc == 0 && !agent_did_it(status))
		rc = -EIO;
	if (rc < 0)
		return fail_note(rc, "see above; is the disk large enough?",
			"filling the blank root %s", root->device);
	return firstboot_finish(cmdline, share, root);
}

/* A name that cannot be written is no reason not to boot. */
static void follow_name(const char *name)
{
	int rc = hostname_follow(ROOT_DIR, name);

	if (rc > 0)
		log_info("/etc/hostname now says %s", name);
	else if (rc < 0)
		log_warn("/etc/hostname keeps its name: %s", error_name(rc));
}

/* A failure is reported, and the boot goes on. */
static void update(
	const struct xf_cmdline *cmdline, const struct mounted_share *share, const char **outcome)
{
	static const char as_it_is[] = "booting with the writeable part as it is";
	int rc, status = 0;

	*outcome = "off";
	if (!cmdline->agent)
		return;
	rc = run_agent(share, AGENT_LIMIT, &status);
	*outcome = rc == -ENOENT ? "none" : rc == 0 && agent_did_it(status) ? "done" : "failed";
	if (rc == -ETIMEDOUT)
		log_warn(AGENT " was stopped after %d s: %s", AGENT_LIMIT, as_it_is);
	else if (rc < 0 && rc != -ENOENT)
		log_warn(AGENT ": %s: %s", error_name(rc), as_it_is);
	else if (rc == 0 && !agent_did_it(status))
		log_warn(AGENT " ended with %d: %s", status, as_it_is);
}

int reconcile_root(const struct xf_cmdline *cmdline, const struct mounted_share *share,
	const struct mounted_root *root, const char **outcome)
{
	int rc = 0;

	if (firstboot_begin()) {
		rc = fill(cmdline, share, root, outcome);
	} else {
		follow_name(cmdline->name);
		update(cmdline, share, outcome);
	}
	if (rc == 0)
		firstboot_keep_units();
	return rc;
}
