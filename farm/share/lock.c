/* The lock of a share, and what an interrupted command left. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "farm/share/store.h"
#include "farm/share/treelist.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/publish.h"
#include "lib/rfc3339.h"

/*
 * The kernel releases flock(2) when the process ends, so the text of the file is valid only while
 * it is locked. The programs that a killed publisher had started end within moments: wait for them.
 */
#define PATIENCE_MS 2000

static int take(struct share_store *share)
{
	static const struct timespec pause = { 0, 20000000 };

	for (int ms = 0;; ms += 20) {
		if (flock(share->lock, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return cli_error(-errno, "%s/lock", share->path);
		if (ms >= PATIENCE_MS)
			return -EBUSY;
		nanosleep(&pause, NULL);
	}
}

static int tell_holder(struct share_store *share)
{
	char text[512];
	ssize_t n = pread(share->lock, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return -cli_error(EBUSY, "%s is locked by %s; wait until it ends", share->path,
		*text ? text : "an unknown process");
}

static int sign_in(struct share_store *share, const char *command)
{
	char text[512], host[HOST_NAME_MAX + 1] = "?", since[RFC3339_SIZE];
	int n;

	gethostname(host, sizeof(host) - 1);
	rfc3339_text(since, time(NULL));
	n = snprintf(text, sizeof(text), "`xenfarm share %s`, process %d on %s, since %s\n",
		command, (int)getpid(), host, since);
	if (ftruncate(share->lock, 0) < 0 || pwrite(share->lock, text, (size_t)n, 0) != n)
		return cli_error(-errno, "%s/lock", share->path);
	return 0;
}

/* gen/N.partial, which was not committed; gen/N.gone, channel/NAME.gone */
static bool is_unfinished(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (strcmp(dot, ".partial") == 0 || strcmp(dot, ".gone") == 0);
}

static int sweep(
	struct share_store *share, const char *directory, bool (*is_rubbish)(const char *name))
{
	int fd = openat(share->dir, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir)
		return cli_error(-errno, "%s/%s", share->path, directory);
	while (r == 0 && (d = readdir(dir)) != NULL)
		if (is_rubbish(d->d_name) && (r = fsroot_remove(fd, d->d_name)) < 0)
			cli_error(r, "%s/%s/%s", share->path, directory, d->d_name);
	return r;
}

/* A manifest without a generation belongs to one that was never committed, or that was removed. */
static int sweep_manifests(struct share_store *share)
{
	int fd = openat(share->dir, "manifest", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir)
		return cli_error(-errno, "%s/manifest", share->path);
	while (r == 0 && (d = readdir(dir)) != NULL) {
		unsigned int number;

		if (sscanf(d->d_name, "%9u.", &number) == 1 && !share_has(share, number) &&
			(r = fsroot_remove(fd, d->d_name)) < 0)
			cli_error(r, "%s/manifest/%s", share->path, d->d_name);
	}
	return r;
}

static int sweep_channels(struct share_store *share)
{
	int r = share->n_channels > 1 || faccessat(share->dir, "channel", F_OK, 0) == 0
			? sweep(share, "channel", is_unfinished)
			: 0;

	for (size_t i = 1; i < share->n_channels && r == 0; i++)
		r = sweep(
			share, channel_path(share->channel[i].name, "").text, publish_is_temporary);
	return r;
}

int share_sweep(struct share_store *share)
{
	int r = sweep(share, "gen", is_unfinished);

	if (r == 0)
		r = sweep_channels(share);
	if (r == 0)
		r = sweep(share, ".", publish_is_temporary);
	if (r == 0)
		r = sweep(share, "etc", publish_is_temporary);
	if (r == 0)
		r = sweep(share, "manifest", publish_is_temporary);
	return r == 0 ? sweep_manifests(share) : r;
}

int share_resume(struct share_store *share)
{
	const struct channel pending = share->pending;
	uint64_t window;
	int r = 0;

	if (pending.generation) {
		cli_error(0, "completing the interrupted change%s%s to generation %u",
			strcmp(pending.name, CHANNEL_LIVE) == 0 ? "" : " of channel ",
			strcmp(pending.name, CHANNEL_LIVE) == 0 ? "" : pending.name,
			pending.generation);
		r = share_switch(share, pending.name, pending.generation, NULL, &window);
	}
	return r == 0 ? share_sweep(share) : r;
}

int share_lock(struct share_store *share, const char *command)
{
	int r;

	share->lock = openat(share->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (share->lock < 0)
		return cli_error(-errno, "cannot lock %s: %s/lock", share->path, share->path);
	r = take(share);
	if (r == -EBUSY)
		return tell_holder(share);
	if (r == 0)
		r = sign_in(share, command);
	if (r == 0)
		r = share_refresh(share);
	if (r == 0)
		r = channel_read_pending(share, &share->pending);
	return r;
}
