/*
 * `xenfarm doctor` on the farm's other hosts: those of [host NAME] in xenfarm.conf. All are asked
 * at once, and within a time limit.
 */
#ifndef FARM_CLIENT_DOCTOR_H
#define FARM_CLIENT_DOCTOR_H

#include "farm/net/doctor.h"

/*
 * Is each reached by ssh and by libvirt, has it this version and this time, and what does doctor
 * find wrong there? Calls each with the answers; their names are "HOST/CHECK". Returns how many
 * failed, or -errno after a message.
 */
int client_doctor(struct farm_context *context,
	void (*each)(void *arg, const char *name, const struct doctor_finding *finding), void *arg);

#endif
