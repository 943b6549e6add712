#include "initrd/nfs/nfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NFS_PORT 2049

/* What follows the last NAME in a comma-separated list ("=value,…", ",…" or ""), or NULL. */
static const char *find_option(const char *list, const char *name)
{
	size_t length = strlen(name);
	const char *found = NULL;

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, length) == 0 && strchr("=,", at[length]))
			found = at + length;
	}
	return found;
}

const char *const *nfs_versions(const struct xf_cmdline *cmdline)
{
	static const char *const all[] = { "4.2", "4.1", "4.0", "3", NULL };
	static const char *one[2];

	if (!cmdline->share_vers[0])
		return all;
	one[0] = cmdline->share_vers;
	return one;
}

bool nfs_v3_locks(const struct xf_cmdline *cmdline)
{
	const char *lock = find_option(cmdline->share_options, "lock");
	const char *nolock = find_option(cmdline->share_options, "nolock");

	return cmdline->share_vers[0] == '3' && lock && (!nolock || nolock < lock);
}

uint16_t nfs_port(const struct xf_cmdline *cmdline)
{
	const char *value = find_option(cmdline->share_options, "port");
	unsigned long port = value && *value == '=' ? strtoul(value + 1, NULL, 10) : 0;

	return port > 0 && port <= UINT16_MAX ? (uint16_t)port : NFS_PORT;
}

int nfs_options(const struct xf_cmdline *cmdline, const struct xf_addr *server, const char *version,
	char options[static NFS_OPTIONS_MAX])
{
	const char *given = cmdline->share_options;
	const char *tcp = server->family == 6 ? "tcp6" : "tcp";
	bool is_v3 = version[0] == '3';
	char address[XF_ADDR_TEXT_MAX], transport[32] = "";
	int n;

	/* By default the kernel asks an NFSv3 server's mountd by UDP, which is often disabled. */
	if (is_v3)
		snprintf(transport, sizeof(transport), ",proto=%s,mountproto=%s", tcp, tcp);
	/* nolock overrides a `lock` that has no portmapper. */
	n = snprintf(options, NFS_OPTIONS_MAX, "vers=%s,addr=%s%s%s%s%s", version,
		xf_addr_format(server, address), transport, *given ? "," : "", given,
		is_v3 && !nfs_v3_locks(cmdline) ? ",nolock" : "");
	return n < NFS_OPTIONS_MAX ? 0 : -ENOSPC;
}

const char *nfs_source(const struct xf_cmdline *cmdline, const struct xf_addr *server,
	char source[static NFS_SOURCE_MAX])
{
	char address[XF_ADDR_TEXT_MAX];

	snprintf(source, NFS_SOURCE_MAX, server->family == 6 ? "[%s]:%s" : "%s:%s",
		xf_addr_format(server, address), cmdline->share_path);
	return source;
}

bool nfs_is_nobody(uint32_t owner)
{
	return owner == 65534 || owner == (uint32_t)-2;
}

static const struct nfs_error errors[] = {
	{ ECONNREFUSED, false, "refuses the connection", "is the NFS server running there?" },
	{ ENETUNREACH, false, "cannot be reached: no route",
		"xfnet= needs a prefix that holds the server, or a gateway" },
	{ EHOSTUNREACH, false, "cannot be reached: nothing has its address",
		"is the server up, and on this network (VLAN, bridge)?" },
	{ ETIMEDOUT, false, "does not answer", "is there a firewall, or does the server hang?" },
	{ ECONNRESET, false, "closes the connection",
		"does its NFS server crash, or refuse this client?" },
	{ EPROTO, false, "answers, but not as an NFS server", "is port= right?" },
	{ EACCES, true, "does not export the path to this client",
		"check the path, and the client's address in the server's /etc/exports" },
	{ EPERM, true, "does not export the path to this client",
		"check the path, and the client's address in the server's /etc/exports" },
	{ ENOENT, true, "has no such path",
		"NFSv4 paths begin at the fsid=0 export, if the server has one" },
	{ ENOTDIR, true, "has no directory at that path", "xfshare= names the share's directory" },
	{ EINVAL, true, "cannot be mounted with these options",
		"an option of xfshare= is mistyped, or not for this NFS version" },
	{ EPROTONOSUPPORT, true, "supports none of the NFS versions tried",
		"is vers= right, and is the version on in the server's /etc/nfs.conf?" },
	{ ENODEV, true, "cannot be mounted: this kernel has no NFS",
		"the initrd lacks the module nfs: build it again with xf-mkinitrd" },
	{ ENOKEY, true, "sends owners' names, not numbers",
		"set Only_Numeric_Owners = true (ganesha) or nfs4_disable_idmapping=Y (module "
		"nfsd), or serve NFS 3" },
	{ EMEDIUMTYPE, true, "has no usable share at that path", NULL },
	{ 0, false, "cannot be mounted", NULL },
};

const struct nfs_error *nfs_error(int error)
{
	const struct nfs_error *e = errors;

	while (e->error && e->error != -error)
		e++;
	return e;
}
