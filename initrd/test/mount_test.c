/*
 * Mounting the share: which versions of NFS are tried, with what flags, and what is refused.
 * mount(2) is this file's own: it "mounts" by having the share be there, and servers are a table.
 */
#include "initrd/nfs/mount.h"
#include "initrd/nfs/nfs.h"
#include "initrd/nfs/server.h"
#include "initrd/test/fake.h"
#include "initrd/test/netns.h"
#include "lib/paths.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/mount_test.XXXXXX";

/* What the servers of a row give to each version, by letter: + a share; n a share whose owners are
 * names; - no such version; r connection refused; d denied; e no share. */
static const struct row {
	const char *name, *vers, *server[2]; /* answers to 4.2 4.1 4.0 3 */
	const char *tried;                   /* versions in order, a space between servers */
	int error;
	const char *version; /* in use */
} rows[] = {
	{ "the best version", "", { "+" }, "4.2,", 0, "4.2" },
	{ "a server without 4.2", "", { "-+++" }, "4.2,4.1,", 0, "4.1" },
	{ "a server of version 3 alone", "", { "---+" }, "4.2,4.1,4.0,3,", 0, "3" },
	{ "a server of no version", "", { "----" }, "4.2,4.1,4.0,3,", -EPROTONOSUPPORT, "" },
	{ "another error ends it", "", { "d+++" }, "4.2,", -EACCES, "" },
	{ "no share", "", { "e+++" }, "4.2,", -EMEDIUMTYPE, "" },
	{ "names: version 3 instead", "", { "nnn+" }, "4.2,3,", 0, "3" },
	{ "names from 4.1", "", { "-nn+" }, "4.2,4.1,3,", 0, "3" },
	{ "names, and no version 3", "", { "nnn-" }, "4.2,3,", -ENOKEY, "" },
	{ "names, and version 3 refused", "", { "nnnr" }, "4.2,3,", -ENOKEY, "" },
	{ "names, and another path in version 3", "", { "nnnd" }, "4.2,3,", -ENOKEY, "" },
	{ "names, with that version asked for", "4.2", { "n" }, "4.2,", -ENOKEY, "" },
	{ "version 3 asked for", "3", { "---+" }, "3,", 0, "3" },
	{ "names, and a second server", "", { "nnn-", "+" }, "4.2,3, 4.2,", 0, "4.2" },
};

static const struct row *row;
static char tried[256];
static unsigned int server;
static unsigned long flags;
static bool mounted;
static const char *nobodys; /* a directory that is the kernel's nobody's here */

static void make_share(char answer)
{
	char command[512];
	int n = snprintf(command, sizeof(command),
		"rm -rf %s/* && cd %s && echo 3 >current && printf '# xenfarm layout 1\\n' >layout "
		"&& ",
		directory, directory);

	if (answer == 'n')
		snprintf(command + n, sizeof(command) - n, "ln -s %s live", nobodys);
	else
		snprintf(command + n, sizeof(command) - n,
			answer == 'e' ? "rm current" : "mkdir live");
	mounted = system(command) == 0;
}

int mount(const char *source, const char *target, const char *type, unsigned long mount_flags,
	const void *data)
{
	static const char versions[] = "4.2 4.1 4.0 3";
	char answer, version[8] = "";

	(void)source, (void)target;
	sscanf(data, "vers=%7[^,]", version);
	answer = row->server[server][(strstr(versions, version) - versions) / 4];
	strcat(strcat(tried, version), ",");
	if (strcmp(type, "nfs") || mounted)
		strcat(tried, "?");
	flags = mount_flags;
	if (strchr("+ne", answer)) {
		make_share(answer);
		return 0;
	}
	errno = answer == '-' ? EPROTONOSUPPORT : answer == 'r' ? ECONNREFUSED : EACCES;
	return -1;
}

int umount2(const char *target, int how)
{
	(void)how;
	mounted = mounted && strcmp(target, directory);
	return 0;
}

void server_search_begin(struct server_search *search, const struct xf_cmdline *cmdline)
{
	(void)cmdline;
	memset(search, 0, sizeof(*search));
}

int server_search_next(struct server_search *search)
{
	if (search->next == 2 || !row->server[search->next])
		return search->last_error;
	server = search->next++;
	if (server)
		strcat(tried, " ");
	return (int)server;
}

void server_search_note(struct server_search *search, unsigned int i, int error)
{
	(void)i;
	search->last_error = error;
}

static void test_row(void)
{
	static struct mounted_share share;
	struct xf_cmdline cmdline = { .share_path = "/srv/share" };

	fake_reset();
	memset(&share, 0, sizeof(share));
	cmdline.net.server[0] = (struct xf_addr){ 4, { 10, 0, 0, 1 } };
	cmdline.net.server[1] = (struct xf_addr){ 4, { 10, 0, 0, 2 } };
	strcpy(cmdline.share_vers, row->vers);
	strcpy(cmdline.channel, PATH_LIVE);
	tried[0] = '\0';
	mounted = false;
	CHECK(mount_share(&cmdline, directory, &share) == row->error, row->name);
	CHECK_STR(tried, row->tried, "what was tried");
	CHECK(mounted == !row->error, row->error ? "nothing is mounted" : "it is mounted");
	CHECK((flags & (MS_RDONLY | MS_NODEV | MS_NOATIME)) == (MS_RDONLY | MS_NODEV | MS_NOATIME),
		"read-only, without devices and times of access");
	if (!row->error)
		CHECK_STR(share.version, row->version, "the version in use");
	if (row->error == -ENOKEY)
		CHECK(fake_hint && strstr(fake_hint, "Only_Numeric_Owners = true") &&
				strstr(fake_hint, "nfs4_disable_idmapping=Y"),
			"the settings of the servers are named");
}

/* As root: one that is given to nobody. Else what is another's in a user namespace of our own. */
static const char *find_nobodys(void)
{
	static char path[sizeof(directory) + 16];
	struct stat st;

	snprintf(path, sizeof(path), "%s.nobodys", directory);
	if (geteuid() == 0)
		return mkdir(path, 0755) || chown(path, 65534, 65534) ? NULL : path;
	if (netns_enter() || stat("/", &st) || !nfs_is_nobody(st.st_uid))
		return NULL;
	return "/";
}

int main(void)
{
	char command[128];

	if (!mkdtemp(directory))
		return 1;
	nobodys = find_nobodys();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		row = &rows[i];
		if (nobodys || !strchr(row->server[0], 'n'))
			test_row();
		else
			tap_skip(row->name, "neither root nor user namespaces");
	}
	snprintf(command, sizeof(command), "rm -rf %s %s.nobodys", directory, directory);
	return system(command) || tap_done();
}
