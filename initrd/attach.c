/*
 * xf-attach: xf-init's steps inside an initrd of another tool (docs/xf-hooks.8). That tool has
 * loaded drivers and often mounted the root; xf-attach adds the share.
 *
 * The steps are xf-init's own functions. They know the root as /root and the share as /mroot: where
 * the tool has its root elsewhere, /root becomes a link to it.
 */
#include "initrd/boot.h"
#include "initrd/fail.h"
#include "initrd/file.h"
#include "initrd/handover.h"
#include "initrd/log.h"
#include "initrd/switch.h"
#include "lib/paths.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MS_PRIVATE /* klibc's <sys/mount.h> lacks it */
#define MS_PRIVATE (1 << 18)
#endif

#define SHARE_IN_ROOT ROOT_DIR PATH_SHARE

static const char *new_root; /* the tool's name for the root */

/* Moves are not possible below a mount that is shared, as systemd makes /. */
static int step_devices(struct boot *boot)
{
	(void)boot;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail_note(-errno, NULL, "make / private");
	/* xf-shutdown is run from there: of the flags of /run, only noexec is removed. */
	if (mount(NULL, "/run", NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV, NULL) < 0)
		return fail_note(-errno, "must be a mount point", "/run");
	if (file_make_dirs(PATH_SHARE) < 0 || file_make_dirs("/tools") < 0)
		return fail_note(-EIO, NULL, PATH_SHARE);
	if (!strcmp(new_root, ROOT_DIR))
		return 0;
	if (rename(ROOT_DIR, ROOT_DIR ".initrd") < 0 && errno != ENOENT)
		return fail_note(-errno, NULL, ROOT_DIR);
	return symlink(new_root, ROOT_DIR) < 0 ? fail_note(-errno, NULL, ROOT_DIR) : 0;
}

static bool root_is_mounted(void)
{
	struct stat here, there;

	return stat("/", &here) == 0 && stat(ROOT_DIR, &there) == 0 && here.st_dev != there.st_dev;
}

/* What /proc/mounts says of it. */
static int find_root(struct mounted_root *root)
{
	static char table[65536];
	char device[sizeof(root->device)], place[128], type[sizeof(root->type)];
	ssize_t n = file_read("/proc/mounts", table, sizeof(table));

	for (char *line = n < 0 ? NULL : table; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%63s %127s %31s", device, place, type) != 3 ||
			strcmp(place, new_root))
			continue;
		strcpy(root->device, device);
		strcpy(root->type, type);
		return 0;
	}
	return -ENOENT;
}

/* Mounted by the tool: make it read-write for the next steps. A remount without flags keeps those
 * of access times. */
static int take_root(struct mounted_root *root)
{
	if (find_root(root) < 0)
		return fail_note(-ENOENT, NULL, "%s in /proc/mounts", new_root);
	if (mount(NULL, ROOT_DIR, NULL, MS_REMOUNT, NULL) < 0)
		return fail_note(-errno, NULL, "remount %s read-write", root->device);
	return 0;
}

static int step_root(struct boot *boot)
{
	if (root_is_mounted())
		return take_root(&boot->root);
	return root_mount(&boot->cmdline, &boot->share, &boot->root);
}

/* The tool moves its own mounts; the share goes with the root. */
static int step_hand_over(struct boot *boot)
{
	if (mount(PATH_SHARE, SHARE_IN_ROOT, NULL, MS_BIND, NULL) < 0 ||
		umount2(PATH_SHARE, MNT_DETACH) < 0)
		return fail_note(-errno, NULL, "%s to %s", PATH_SHARE, SHARE_IN_ROOT);
	return handover_record(boot);
}

static const struct boot_step steps[] = {
	{ "devices", step_devices, 0 },
	{ "cmdline", boot_step_cmdline, 0 },
	{ "interface", boot_step_interface, XF_DEBUG_NET },
	{ "portmap", boot_step_portmap, 0 },
	{ "share", boot_step_share, XF_DEBUG_SHARE },
	{ "root", step_root, XF_DEBUG_ROOT },
	{ "reconcile", boot_step_reconcile, XF_DEBUG_AGENT },
	{ "bind", boot_step_bind, 0 },
	{ "handover", step_hand_over, XF_DEBUG_INIT },
};

static int usage(FILE *out)
{
	fputs("usage: xf-attach ROOT\n"
	      "\n"
	      "In an initrd: mount the share as the kernel's command line says (xfnet=), and make "
	      "a\n"
	      "client's root of ROOT, an absolute path, which is mounted first if it is not yet.\n",
		out);
	return out == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	static struct boot boot;

	new_root = argc == 2 ? argv[1] : "";
	if (!strcmp(new_root, "--help"))
		return usage(stdout);
	if (!strcmp(new_root, "--version")) {
		puts("xf-attach " XF_VERSION);
		return 0;
	}
	if (new_root[0] != '/' || !new_root[1])
		return usage(stderr);
	/* On a running machine this would take its root away. */
	if (!switch_is_initramfs()) {
		fputs("xf-attach: / is not an initramfs\n", stderr);
		return 1;
	}
	log_open("xf-attach");
	boot_run(&boot, steps, sizeof(steps) / sizeof(steps[0]));
	log_close();
	return 0;
}
