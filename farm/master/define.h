/* A master's domain in libvirt: composed, and given to libvirt. */
#ifndef FARM_MASTER_DEFINE_H
#define FARM_MASTER_DEFINE_H

#include "farm/master/master.h"

struct master_define {
	const char *name, *uuid;
	const char *disk, *format; /* format: NULL, raw */
	const char *boot;          /* BOOT/master/NAME, whose kernel is started directly … */
	const char *cmdline;       /* … with these words; NULL: the disk's boot loader is */
	const char *share_name;    /* for its title */
	uint32_t memory, cpus;
	struct xf_addr address;
	struct record record;
};

/* The document, the caller's to free, or NULL without memory. */
char *master_define_xml(const struct master_session *session, const struct master_define *define);

/* Give a document to libvirt. *domain, if it is not NULL, is released and replaced. 0, or -errno
 * after a message. */
int master_define(const struct master_session *session, const char *name, const char *xml,
	virDomainPtr *domain);

/* "ttyS0", or what this hypervisor has. */
const char *master_define_console(const struct master_session *session);

/* The first address in the masters' network that no domain has. 0, or -errno after a message. */
int master_define_address(
	const struct master_session *session, const char *name, struct xf_addr *address);

/* Refuse a disk that some domain of libvirt has. 0, or -errno after a message. */
int master_define_check_disk(const struct master_session *session, const char *path);

#endif
