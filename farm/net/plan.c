/* Which files a farm's server has, and what is in them. */
#include <string.h>
#include <sys/stat.h>

#include "farm/net/compose.h"
#include "farm/net/files.h"

#define UNITS "/etc/systemd/system/"
#define UNIT  "xenfarm-net.service"

static struct net_file *add(
	struct net_plan *plan, const char *path, const char *what, mode_t mode, unsigned int after)
{
	struct net_file *file = &plan->file[plan->n++];

	*file = (struct net_file){ .path = path, .what = what, .mode = mode, .after = after };
	return file;
}

static void add_rules(struct net_plan *plan, const struct net_farm *farm,
	const struct net_client *clients, size_t n)
{
	struct net_file *rules =
		add(plan, NET_RULES_PATH, "the rules of isolation", 0644, NET_LOAD_RULES);
	struct net_file *unit = add(plan, UNITS UNIT, "the unit that loads them before libvirt",
		0644, NET_RELOAD_UNITS);

	net_compose_rules(farm, clients, n, &rules->content);
	net_compose_unit(NET_RULES_PATH, &unit->content);
	/* A link instead of `systemctl enable`, which needs a running systemd for some of it. */
	buf_puts(&add(plan, UNITS "multi-user.target.wants/" UNIT, "the unit is enabled", S_IFLNK,
			 NET_RELOAD_UNITS)
			  ->content,
		"../" UNIT);
}

static void add_nfs(struct net_plan *plan, const struct net_farm *farm, size_t n, bool alone)
{
	struct net_file *exports = add(plan, NET_EXPORTS_PATH,
		"the shares, exported to the clients' network", 0644, NET_EXPORT);
	struct net_file *conf = add(plan, "/etc/nfs.conf.d/xenfarm.conf",
		"address, threads and times of the NFS server", 0644, NET_RESTART_NFS);

	net_compose_exports(farm, &exports->content);
	net_compose_nfs_conf(farm, n, alone, &conf->content);
	if (alone)
		net_compose_nfs_unit(farm,
			&add(plan, UNITS "nfs-server.service.d/xenfarm.conf",
				"the NFS server waits for its address", 0644, NET_RELOAD_UNITS)
				 ->content);
}

static void add_apparmor(struct net_plan *plan, const struct net_farm *farm)
{
	struct net_file *file = add(plan, "/etc/apparmor.d/local/usr.lib.libvirt.virt-aa-helper",
		"libvirt may read boot files", 0644, NET_LOAD_APPARMOR);

	file->lasts = true;
	net_compose_apparmor(farm, &file->content);
	if (file->content.size == 0 && !file->content.failed)
		plan->n--;
}

int net_plan_make(struct net_plan *plan, const struct net_farm *farm,
	const struct net_client *clients, size_t n, const struct net_facts *facts)
{
	int r = 0;

	*plan = (struct net_plan){ 0 };
	add_rules(plan, farm, clients, n);
	/* An IPv6 address of a bridge without ports is tentative, and cannot be bound to. */
	add_nfs(plan, farm, n, !facts->other_exports && farm->server.family == 4);
	if (facts->apparmor)
		add_apparmor(plan, farm);
	if (facts->xen)
		net_compose_vif_script(&add(plan, "/etc/xen/scripts/vif-xenfarm",
			"Xen isolates the ports of clients", 0755, 0)
						->content);
	for (size_t i = 0; i < plan->n && r == 0; i++)
		r = S_ISLNK(plan->file[i].mode) ? 0 : net_sign(&plan->file[i].content);
	return r;
}

void net_plan_free(struct net_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		buf_free(&plan->file[i].content);
	plan->n = 0;
}

const struct net_file *net_plan_find(const struct net_plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->n; i++)
		if (strcmp(plan->file[i].path, path) == 0)
			return &plan->file[i];
	return NULL;
}
