#include "farm/virt/virt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libvirt/virterror.h>

#include "farm/virt/record.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/exit.h"

#define KEEPALIVE_SECONDS 5 /* between two messages, and so many may go without an answer: */
#define KEEPALIVE_COUNT   4

/* --- errors --- */

static const struct reason {
	int code, error;
	const char *why, *remedy;
} reasons[] = {
	{ VIR_ERR_NO_DOMAIN, ENOENT, "libvirt has no such domain", "see `virsh list --all`" },
	{ VIR_ERR_NO_NETWORK, ENOENT, "libvirt has no such network", "run `xenfarm init`" },
	{ VIR_ERR_NO_DOMAIN_METADATA, ENOENT, "the domain has no record of ours", NULL },
	{ VIR_ERR_DOM_EXIST, EEXIST, "a domain with that name or UUID exists", NULL },
	{ VIR_ERR_AUTH_FAILED, EACCES, "no permission",
		"run it as root, or as a member of the group libvirt" },
	{ VIR_ERR_AUTH_UNAVAILABLE, EACCES, "no permission",
		"run it as root, or as a member of the group libvirt" },
	{ VIR_ERR_AUTH_CANCELLED, EACCES, "no permission",
		"run it as root, or as a member of the group libvirt" },
	{ VIR_ERR_ACCESS_DENIED, EACCES, "no permission",
		"run it as root, or as a member of the group libvirt" },
	{ VIR_ERR_OPERATION_DENIED, EACCES, "no permission",
		"run it as root, or as a member of the group libvirt" },
	{ VIR_ERR_OPERATION_INVALID, EBUSY, "its state does not allow it",
		"see `xenfarm client show`" },
	{ VIR_ERR_OPERATION_TIMEOUT, EBUSY, "libvirt is busy with it", "wait, and run it again" },
	{ VIR_ERR_RPC, ENOTCONN, "the connection to libvirt broke", "run it again" },
	{ VIR_ERR_INVALID_CONN, ENOTCONN, "the connection to libvirt broke", "run it again" },
	{ VIR_ERR_NO_SUPPORT, ENOTSUP, "this hypervisor cannot do it", NULL },
	{ VIR_ERR_CONFIG_UNSUPPORTED, ENOTSUP, "this hypervisor cannot do it", NULL },
	{ VIR_ERR_NO_CONNECT, EINVAL, "libvirt knows no such connection",
		"mend uri in xenfarm.conf" },
	{ VIR_ERR_INVALID_ARG, EINVAL, "libvirt refuses it", NULL },
	{ VIR_ERR_XML_ERROR, EINVAL, "libvirt refuses the XML", NULL },
	{ VIR_ERR_XML_DETAIL, EINVAL, "libvirt refuses the XML", NULL },
	{ VIR_ERR_NO_MEMORY, ENOMEM, "no memory", NULL },
};

static const struct reason failed_reason = { 0, EIO, "it failed", NULL };
/* libxl's own reason is in its log only. */
static const struct reason xen_reason = { 0, EIO, "Xen refused it, or it failed there",
	"/var/log/libvirt/libxl/libxl-driver.log says why" };
static const struct reason down = { 0, ENOTCONN, "libvirt does not answer",
	"start it: `systemctl start libvirtd`" };
static const struct reason denied = { 0, EACCES, "no permission",
	"run it as root, or as a member of the group libvirt" };
static const struct reason unreachable = { 0, ENOTCONN, "the host cannot be reached",
	"see whether it is up, and run it again" };

/* What the remote driver met on the way to the daemon: int1 is the errno. */
static const struct reason *system_reason(const virError *e)
{
	if (e->domain != VIR_FROM_RPC)
		return &failed_reason;
	switch (e->int1) {
	case ENOENT:
	case ECONNREFUSED:
		return &down;
	case EACCES:
	case EPERM:
		return &denied;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ETIMEDOUT:
	case ECONNRESET:
		return &unreachable;
	default:
		return &failed_reason;
	}
}

static const struct reason *reason_of(const virError *e)
{
	if (!e)
		return &failed_reason;
	if (e->code == VIR_ERR_SYSTEM_ERROR)
		return system_reason(e);
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].code == e->code)
			return &reasons[i];
	return e->domain == VIR_FROM_LIBXL ? &xen_reason : &failed_reason;
}

int virt_errno(void)
{
	return -reason_of(virGetLastError())->error;
}

/* libvirt's texts may have several lines, and what a host sends: none of it reaches a terminal as
 * control characters. */
static char *one_line(const char *text)
{
	char *line = strdup(text ? text : "no text");

	for (char *p = line; p && *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	return line;
}

static int say_error(const virError *e, const char *remedy, const char *what, va_list args)
{
	const struct reason *reason = reason_of(e);
	AUTO_FREE char *text = one_line(e ? e->message : NULL);
	AUTO_FREE char *sentence = NULL;

	if (vasprintf(&sentence, what, args) < 0)
		sentence = NULL;
	if (!remedy)
		remedy = reason->remedy;
	cli_error(0, "%s: %s [libvirt: %s]%s%s", sentence ? sentence : what, reason->why,
		text ? text : "", remedy ? "; " : "", remedy ? remedy : "");
	return -reason->error;
}

int virt_error(const char *remedy, const char *what, ...)
{
	va_list args;
	int r;

	va_start(args, what);
	r = say_error(virGetLastError(), remedy, what, args);
	va_end(args);
	return r;
}

int virt_error_saved(virErrorPtr error, const char *what, ...)
{
	va_list args;
	int r;

	va_start(args, what);
	r = say_error(error, NULL, what, args);
	va_end(args);
	return r;
}

bool virt_is_off(virDomainPtr domain)
{
	return virDomainIsActive(domain) == 0;
}

/* It is active from the first moment on; before its processors run, it is off, and then paused. */
static bool is_starting(virDomainPtr domain, int state, int reason)
{
	return state == VIR_DOMAIN_PAUSED    ? reason == VIR_DOMAIN_PAUSED_STARTING_UP
	       : state == VIR_DOMAIN_SHUTOFF ? virDomainIsActive(domain) > 0
					     : false;
}

int virt_await_start(virDomainPtr domain, const char *name)
{
	static const struct timespec pause = { 0, 100000000 };
	int state, reason;

	for (unsigned int tenth = 0; tenth < 10 * VIRT_CALL_LIMIT; tenth++) {
		if (virDomainGetState(domain, &state, &reason, 0) < 0)
			return virt_error(NULL, "cannot see whether %s runs", name);
		if (!is_starting(domain, state, reason))
			return 0;
		nanosleep(&pause, NULL);
	}
	return -cli_error(EBUSY, "libvirt is still starting %s; see its log", name);
}

int virt_error_unless(virDomainPtr domain, bool running, const char *what, ...)
{
	virError *error = virSaveLastError();
	va_list args;
	int r = 0;

	va_start(args, what);
	if (virDomainIsActive(domain) != running)
		r = say_error(error, NULL, what, args);
	va_end(args);
	virFreeError(error);
	return r;
}

static void be_silent(void *data, virErrorPtr error)
{
	(void)data;
	(void)error;
}

/* --- the time limit --- */

/* What the handler prints: nothing can be composed in it. */
static char late[512];
static volatile sig_atomic_t late_size;

static void on_alarm(int signal)
{
	ssize_t n = write(STDERR_FILENO, late, (size_t)late_size);

	(void)signal;
	_exit(n < 0 ? EXIT_TIMEOUT : EXIT_TIMEOUT);
}

void virt_watch(unsigned int seconds, const char *what, ...)
{
	struct sigaction action = { .sa_handler = on_alarm };
	char doing[256];
	va_list args;
	int n;

	alarm(0);
	va_start(args, what);
	vsnprintf(doing, sizeof(doing), what, args);
	va_end(args);
	n = snprintf(late, sizeof(late),
		"xenfarm: %s: not done after %u seconds; every command can be run again\n", doing,
		seconds);
	late_size = n < (int)sizeof(late) ? n : (int)sizeof(late) - 1;
	sigaction(SIGALRM, &action, NULL);
	alarm(seconds);
}

void virt_watch_end(void)
{
	alarm(0);
}

/* --- the connection --- */

static void *run_events(void *data)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	while (virEventRunDefaultImpl() == 0)
		continue;
	return data;
}

/* Once, and before the first connection: only then libvirt uses the loop for it. It writes to
 * connections that the other side may have closed: that is to be an error, not a signal. */
int virt_begin(void)
{
	static bool started;
	pthread_t thread;

	if (started)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	virSetErrorFunc(NULL, be_silent);
	if (virEventRegisterDefaultImpl() < 0)
		return virt_error(NULL, "cannot begin to use libvirt");
	if (pthread_create(&thread, NULL, run_events, NULL) != 0)
		return cli_error(-EAGAIN, "cannot begin to use libvirt");
	pthread_detach(thread);
	started = true;
	return 0;
}

int virt_open(const char *uri, bool read_only, virConnectPtr *connection)
{
	int r = virt_begin();

	if (r < 0)
		return r;
	virt_watch(VIRT_CONNECT_LIMIT, "connecting to %s", uri);
	r = virt_connect(uri, read_only, connection);
	virt_watch_end();
	return r < 0 ? virt_error(NULL, "cannot connect to %s", uri) : 0;
}

int virt_connect(const char *uri, bool read_only, virConnectPtr *connection)
{
	*connection = read_only ? virConnectOpenReadOnly(uri) : virConnectOpen(uri);
	if (!*connection)
		return virt_errno();
	/* The test driver has no use for it and says so; what it lacks is then not needed. */
	virConnectSetKeepAlive(*connection, KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
	return 0;
}

void virt_close(virConnectPtr *connection)
{
	if (*connection)
		virConnectClose(*connection);
	*connection = NULL;
}

enum virt_kind virt_kind(virConnectPtr connection)
{
	const char *type = virConnectGetType(connection);

	if (type && strcmp(type, "Xen") == 0)
		return VIRT_XEN;
	return type && strcmp(type, "TEST") == 0 ? VIRT_TEST : VIRT_QEMU;
}

char *virt_record(virDomainPtr domain)
{
	char *element = virDomainGetMetadata(
		domain, VIR_DOMAIN_METADATA_ELEMENT, RECORD_NAMESPACE, VIR_DOMAIN_AFFECT_CONFIG);

	if (element || virt_errno() == -ENOENT)
		return element;
	return virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, RECORD_NAMESPACE, 0);
}

void virt_free_domain(virDomainPtr *domain)
{
	if (*domain)
		virDomainFree(*domain);
	*domain = NULL;
}
