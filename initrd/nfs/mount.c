#include "initrd/nfs/mount.h"

#include "initrd/fail.h"
#include "initrd/file.h"
#include "initrd/log.h"
#include "initrd/nfs/nfs.h"
#include "initrd/nfs/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define PATH_BYTES 128

static const char no_share[] =
	"this is not a share (with `current`, `layout`, `live`): check xfshare=";
static const char no_channel[] = "the share has no such channel (any more): check xfgen=";

struct channel_file {
	char path[MOUNTED_TREE_MAX];
};

static bool is_live(const struct xf_cmdline *cmdline)
{
	return cmdline->generation || !strcmp(cmdline->channel, PATH_LIVE);
}

/* Those of live are at the top of the share. */
static struct channel_file channel_file(const struct xf_cmdline *cmdline, const char *name)
{
	struct channel_file file;

	if (is_live(cmdline))
		snprintf(file.path, sizeof(file.path), "%s", name);
	else
		snprintf(file.path, sizeof(file.path), PATH_CHANNELS "/%s/%s", cmdline->channel,
			name);
	return file;
}

/* fail_note() for a file of the share, named as on its server. */
static int failed_at(const struct xf_cmdline *cmdline, const struct mounted_share *share,
	const char *file, int error, const char *hint)
{
	char source[NFS_SOURCE_MAX];

	return fail_note(error, hint, "%s/%s", nfs_source(cmdline, &share->server, source), file);
}

/* A generation's number: decimal, from 1, without leading zeros. Returns 0 for anything else. */
static uint32_t parse_generation(const char *text)
{
	uint32_t n = 0;

	if (text[0] == '0' || strlen(text) > 9)
		return 0;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return 0;
		n = n * 10 + (uint32_t)(*text - '0');
	}
	return n;
}

/* file_read() of a file of the share. */
static ssize_t read_file(const char *directory, const char *file, char *text, size_t size)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	return file_read(path, text, size);
}

static int read_number(const struct xf_cmdline *cmdline, const char *directory,
	struct mounted_share *share, const char *file, const char *missing)
{
	char text[16];
	ssize_t n = read_file(directory, file, text, sizeof(text));

	if (n < 0)
		return failed_at(cmdline, share, file, (int)n, n == -ENOENT ? missing : NULL);
	share->current = parse_generation(text);
	if (share->current == 0)
		return failed_at(cmdline, share, file, -EINVAL,
			"not a generation number: was a publish interrupted?");
	return 0;
}

/* That of live in any case: it tells a share from another directory. */
static int read_current(
	const struct xf_cmdline *cmdline, const char *directory, struct mounted_share *share)
{
	int error = read_number(cmdline, directory, share, "current", no_share);

	if (error || is_live(cmdline))
		return error;
	return read_number(
		cmdline, directory, share, channel_file(cmdline, "current").path, no_channel);
}

/* A generation that is not the newest one may have another layout than `layout` says. */
static int read_layout(
	const struct xf_cmdline *cmdline, const char *directory, struct mounted_share *share)
{
	static char text[LAYOUT_BYTES_MAX + 2];
	struct channel_file file = channel_file(cmdline, "layout");
	char source[NFS_SOURCE_MAX], own[32];
	const char *what;
	unsigned int line;
	ssize_t n = -ENOENT;

	if (cmdline->generation) {
		snprintf(own, sizeof(own), "manifest/%u.layout", cmdline->generation);
		n = read_file(directory, own, text, sizeof(text));
	}
	if (n == -ENOENT)
		n = read_file(directory, file.path, text, sizeof(text));
	else
		strcpy(file.path, own);
	if (n < 0)
		return failed_at(cmdline, share, file.path, (int)n, n == -ENOENT ? no_share : NULL);
	if (layout_parse(text, (size_t)n, &share->layout, &line, &what))
		return fail_note(-EINVAL, "correct the layout and publish again",
			"%s/%s, line %u: %s", nfs_source(cmdline, &share->server, source),
			file.path, line, what);
	return 0;
}

static int find_tree(
	const struct xf_cmdline *cmdline, const char *directory, struct mounted_share *share)
{
	size_t n = strlen(directory) + 1;
	struct stat st;

	if (cmdline->generation)
		snprintf(share->tree, sizeof(share->tree), "%s/gen/%u", directory,
			cmdline->generation);
	else
		snprintf(share->tree, sizeof(share->tree), "%s/%s", directory,
			channel_file(cmdline, PATH_LIVE).path);
	share->generation = cmdline->generation ? cmdline->generation : share->current;
	if (stat(share->tree, &st))
		return failed_at(cmdline, share, share->tree + n, -errno,
			cmdline->generation
				? "the share has no such generation (any more): check xfgen="
				: no_share);
	if (!S_ISDIR(st.st_mode))
		return failed_at(cmdline, share, share->tree + n, -ENOTDIR, no_share);
	/* It is root's on the server: an owner was sent as a name, which could not be mapped here.
	 */
	if (share->version[0] == '4' && nfs_is_nobody(st.st_uid))
		return failed_at(
			cmdline, share, share->tree + n, -ENOKEY, nfs_error(-ENOKEY)->hint);
	return 0;
}

int mount_recognise_share(
	const struct xf_cmdline *cmdline, const char *directory, struct mounted_share *share)
{
	int error = read_current(cmdline, directory, share);

	if (!error)
		error = read_layout(cmdline, directory, share);
	if (!error)
		error = find_tree(cmdline, directory, share);
	return error;
}

static int mount_version(const struct xf_cmdline *cmdline, const char *version,
	const char *directory, struct mounted_share *share)
{
	char source[NFS_SOURCE_MAX], options[NFS_OPTIONS_MAX];
	int error = nfs_options(cmdline, &share->server, version, options);

	if (error)
		return error;
	nfs_source(cmdline, &share->server, source);
	if (mount(source, directory, "nfs", MS_RDONLY | MS_NODEV | MS_NOATIME, options))
		return -errno;
	snprintf(share->version, sizeof(share->version), "%s", version);
	return 0;
}

static int failed_to_mount(
	const struct xf_cmdline *cmdline, const struct mounted_share *share, int error)
{
	char source[NFS_SOURCE_MAX];

	return fail_note(
		error, nfs_error(error)->hint, "%s", nfs_source(cmdline, &share->server, source));
}

/* Returns 0 with the share mounted and known, or -errno with nothing mounted. */
static int try_version(const struct xf_cmdline *cmdline, const char *version, const char *directory,
	struct mounted_share *share)
{
	int error = mount_version(cmdline, version, directory, share);

	if (error)
		return failed_to_mount(cmdline, share, error);
	error = mount_recognise_share(cmdline, directory, share);
	if (!error)
		return 0;
	umount2(directory, MNT_DETACH);
	return error == -ENOKEY ? error : -EMEDIUMTYPE;
}

/* The version to try after that error, or NULL. All versions of NFSv4 send owners in the same form.
 */
static const char *const *next_version(const char *const *version, int error)
{
	if (error != -EPROTONOSUPPORT && error != -ENOKEY)
		return NULL;
	do
		version++;
	while (*version && error == -ENOKEY && **version == '4');
	return *version ? version : NULL;
}

/* Mount with the first NFS version that the server supports, and that sends owners as numbers. */
static int mount_server(
	const struct xf_cmdline *cmdline, const char *directory, struct mounted_share *share)
{
	const char *const *version = nfs_versions(cmdline);
	bool names = false;
	int error;

	do {
		error = try_version(cmdline, *version, directory, share);
		if (error == -ENOKEY) {
			log_warn("NFS %s: the server %s", *version, nfs_error(error)->what);
			names = true;
		}
		version = next_version(version, error);
	} while (version);
	return error && names ? failed_to_mount(cmdline, share, -ENOKEY) : error;
}

int mount_share(
	const struct xf_cmdline *cmdline, const char *directory, struct mounted_share *share)
{
	struct server_search search;

	server_search_begin(&search, cmdline);
	for (;;) {
		int i = server_search_next(&search);
		int error;

		if (i < 0)
			return i;
		share->server = cmdline->net.server[i];
		error = mount_server(cmdline, directory, share);
		if (!error) {
			log_info("NFS %s, generation %u", share->version, share->generation);
			return 0;
		}
		server_search_note(&search, (unsigned int)i, error);
	}
}
