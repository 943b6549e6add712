/* Where the programs meet: paths that more than one of them knows. */
#ifndef LIB_PATHS_H
#define LIB_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define PATH_SERVER_SHARE "/srv/xenfarm/share" /* if nobody says another one */
#define PATH_SHARE        "/mroot"             /* on a client */

/* In a share: the trees that clients run from. The channel of that name is at the top of the share,
 * any other is PATH_CHANNELS/NAME. */
#define PATH_LIVE     "live"
#define PATH_CHANNELS "channel"

/* What xf-init leaves for the system. */
#define PATH_RUN        "/run/xenfarm"
#define PATH_RUN_RECORD PATH_RUN "/boot"      /* xf-init(8) */
#define PATH_RUN_KEY    PATH_RUN "/share.pub" /* the root of trust: it came with the initrd */

/*
 * xf-agentd(8): what root leaves for it, as XDR (lib/fleet/fleet.x), and what it asks root for. Its
 * names end with a generation's number or a message's id where they end with '-'.
 */
#define PATH_RUN_REPORTS      PATH_RUN "/agent"
#define PATH_RUN_ASKED        PATH_RUN "/agentd"
#define PATH_REPORT_STATUS    "status"    /* fleet_status */
#define PATH_REPORT_CONFLICTS "conflicts" /* fleet_conflicts */
#define PATH_REPORT_UUID      "uuid"      /* the machine's, as text */
#define PATH_REPORT_DELIVERED "delivered" /* ids of messages, a line each */
#define PATH_REPORT_PREVIEW   "preview-"  /* fleet_preview_answer */
#define PATH_ASKED_RECONCILE  "reconcile" /* empty */
#define PATH_ASKED_MESSAGE    "message-"  /* fleet_message */
#define PATH_ASKED_PREVIEW    "preview-"  /* empty */

/* The share once more, where systemd lets mounts be until its last program runs. */
#define PATH_RUN_SHARE "/run/initramfs/share"

/* On a blank disk: SSH host keys that the server made, for the client's first boot to take. */
#define PATH_HANDED_KEYS ".xenfarm-host-keys"

/* In a generation: what it boots with, links that a publish makes. */
#define PATH_BOOT_KERNEL "boot/xf-vmlinuz"
#define PATH_BOOT_INITRD "boot/xf-initrd.img"

/* Below a root, and in an initrd. */
#define PATH_ETC      "etc/xenfarm"
#define PATH_ETC_KEY  PATH_ETC "/share.pub"
#define PATH_ETC_NAME PATH_ETC "/hostname" /* what xf-init wrote to /etc/hostname */
#define PATH_STATE    "var/lib/xenfarm"    /* of xf-agent */

/* What the name of an offer ends with, before a number. */
#define PATH_OFFER ".xennew"

/* Does path begin with the directory's path and a slash? */
static inline bool path_is_below(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return strncmp(path, directory, n) == 0 && path[n] == '/';
}

#endif
