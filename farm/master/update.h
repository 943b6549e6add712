/*
 * How a master updates itself: the distribution's own command, which a script runs in it. The
 * script comes to the machine as the first bytes of a disk of its own, is executed once by systemd
 * in place of all services, writes its log and its result to the same disk, and powers off. So it
 * needs no program, unit or network service of the master, on any hypervisor. No I/O.
 */
#ifndef FARM_MASTER_UPDATE_H
#define FARM_MASTER_UPDATE_H

#include <stdbool.h>
#include <stddef.h>

#include "farm/master/os-release.h"
#include "lib/buf.h"

/* The disk: the script, and from UPDATE_LOG_OFFSET on the log, both with NULs after them. */
#define UPDATE_BLOCK       4096
#define UPDATE_LOG_BLOCK   16
#define UPDATE_DISK_BLOCKS 1024
#define UPDATE_LOG_OFFSET  (UPDATE_LOG_BLOCK * UPDATE_BLOCK)
#define UPDATE_DISK_SIZE   (UPDATE_DISK_BLOCKS * UPDATE_BLOCK)

struct update_way {
	const char *name;     /* "apt" */
	const char *commands; /* of a shell that ends at the first failure */
};

/* Of a distribution, or NULL: none is known. */
const struct update_way *update_way_of(const struct os_release *os);

struct update_script {
	const struct update_way *way;
	const char *token;  /* marks the end of the log: this run's own */
	const char *device; /* the disk in the machine: "vdb" */
	const char *mac;    /* of the interface that reaches the mirrors */
	const char *address, *prefix /* bits */, *server;
	const char *proxy; /* URL, or NULL */
};

/* Append it. Returns 0, or -E2BIG: it is longer than its part of the disk. */
int update_script_compose(const struct update_script *script, struct buf *out);

/* What the kernel's command line has besides, to run it from that device and power off. */
void update_cmdline(const char *device, struct buf *out);

/* The log so far (bytes; it ends at a NUL): its last line, for a person, without control
 * characters; and whether the run has ended, with its exit status. */
struct update_progress {
	char line[160];
	bool ended;
	int status;
};
void update_read_log(const char *log, size_t n, const char *token, struct update_progress *p);

#endif
