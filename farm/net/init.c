#include "farm/net/init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/net/after.h"
#include "farm/net/compose.h"
#include "farm/net/rules.h"
#include "farm/output.h"
#include "farm/results.h"
#include "farm/virt/virt.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"

/* What the steps work with. */
struct work {
	struct net_server *server;
	struct operation *op;
	const struct net_file *file; /* of this step */
	const char *directory;
	const char *port;
	unsigned int after;
	bool changed;
	int r; /* the first thing that failed, where the others are done all the same */
};

static void remember(struct work *w, int r)
{
	if (r < 0 && w->r == 0)
		w->r = r;
}

/* --- files --- */

static int run_write(void *arg)
{
	const struct work *w = arg;

	return net_file_write(w->server->root, w->file);
}

static int run_remove(void *arg)
{
	const struct work *w = arg;

	return net_file_remove(w->server->root, w->file);
}

static void show_file(const struct operation *op, const struct net_file *file)
{
	AUTO_BUF struct buf text = { 0 };

	buf_add(&text, file->content.data, file->content.size);
	buf_add(&text, "", 1);
	if (!text.failed)
		operation_show(op, file->path, text.data);
}

static int not_ours(const struct net_file *file, int state, const char *remedy)
{
	return -cli_error(EEXIST, "%s is left alone: %s; %s", file->path,
		state == NET_FILE_EDITED ? "it was edited" : "xenfarm did not make it", remedy);
}

/* The rules are loaded in any case: what the kernel has may not be what the file says. */
static int write_file(struct work *w, const struct net_file *file)
{
	int state = net_file_look(w->server->root, file), r;
	AUTO_BUF struct buf diff = { 0 };
	bool replaced;

	w->after |= file->after & NET_LOAD_RULES;
	if (state < 0)
		return cli_error(state, "%s", file->path);
	if (state == NET_FILE_SAME) {
		results_already(file->path);
		return 0;
	}
	if (state == NET_FILE_EDITED || state == NET_FILE_FOREIGN)
		return not_ours(file, state, "move it away, and run this again");
	w->file = file;
	replaced = state == NET_FILE_OLD && net_file_diff(w->server->root, file, &diff) == 0;
	r = operation_step(w->op, run_write, w, "write %s: %s", file->path, file->what);
	if (replaced)
		output_text(diff.data);
	else
		show_file(w->op, file);
	w->after |= file->after;
	w->changed = true;
	return r;
}

static int remove_file(struct work *w, const struct net_file *file)
{
	int state = net_file_look(w->server->root, file);

	if (state < 0)
		return cli_error(state, "%s", file->path);
	if (state == NET_FILE_ABSENT) {
		results_already(file->path);
		return 0;
	}
	if (state == NET_FILE_EDITED || state == NET_FILE_FOREIGN)
		return not_ours(file, state, "remove it yourself");
	w->file = file;
	w->after |= file->after;
	w->changed = true;
	return operation_step(w->op, run_remove, w, "remove %s: %s", file->path, file->what);
}

/* With its result, for --json. */
static int do_file(struct work *w, const struct net_file *file,
	int (*work)(struct work *w, const struct net_file *file))
{
	int r;

	results_of(file->path);
	r = work(w, file);
	if (r < 0)
		results_failed(file->path);
	results_of(NULL);
	return r;
}

static int run_mkdir(void *arg)
{
	const struct work *w = arg;
	int r = fsroot_make_parents(w->directory);

	if (r == 0 && mkdir(w->directory, 0755) < 0 && errno != EEXIST)
		r = -errno;
	return r < 0 ? cli_error(r, "%s", w->directory) : 0;
}

static int make_directory(struct work *w, const char *path)
{
	if (access(path, F_OK) == 0)
		return 0;
	w->directory = path;
	w->changed = true;
	return operation_step(w->op, run_mkdir, w, "make the directory %s", path);
}

/* --- rules --- */

static int run_load(void *arg)
{
	int r = net_rules_load();

	(void)arg;
	if (r == 0 && net_rules_compare() != 0)
		r = -cli_error(EIO,
			"the kernel has not what " NET_RULES_PATH " says: see `nft list ruleset`");
	return r;
}

static int run_unload(void *arg)
{
	(void)arg;
	return net_rules_remove();
}

/* A client's port that lost its flag, or never had one. */
static int run_isolate(void *arg)
{
	const struct work *w = arg;

	return net_after_run((const char *const[]){
		"bridge", "link", "set", "dev", w->port, "isolated", "on", NULL });
}

static int isolate_ports(struct work *w)
{
	char path[PATH_MAX];
	AUTO_CLOSEDIR DIR *dir = NULL;
	const struct dirent *entry;
	int r = 0;

	snprintf(path, sizeof(path), "/sys/class/net/%s/brif", w->server->farm.bridge);
	dir = opendir(path);
	while (dir && r == 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
			net_port_is_isolated(w->server->farm.bridge, entry->d_name) != 0)
			continue;
		results_of(entry->d_name);
		w->port = entry->d_name;
		w->changed = true;
		r = operation_step(w->op, run_isolate, w, "isolate the port %s", entry->d_name);
	}
	return r;
}

static int load_rules(struct work *w)
{
	const struct net_file *rules = net_plan_find(&w->server->plan, NET_RULES_PATH);

	results_of("rules");
	if (net_file_look(w->server->root, rules) == NET_FILE_SAME && net_rules_compare() == 0) {
		results_already("rules");
		return 0;
	}
	w->changed = true;
	return operation_step(w->op, run_load, w, "load the rules, and read them back");
}

/* --- the network --- */

static int run_define(void *arg)
{
	const struct work *w = arg;

	return net_network_define(w->server->connection, &w->server->farm, &w->server->network);
}

static int run_autostart(void *arg)
{
	const struct work *w = arg;

	return net_network_autostart(w->server->connection, &w->server->farm);
}

static int run_start(void *arg)
{
	const struct work *w = arg;

	return net_network_start(w->server->connection, &w->server->farm);
}

/* A definition that has changed counts from the next start of the network. */
static int run_restart(void *arg)
{
	const struct work *w = arg;
	int r = net_network_stop(w->server->connection, &w->server->farm);

	return r < 0 ? r : run_start(arg);
}

static int run_remove_network(void *arg)
{
	const struct work *w = arg;

	return net_network_remove(w->server->connection, &w->server->farm);
}

static int define_network(struct work *w)
{
	const struct net_network *network = &w->server->network;
	const char *name = w->server->farm.network;
	AUTO_BUF struct buf xml = { 0 };
	int r;

	if (network->state == NET_NETWORK_SAME)
		return 0;
	w->changed = true;
	if (network->state == NET_NETWORK_OLD)
		r = operation_step(w->op, run_define, w, "change libvirt's network %s: %s", name,
			network->differs);
	else
		r = operation_step(w->op, run_define, w, "define libvirt's network %s", name);
	net_compose_network(&w->server->farm, NULL, &xml);
	buf_add(&xml, "", 1);
	if (!xml.failed)
		operation_show(w->op, name, xml.data);
	return r;
}

static int make_network(struct work *w)
{
	const struct net_network *network = &w->server->network;
	const char *name = w->server->farm.network;
	int r;

	results_of(name);
	if (network->state == NET_NETWORK_SAME && network->autostart && network->active)
		results_already(name);
	r = define_network(w);

	w->changed |= !network->autostart || !network->active;
	if (r == 0 && !network->autostart)
		r = operation_step(
			w->op, run_autostart, w, "have libvirt start the network %s", name);
	if (r == 0 && !network->active)
		return operation_step(w->op, run_start, w, "start the network %s", name);
	if (r == 0 && network->state == NET_NETWORK_OLD)
		return operation_step(w->op, run_restart, w, "start the network %s again", name);
	return r;
}

int net_init_check(const struct net_server *server)
{
	const struct net_farm *farm = &server->farm;

	if (server->network.state != NET_NETWORK_FOREIGN)
		return 0;
	return -cli_error(EEXIST,
		"libvirt has a network %s that xenfarm did not make, and %s; rename it, or choose "
		"another `network` in xenfarm.conf",
		farm->network, server->network.differs);
}

/* --- all of it --- */

static int finish(struct work *w, const char *nothing)
{
	remember(w, net_after(w->op, w->after));
	if (w->r == 0 && !w->changed)
		output_line("%s", nothing);
	return w->r;
}

int net_init(struct net_server *server, struct operation *op)
{
	struct work w = { .server = server, .op = op };
	int r = make_directory(&w, server->farm.boot);

	if (r == 0)
		r = make_directory(&w, server->farm.disks);
	for (size_t i = 0; i < server->plan.n && r == 0; i++)
		remember(&w, do_file(&w, &server->plan.file[i], write_file));
	/* No client's port without rules: they come before the network. */
	if (r == 0 && w.r == 0)
		r = load_rules(&w);
	if (r == 0)
		r = make_network(&w);
	results_of(NULL);
	if (r == 0)
		r = isolate_ports(&w);
	remember(&w, r);
	return finish(&w, "nothing to do: this server is ready");
}

/* Not while there are clients: they would be left without a network, and without isolation. */
static int check_undo(const struct net_server *server)
{
	size_t ports = net_bridge_ports(server->farm.bridge);

	if (server->n_clients)
		return -cli_error(EBUSY,
			"this server has %zu clients: destroy them, and run this again",
			server->n_clients);
	if (ports && server->network.ours)
		return -cli_error(EBUSY,
			"%zu running domains use the network %s: stop them, and run this again",
			ports, server->farm.network);
	return 0;
}

static int undo_network(struct work *w)
{
	const struct net_network *network = &w->server->network;

	results_of(w->server->farm.network);
	if (network->state == NET_NETWORK_ABSENT) {
		results_already(w->server->farm.network);
		return 0;
	}
	if (!network->ours)
		return -cli_error(EEXIST,
			"libvirt's network %s is left alone: xenfarm did not make it; remove it "
			"yourself",
			w->server->farm.network);
	w->changed = true;
	return operation_step(w->op, run_remove_network, w, "remove libvirt's network %s",
		w->server->farm.network);
}

static int run_remove_masters(void *arg)
{
	const struct work *w = arg;

	return net_network_remove(w->server->connection, &w->server->masters);
}

/* It is made by what starts a master, and not by init: one that is somebody else's is fine, and so
 * is one in use. */
static int undo_masters_network(struct work *w)
{
	const char *name = w->server->masters.network;
	AUTO_BUF struct buf users = { 0 };
	int r = net_network_is_ours(w->server->connection, name);

	if (r <= 0 || strcmp(name, w->server->farm.network) == 0)
		return r;
	r = net_network_users(w->server->connection, name, &users);
	buf_add(&users, "", 1);
	if (r < 0 || users.failed)
		return r < 0 ? r : cli_error(-ENOMEM, "the network %s", name);
	w->changed = true;
	if (users.size > 1) {
		output_line("the masters' network %s stays: it is used by%s", name, users.data);
		return 0;
	}
	results_of(name);
	return operation_step(
		w->op, run_remove_masters, w, "remove libvirt's network %s, of masters", name);
}

int net_undo(struct net_server *server, struct operation *op)
{
	struct work w = { .server = server, .op = op };
	int r = check_undo(server);

	if (r < 0)
		return r;
	remember(&w, undo_network(&w));
	remember(&w, undo_masters_network(&w));
	results_of(NULL);
	for (size_t i = server->plan.n; i-- > 0;)
		remember(&w, do_file(&w, &server->plan.file[i], remove_file));
	if (net_rules_loaded()) {
		w.changed = true;
		remember(&w, operation_step(op, run_unload, &w, "remove the rules"));
	}
	w.after &= ~(unsigned int)NET_LOAD_RULES;
	return finish(&w, "nothing to do: there is nothing of xenfarm's on this server");
}
