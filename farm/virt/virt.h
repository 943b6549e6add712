/*
 * The connection to libvirt: it never hangs for ever, it prints no messages of its own, and what
 * fails is said in three parts: what, why, and what to do.
 */
#ifndef FARM_VIRT_H
#define FARM_VIRT_H

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdbool.h>

enum virt_kind { VIRT_QEMU, VIRT_XEN, VIRT_TEST /* libvirt's test driver */ };

/*
 * Connect to uri. A thread runs libvirt's event loop from now on, so that a host that stops to
 * answer is noticed by keep-alive messages. Returns 0, or -errno after a message.
 */
int virt_open(const char *uri, bool read_only, virConnectPtr *connection);

/* Its two parts, for a thread that somebody else waits for: what is done once, before the first
 * connection; and to connect, without a message and without a time limit. */
int virt_begin(void);
int virt_connect(const char *uri, bool read_only, virConnectPtr *connection);

void virt_close(virConnectPtr *connection);
#define AUTO_VIRT __attribute__((cleanup(virt_close)))

enum virt_kind virt_kind(virConnectPtr connection);

/*
 * Say why the last call to libvirt of this thread failed: "WHAT: WHY [libvirt: TEXT]; DO". what is
 * what could not be done; the rest follows from libvirt's error, unless remedy says what to do.
 * Returns -errno: -ENOENT for what does not exist, -EACCES, -EEXIST, -EBUSY, -ENOTCONN, -EIO.
 */
__attribute__((format(printf, 2, 3))) int virt_error(const char *remedy, const char *what, ...);

/* The same for an error that another thread saved by virSaveLastError(). */
__attribute__((format(printf, 2, 3))) int virt_error_saved(
	virErrorPtr error, const char *what, ...);

/* The errno for it alone, negative, without a message. */
int virt_errno(void);

/*
 * What is done from now on ("starting web1") has to be done in that many seconds, or the program
 * prints so and ends with EXIT_TIMEOUT. 0 seconds: no limit.
 */
__attribute__((format(printf, 2, 3))) void virt_watch(unsigned int seconds, const char *what, ...);
void virt_watch_end(void);

/* Seconds for virt_watch(): a connection, and one call to libvirt that starts or changes something.
 */
#define VIRT_CONNECT_LIMIT 15
#define VIRT_CALL_LIMIT    120

/*
 * Wait until an active domain is no longer on its way: a command that was killed may have asked
 * libvirt to start it, which libvirt then completes. Returns 0, also if somebody paused it; or
 * -EBUSY after a message.
 */
int virt_await_start(virDomainPtr domain, const char *name);

/* Is it known to be off? This is a call to libvirt, which forgets the last error. */
bool virt_is_off(virDomainPtr domain);

/*
 * As virt_error(), for a call that was to bring the domain up or off: 0 without a message if it is,
 * which libvirt may have done for a command that was killed, or the guest by itself.
 */
__attribute__((format(printf, 3, 4))) int virt_error_unless(
	virDomainPtr domain, bool running, const char *what, ...);

/*
 * Our record in the domain (farm/virt/record.h), as XML: that of its definition; of a domain that
 * has none, because virsh undefined it while it runs or because it is Xen's domain 0, that of the
 * running one. The caller frees it. NULL: virt_errno() is -ENOENT if it has no record.
 */
char *virt_record(virDomainPtr domain);

void virt_free_domain(virDomainPtr *domain);
#define AUTO_VIRT_DOMAIN __attribute__((cleanup(virt_free_domain)))

#endif
