/* What doctor asks of the NFS server. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "farm/net/compose.h"
#include "farm/net/doctor.h"
#include "lib/cleanup.h"

#define ETAB           "/var/lib/nfs/etab" /* exportfs(8): what is exported */
#define ETAB_BYTES_MAX (1024 * 1024)
#define CONNECT_MS     2000
#define TIMES_SECONDS  15 /* as net_compose_nfs_conf() has them */

static void check_exports(struct doctor *d, struct doctor_finding *f)
{
	doctor_file(d, NET_EXPORTS_PATH, f);
}

static int read_text(const char *path, struct buf *text)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : buf_read(text, fd, ETAB_BYTES_MAX);

	buf_add(text, "", 1);
	return text->failed ? -ENOMEM : r;
}

/* A line that begins with the path and a tab, and has the share's fsid. */
static bool exports(const char *etab, const struct net_share *share)
{
	AUTO_BUF struct buf path = { 0 };
	size_t n;

	net_compose_export_path(share->path, &path);
	n = path.size;
	if (path.failed)
		return false;
	for (const char *line = etab; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *end = line + strcspn(line, "\n");
		const char *uuid = strstr(line, share->uuid);

		if (strncmp(line, path.data, n) == 0 && line[n] == '\t' && uuid && uuid < end)
			return true;
	}
	return false;
}

static void check_exported(struct doctor *d, struct doctor_finding *f)
{
	AUTO_BUF struct buf etab = { 0 };
	int r = read_text(ETAB, &etab);

	if (r < 0) {
		doctor_skip(f, "there is no " ETAB ": not the kernel's NFS server");
		return;
	}
	doctor_ok(f, "%zu shares are exported", d->server.farm.n_shares);
	for (size_t i = 0; i < d->server.farm.n_shares; i++)
		if (!exports(etab.data, &d->server.share[i]))
			doctor_fail(f, "exportfs -ra", "%s is not exported, or not with its fsid",
				d->server.share[i].path);
}

/* As a client does it, but from here: past the rules. 0 or -errno. */
static int connect_to(const struct xf_addr *address, uint16_t port)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	bool is_four = address->family == 4;
	AUTO_CLOSE int fd =
		socket(is_four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int error = 0, r;

	memcpy(&four.sin_addr, address->byte, 4);
	memcpy(&six.sin6_addr, address->byte, 16);
	if (fd < 0)
		return -errno;
	r = is_four ? connect(fd, (const struct sockaddr *)&four, sizeof(four))
		    : connect(fd, (const struct sockaddr *)&six, sizeof(six));
	if (r == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	if (poll(&poll_fd, 1, CONNECT_MS) <= 0)
		return -ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? -errno : -error;
}

static void check_server(struct doctor *d, struct doctor_finding *f)
{
	const struct net_farm *farm = &d->server.farm;
	char text[XF_ADDR_TEXT_MAX];
	int r = 0;

	xf_addr_format(&farm->server, text);
	doctor_ok(f, "an NFS server answers at %s", text);
	for (size_t i = 0; i < farm->n_ports; i++) {
		r = connect_to(&farm->server, farm->port[i]);
		if (r < 0)
			doctor_fail(f, "systemctl restart nfs-server",
				"nobody answers at %s, port %u: %s", text, farm->port[i],
				strerror(-r));
	}
}

static void check_conf(struct doctor *d, struct doctor_finding *f)
{
	if (d->has_libvirt)
		doctor_file(d, "/etc/nfs.conf.d/xenfarm.conf", f);
	else
		doctor_skip(f, "libvirt cannot be asked how many clients there are");
}

static void check_unit(struct doctor *d, struct doctor_finding *f)
{
	doctor_file(d, "/etc/systemd/system/nfs-server.service.d/xenfarm.conf", f);
}

static int read_seconds(const char *path)
{
	AUTO_BUF struct buf text = { 0 };
	int r = read_text(path, &text);

	return r < 0 ? r : (int)strtol(text.data, NULL, 10);
}

/* What runs, not what the file says: they count from the server's next start. */
static void check_times(struct doctor *d, struct doctor_finding *f)
{
	int grace = read_seconds("/proc/fs/nfsd/nfsv4gracetime");
	int lease = read_seconds("/proc/fs/nfsd/nfsv4leasetime");

	(void)d;
	if (grace < 0 || lease < 0)
		doctor_skip(f, "the kernel's NFS server does not run");
	else if (grace > TIMES_SECONDS || lease > TIMES_SECONDS)
		doctor_fail(f, "systemctl restart nfs-server",
			"after a restart clients would wait for %d s", grace);
	else
		doctor_ok(f, "grace time %d s, lease time %d s", grace, lease);
}

static void check_apparmor(struct doctor *d, struct doctor_finding *f)
{
	doctor_file(d, "/etc/apparmor.d/local/usr.lib.libvirt.virt-aa-helper", f);
}

const struct doctor_check doctor_of_nfs[] = {
	{ "exports", check_exports },
	{ "exported", check_exported },
	{ "nfs-server", check_server },
	{ "nfs-conf", check_conf },
	{ "nfs-unit", check_unit },
	{ "nfs-times", check_times },
	{ "apparmor", check_apparmor },
	{ NULL, NULL },
};
