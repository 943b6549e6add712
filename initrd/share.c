#include "initrd/share.h"

#include "initrd/fail.h"
#include "initrd/files.h"
#include "initrd/log.h"
#include "initrd/nfs.h"
#include "initrd/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define PATH_BYTES 128

static const char no_share[] = "this is no share, which has `current`, `layout` and `live`: is the "
			       "path of xfshare= right?";

/* failed() for a file of the share, named as on its server. */
static int failed_at(const struct xf_cmdline *cmdline, const struct share *share, const char *file,
	int error, const char *hint)
{
	char source[NFS_SOURCE_MAX];

	return failed(error, hint, "%s/%s", nfs_source(cmdline, &share->server, source), file);
}

/* A generation's number: decimal, from 1, no leading zero. Returns 0 if it is none. */
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

static int read_current(const struct xf_cmdline *cmdline, const char *folder, struct share *share)
{
	char path[PATH_BYTES], text[16];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/current", folder);
	n = file_read(path, text, sizeof(text));
	if (n < 0)
		return failed_at(cmdline, share, "current", (int)n, n == -ENOENT ? no_share : NULL);
	share->current = parse_generation(text);
	if (share->current == 0)
		return failed_at(cmdline, share, "current", -EINVAL,
			"it holds no generation's number: was a publish interrupted?");
	return 0;
}

static int read_layout(const struct xf_cmdline *cmdline, const char *folder, struct share *share)
{
	static char text[LAYOUT_BYTES_MAX + 2];
	char path[PATH_BYTES], source[NFS_SOURCE_MAX];
	const char *what;
	unsigned int line;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/layout", folder);
	n = file_read(path, text, sizeof(text));
	if (n < 0)
		return failed_at(cmdline, share, "layout", (int)n, n == -ENOENT ? no_share : NULL);
	if (layout_parse(text, (size_t)n, &share->layout, &line, &what))
		return failed(-EINVAL, "correct the layout and publish again",
			"%s/layout, line %u: %s", nfs_source(cmdline, &share->server, source), line,
			what);
	return 0;
}

static int find_tree(const struct xf_cmdline *cmdline, const char *folder, struct share *share)
{
	size_t n = strlen(folder) + 1;
	struct stat st;

	if (cmdline->generation)
		snprintf(
			share->tree, sizeof(share->tree), "%s/gen/%u", folder, cmdline->generation);
	else
		snprintf(share->tree, sizeof(share->tree), "%s/live", folder);
	share->generation = cmdline->generation ? cmdline->generation : share->current;
	if (stat(share->tree, &st))
		return failed_at(cmdline, share, share->tree + n, -errno,
			cmdline->generation
				? "the generation of xfgen= is not on the share (any more)"
				: no_share);
	if (!S_ISDIR(st.st_mode))
		return failed_at(cmdline, share, share->tree + n, -ENOTDIR, no_share);
	return 0;
}

int share_recognise(const struct xf_cmdline *cmdline, const char *folder, struct share *share)
{
	int error = read_current(cmdline, folder, share);

	if (!error)
		error = read_layout(cmdline, folder, share);
	if (!error)
		error = find_tree(cmdline, folder, share);
	return error;
}

static int mount_version(const struct xf_cmdline *cmdline, const char *version, const char *folder,
	struct share *share)
{
	char source[NFS_SOURCE_MAX], options[NFS_OPTIONS_MAX];
	int error = nfs_options(cmdline, &share->server, version, options);

	if (error)
		return error;
	nfs_source(cmdline, &share->server, source);
	if (mount(source, folder, "nfs", MS_RDONLY | MS_NODEV | MS_NOATIME, options))
		return -errno;
	snprintf(share->version, sizeof(share->version), "%s", version);
	return 0;
}

/* Mount with the first NFS version that the server speaks. */
static int mount_server(const struct xf_cmdline *cmdline, const char *folder, struct share *share)
{
	const char *const *version = nfs_versions(cmdline);
	char source[NFS_SOURCE_MAX];
	int error;

	do
		error = mount_version(cmdline, *version, folder, share);
	while (error == -EPROTONOSUPPORT && *++version);
	if (error)
		return failed(error, nfs_error(error)->hint, "%s",
			nfs_source(cmdline, &share->server, source));
	return 0;
}

int share_mount(const struct xf_cmdline *cmdline, const char *folder, struct share *share)
{
	struct server_search search;

	server_search_begin(&search, cmdline);
	for (;;) {
		int i = server_search_next(&search);
		int error;

		if (i < 0)
			return i;
		share->server = cmdline->net.server[i];
		error = mount_server(cmdline, folder, share);
		if (!error) {
			if (share_recognise(cmdline, folder, share) == 0) {
				log_info(
					"NFS %s, generation %u", share->version, share->generation);
				return 0;
			}
			umount2(folder, MNT_DETACH);
			error = -EMEDIUMTYPE;
		}
		server_search_note(&search, (unsigned int)i, error);
	}
}
