/* An installation from a medium, by virt-install(1). */
#ifndef FARM_MASTER_INSTALLER_H
#define FARM_MASTER_INSTALLER_H

#include "farm/master/define.h"

struct installer {
	const struct master_session *session;
	const struct master_define *define;
	const char *iso;
};

/* Is virt-install installed? 0, or -errno after a message. */
int installer_check(void);

/*
 * Let virt-install(1), which knows what a distribution's installer needs, compose the domain;
 * define it with our record; and start it from the medium. Later starts are from the disk. Returns
 * 0, or -errno after a message.
 */
int installer_start(const struct installer *installer, virDomainPtr *domain);

/* The document with the record in it, the caller's to free; NULL without memory, or if it is not a
 * domain's. No I/O. */
char *installer_add_record(const char *xml, const struct record *record);

#endif
