/*
 * What the farm keeps in libvirt: one element of our namespace in a domain's <metadata>. A domain
 * with it is ours, and no other is, whatever its name.
 *
 *	<client xmlns="urn:xenfarm:domain:1" share="UUID" address="10.77.0.11" pin="" channel="live"
 *		admin="" hostkey="ssh-ed25519 AAAA…" state="ready" created="2026-11-28T14:25:30Z"/>
 *
 * A master's is <master xmlns="…" share="UUID" state="ready" created="…"/>. Attributes that a later
 * version adds are passed over. No I/O.
 */
#ifndef FARM_VIRT_RECORD_H
#define FARM_VIRT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel-cmdline/xfnet.h"

#define RECORD_NAMESPACE     "urn:xenfarm:domain:1"
#define RECORD_PREFIX        "xenfarm" /* of the namespace, where libvirt wants one */
#define RECORD_BYTES_MAX     8192      /* of the element's text */
#define RECORD_UUID_SIZE     37
#define RECORD_ADMIN_MAX     200 /* bytes */
#define RECORD_HOST_KEY_SIZE 81

enum record_role { RECORD_CLIENT, RECORD_MASTER };

/* What is "creating" was cut off while it was made: the same command completes it. */
enum record_state { RECORD_CREATING, RECORD_READY };

struct record {
	enum record_role role;
	char share[RECORD_UUID_SIZE]; /* the UUID of its share, in lower case */
	enum record_state state;
	char created[21]; /* UTC, ISO 8601 */
	/* The rest is a client's: */
	struct xf_addr address;              /* IPv4 */
	uint32_t pin;                        /* the generation that it stays with; 0: none */
	char channel[64];                    /* "live" */
	char admin[RECORD_ADMIN_MAX + 1];    /* who to ask about it, free text; "" */
	char host_key[RECORD_HOST_KEY_SIZE]; /* "ssh-ed25519 AAAA…", its public SSH host key; "" */
};

/*
 * Parse the element, as virDomainGetMetadata(3) gives it. Returns 0, or -EINVAL with *what: static
 * text, the rule that it breaks; -ENOMEM.
 */
int record_parse(const char *xml, struct record *record, const char **what);

/* The element's text, the caller's to free, or NULL without memory. */
char *record_format(const struct record *record);

/* The same without our namespace: virDomainSetMetadata(3) gets that beside it, and adds it. */
char *record_format_bare(const struct record *record);

/* The rule that text breaks as an administrator's name, which may hold any printable UTF-8; or
 * NULL. */
const char *record_check_admin(const char *text);

/* Is it an Ed25519 key, as the first two words of a public key's file? Others are not supported. */
bool record_is_host_key(const char *text);

/* Is it a UUID, 36 letters, in lower case? */
bool record_is_uuid(const char *text);

const char *record_state_name(enum record_state state);

struct _xmlTextWriter;
/* Write the element into a document. Returns false if there is no memory. */
bool record_write(struct _xmlTextWriter *writer, const struct record *record);

#endif
