#include "farm/net/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/net/compose.h"
#include "farm/net/files.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/spawn.h"

#define NFT_SECONDS      30
#define LISTED_BYTES_MAX (16 * 1024 * 1024)

/* As spawn_run(); what it prints is appended to out, if that is not NULL. */
static int run(const char *const *argv, struct buf *out, int *status)
{
	AUTO_CLOSE int fd = out ? memfd_create("nft", MFD_CLOEXEC) : -1;
	struct spawn spawn = {
		.argv = argv,
		.out = fd,
		.kept = -1,
		.limit = NFT_SECONDS,
		.dies_with_parent = true,
	};
	int r;

	if (out && fd < 0)
		return -errno;
	r = spawn_run(&spawn, status);
	if (!out || r < 0)
		return r;
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : buf_read(out, fd, LISTED_BYTES_MAX);
}

/* Run nft(8), to do what. */
static int run_nft(const char *const *argv, const char *what)
{
	int status, r = run(argv, NULL, &status);

	if (r == -ENOENT)
		return cli_error(r, "cannot %s: nft(8) of the package nftables", what);
	if (r < 0)
		return cli_error(r, "cannot %s", what);
	return status ? -cli_error(EIO, "cannot %s: nft ended with status %d", what, status) : 0;
}

int net_rules_load(void)
{
	const char *const argv[] = { "nft", "-f", NET_RULES_PATH, NULL };

	return run_nft(argv, "load the rules of " NET_RULES_PATH);
}

int net_rules_remove(void)
{
	/* A table that is not there cannot be deleted, so it is made first. */
	const char *const argv[] = { "nft",
		"table inet xenfarm; delete table inet xenfarm; "
		"table bridge xenfarm; delete table bridge xenfarm",
		NULL };

	return run_nft(argv, "remove the rules");
}

bool net_rules_loaded(void)
{
	const char *const argv[] = { "sh", "-c",
		"nft list tables 2>/dev/null | grep -q ' xenfarm$'", NULL };

	int status;

	return run(argv, NULL, &status) == 0 && status == 0;
}

int net_rules_compare(void)
{
#define LIST "nft -s list table inet xenfarm && nft -s list table bridge xenfarm"
	const char *const wanted_argv[] = { "unshare", "--net", "sh", "-c",
		"nft -f " NET_RULES_PATH " && " LIST, NULL };
	const char *const got_argv[] = { "sh", "-c", "{ " LIST "; } 2>/dev/null", NULL };
	AUTO_BUF struct buf wanted = { 0 }, got = { 0 };
	int status;
	int r = access(NET_RULES_PATH, R_OK) < 0 ? -errno : run(wanted_argv, &wanted, &status);

	if (r < 0 || status)
		return r < 0 ? r : -EIO;
	r = run(got_argv, &got, &status);
	if (r < 0)
		return r;
	return status || got.size != wanted.size || memcmp(got.data, wanted.data, got.size) != 0;
}

int net_rules_update(const struct net_farm *farm, const struct net_client *clients, size_t n)
{
	struct net_file file = { .path = NET_RULES_PATH, .mode = 0644 };
	AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	net_compose_rules(farm, clients, n, &file.content);
	r = net_sign(&file.content);
	if (r < 0)
		cli_error(r, "the rules of isolation");
	else
		r = net_file_look(root, &file);
	if (r == NET_FILE_EDITED || r == NET_FILE_FOREIGN)
		r = -cli_error(EEXIST,
			"%s was not made by xenfarm, or was edited; move it away, and run this "
			"again",
			file.path);
	else if (r >= 0 && r != NET_FILE_SAME)
		r = net_file_write(root, &file);
	buf_free(&file.content);
	return r < 0 ? r : net_rules_load();
}

/* --- ports --- */

int net_port_is_isolated(const char *bridge, const char *device)
{
	char path[PATH_MAX], flag = 0;
	AUTO_CLOSE int fd = -1;

	snprintf(path, sizeof(path), "/sys/class/net/%s/brif/%s/isolated", bridge, device);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return read(fd, &flag, 1) == 1 ? flag == '1' : -EIO;
}

int net_port_is_bound(const struct net_client *client)
{
	char device[NET_DEVICE_MAX], address[XF_ADDR_TEXT_MAX], element[128];
	const uint8_t *mac = client->mac;
	const char *const argv[] = { "sh", "-c",
		"nft get element bridge xenfarm clients \"$1\" 2>&1", "sh", element, NULL };
	AUTO_BUF struct buf out = { 0 };
	int status, r;

	net_device(&client->address, device);
	snprintf(element, sizeof(element), "{ \"%s\" . %02x:%02x:%02x:%02x:%02x:%02x . %s }",
		device, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
		xf_addr_format(&client->address, address));
	r = run(argv, &out, &status);
	return r < 0 ? r : status == 0;
}

int net_check_port(const struct net_farm *farm, const struct net_client *client)
{
	char device[NET_DEVICE_MAX], address[XF_ADDR_TEXT_MAX];
	int r;

	net_device(&client->address, device);
	xf_addr_format(&client->address, address);
	r = net_port_is_isolated(farm->bridge, device);
	if (r == -ENOENT)
		return cli_error(r, "the port %s of %s is not on the bridge %s", device, address,
			farm->bridge);
	if (r < 0)
		return cli_error(r, "the port %s of %s", device, address);
	if (r == 0)
		return -cli_error(EIO,
			"the port %s of %s is not isolated: other clients can reach it; stop it, "
			"and "
			"run `xenfarm doctor`",
			device, address);
	r = net_port_is_bound(client);
	if (r < 0)
		return cli_error(r, "the rules of %s", address);
	if (r == 0)
		return -cli_error(EIO,
			"no rule binds the port %s to %s: it reaches nothing; run `xenfarm init`",
			device, address);
	return 0;
}
