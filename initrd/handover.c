#include "initrd/handover.h"

#include "initrd/fail.h"
#include "initrd/file.h"
#include "initrd/nfs/nfs.h"
#include "lib/paths.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIT_DIR         "/run/systemd/system"
#define SHUTDOWN_DIR     "/run/initramfs" /* systemd's name for where it goes at the very end */
#define SHUTDOWN_PROGRAM SHUTDOWN_DIR "/shutdown"

int handover_begin(void)
{
	int rc = file_make_dirs(PATH_RUN);

	if (rc == 0 && access("/" PATH_ETC_KEY, F_OK) == 0)
		rc = file_copy("/" PATH_ETC_KEY, PATH_RUN_KEY);
	return rc < 0 ? fail_note(rc, NULL, PATH_RUN) : 0;
}

/*
 * By MAC, not by name: a newer udev can rename a link that is up. The .link file keeps the name, so
 * that it is the one in the record of the boot; a VLAN has its parent's MAC, so both are matched.
 */
static int unmanaged_by_mac(const struct net_interface *interface)
{
	char mac[XF_MAC_TEXT_MAX];
	int rc = file_make_dirs("/run/systemd/network");

	xf_mac_format(interface->mac, ':', mac);
	if (rc == 0)
		rc = file_format("/run/systemd/network/00-xenfarm.network", 0644,
			"# the link that carries /usr (xf-init)\n"
			"[Match]\nMACAddress=%s\n\n[Link]\nUnmanaged=yes\n\n"
			"[Network]\nKeepConfiguration=yes\n",
			mac);
	if (rc == 0)
		rc = file_format("/run/systemd/network/00-xenfarm.link", 0644,
			"# keeps the name that it has (xf-init)\n"
			"[Match]\nMACAddress=%s\n\n[Link]\nNamePolicy=keep\nMACAddressPolicy="
			"none\n",
			mac);
	if (rc == 0)
		rc = file_make_dirs("/run/NetworkManager/conf.d");
	if (rc == 0)
		rc = file_format("/run/NetworkManager/conf.d/00-xenfarm.conf", 0644,
			"# the link that carries /usr (xf-init)\n"
			"[device-xenfarm]\nmatch-device=mac:%s\nmanaged=0\n",
			mac);
	return rc;
}

static int mask_hotplug(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), UNIT_DIR "/ifup@%s.service", name);
	return symlink("/dev/null", path) < 0 && errno != EEXIST ? -errno : 0;
}

/* The NIC: the interface itself, or what is under a VLAN. */
static const char *nic_of(const struct net_interface *interface)
{
	return interface->parent[0] ? interface->parent : interface->name;
}

/* ifupdown goes by name: the interface, and the NIC under a VLAN, count as up already. */
static int unmanaged_ifupdown(const struct net_interface *interface)
{
	const char *name = interface->name, *parent = nic_of(interface);
	int rc = file_make_dirs("/run/network");

	return rc ? rc
		  : file_format("/run/network/ifstate", 0644, "%s=%s\n%s=%s\n", name, name, parent,
			    parent);
}

/* Their hotplug units are masked, and networking.service leaves them out when it stops. */
static int ifupdown_units(const struct net_interface *interface)
{
	const char *name = interface->name, *parent = nic_of(interface);
	int rc = file_make_dirs(UNIT_DIR "/networking.service.d");

	if (rc == 0)
		rc = file_format(UNIT_DIR "/networking.service.d/xenfarm.conf", 0644,
			"[Service]\nEnvironment=\"EXCLUDE_INTERFACES=%s %s\"\n", name, parent);
	if (rc == 0)
		rc = mask_hotplug(name);
	return rc == 0 ? mask_hotplug(parent) : rc;
}

/* systemd would unmount /mroot while programs run from it. */
static int protect_share_mount(void)
{
	int rc = file_make_dirs(UNIT_DIR "/mroot.mount.d");

	return rc < 0 ? rc
		      : file_write(UNIT_DIR "/mroot.mount.d/xenfarm.conf", 0644,
				"# the share stays until the exit program unmounts it (xf-init)\n"
				"[Unit]\nDefaultDependencies=no\n");
}

/*
 * When the server is dead, programs of the share hang, and so does a shutdown that waits for them.
 * A guard, which needs only /run, ends it. There is one for each kind of shutdown: the one that
 * systemd stops knows which kind it is. They start last, so that they are stopped first.
 */
static int guard_unit(const char *verb, const char *targets)
{
	char path[128], link[128];
	int rc;

	snprintf(path, sizeof(path), UNIT_DIR "/xenfarm-guard-%s.service", verb);
	snprintf(link, sizeof(link), UNIT_DIR "/multi-user.target.wants/xenfarm-guard-%s.service",
		verb);
	rc = file_format(path, 0644,
		"[Unit]\n"
		"Description=Xen Farming: %s does not wait for a dead share\n"
		"DefaultDependencies=no\n"
		"IgnoreOnIsolate=yes\n"
		"After=multi-user.target\n"
		"Conflicts=%s\n"
		"Before=%s\n\n"
		"[Service]\n"
		"ExecStart=" SHUTDOWN_PROGRAM " --guard %s\n"
		"KillMode=process\n"
		"SendSIGKILL=no\n",
		verb, targets, targets, verb);
	if (rc == 0 && symlink(path, link) < 0 && errno != EEXIST)
		rc = -errno;
	return rc;
}

static int guard_units(void)
{
	int rc = file_make_dirs(UNIT_DIR "/multi-user.target.wants");

	if (rc == 0)
		rc = guard_unit("poweroff", "poweroff.target halt.target");
	return rc == 0 ? guard_unit("reboot", "reboot.target kexec.target") : rc;
}

/* The directory tells scripts that systemd runs, sd_booted(3): make it only where it will run. */
static bool starts_systemd(const struct boot *boot)
{
	const char *init = boot->cmdline.init[0] ? boot->cmdline.init : "/sbin/init";
	char path[XF_WORD_MAX + sizeof(ROOT_DIR)], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), ROOT_DIR "%s", init);
	n = readlink(path, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	return strstr(init, "/systemd") || strstr(target, "systemd");
}

/* For the exit program, which loads the next kernel from there: /mroot is unmounted by then. */
static int keep_share(void)
{
	int rc = file_make_dirs(PATH_RUN_SHARE);

	if (rc == 0 && access(PATH_RUN_SHARE "/current", F_OK) == 0)
		return 0;
	return rc == 0 && mount(PATH_SHARE, PATH_RUN_SHARE, NULL, MS_BIND, NULL) < 0 ? -errno : rc;
}

static int systemd_units(const struct boot *boot)
{
	int rc = ifupdown_units(&boot->interface);

	if (rc == 0)
		rc = protect_share_mount();
	if (rc == 0)
		rc = keep_share();
	return rc == 0 ? guard_units() : rc;
}

static int exit_program(void)
{
	int rc = file_make_dirs(SHUTDOWN_DIR);

	return rc < 0 ? rc : file_copy("/shutdown", SHUTDOWN_PROGRAM);
}

/*
 * Debian's sysvinit script unmounts every NFS mount, lazily and by force: the next script would
 * find no /bin/sh. Mount one over it that keeps the share.
 */
static int spare_from_umountnfs(const struct boot *boot)
{
	static const char script[] = ROOT_DIR "/etc/init.d/umountnfs.sh";
	char server[XF_ADDR_TEXT_MAX];
	int rc;

	if (access(script, F_OK) < 0)
		return 0;
	xf_addr_format(&boot->share.server, server);
	rc = file_format(PATH_RUN "/umountnfs.sh", 0755,
		"#!/bin/sh\n"
		"# mounted over /etc/init.d/umountnfs.sh by xf-init: /usr is on NFS and stays to "
		"the end\n"
		"[ \"$1\" = stop ] || exit 0\n"
		"halt -w\n"
		"while read -r device directory type rest; do\n"
		"    case $type:$device in\n"
		"    nfs*:%s:* | nfs*:[[]%s[]]:*) ;;\n"
		"    nfs*:*) umount -f -l \"$directory\" ;;\n"
		"    esac\n"
		"done </proc/mounts\n",
		server, server);
	if (rc == 0 && mount(PATH_RUN "/umountnfs.sh", script, NULL, MS_BIND, NULL) < 0)
		rc = -errno;
	return rc;
}

int handover_files(const struct boot *boot)
{
	static const char what[] = "files for the next system in /run";
	int rc = unmanaged_by_mac(&boot->interface);

	if (rc == 0)
		rc = unmanaged_ifupdown(&boot->interface);
	if (rc == 0 && starts_systemd(boot))
		rc = systemd_units(boot);
	if (rc == 0)
		rc = exit_program();
	if (rc == 0)
		rc = spare_from_umountnfs(boot);
	return rc < 0 ? fail_note(rc, NULL, what) : 0;
}

/* All that xfnet= names, with commas between. */
static const char *format_servers(
	const struct xfnet *net, char out[static XF_SERVERS_MAX * XF_ADDR_TEXT_MAX])
{
	char *end = out;

	*end = '\0';
	for (unsigned int i = 0; i < net->nservers; i++) {
		if (i > 0)
			*end++ = ',';
		xf_addr_format(&net->server[i], end);
		end += strlen(end);
	}
	return out;
}

int handover_record(const struct boot *boot)
{
	char text[FILE_FORMAT_MAX], mac[XF_MAC_TEXT_MAX], client[XF_ADDR_TEXT_MAX],
		gateway[XF_ADDR_TEXT_MAX] = "", server[XF_ADDR_TEXT_MAX],
		servers[XF_SERVERS_MAX * XF_ADDR_TEXT_MAX];
	int n, rc;

	xf_mac_format(boot->interface.mac, ':', mac);
	xf_addr_format(&boot->cmdline.net.client, client);
	xf_addr_format(&boot->share.server, server);
	if (boot->cmdline.net.gateway.family)
		xf_addr_format(&boot->cmdline.net.gateway, gateway);
	n = snprintf(text, sizeof(text),
		"version=" XF_VERSION
		"\nname=%s\ninterface=%s\nmac=%s\nvlan=%u\nclient=%s\nprefix=%u\n"
		"gateway=%s\nservers=%s\nserver=%s\nport=%u\nshare=%s\nnfs=%s\n"
		"generation=%u\nchannel=%s\ntree=%s\nroot=%s\nagent=%s\n",
		boot->cmdline.name, boot->interface.name, mac, boot->cmdline.vlan, client,
		boot->cmdline.net.prefix, gateway, format_servers(&boot->cmdline.net, servers),
		server, nfs_port(&boot->cmdline), boot->cmdline.share_path, boot->share.version,
		boot->share.generation, boot->cmdline.generation ? "" : boot->cmdline.channel,
		boot->share.tree, boot->root.device, boot->agent ? boot->agent : "");
	for (unsigned int i = 0; i < boot->n_times && n < (int)sizeof(text); i++)
		n += snprintf(text + n, sizeof(text) - n, "step.%s=%u\n", boot->time[i].name,
			boot->time[i].ms);
	rc = n < (int)sizeof(text) ? file_write(PATH_RUN_RECORD, 0644, text) : -ENOSPC;
	return rc < 0 ? fail_note(rc, NULL, PATH_RUN_RECORD) : 0;
}
