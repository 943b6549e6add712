#include "farm/share/channel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/share/store.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"

#define DIRECTORY PATH_CHANNELS
#define PENDING   "etc/flip"

const char *channel_check_name(const char *name)
{
	const char *wrong = name_check(name);

	if (wrong)
		return wrong;
	return name[strspn(name, "0123456789")] ? NULL : "is a number, which means a generation";
}

static bool is_live(const char *channel)
{
	return strcmp(channel, CHANNEL_LIVE) == 0;
}

struct channel_path channel_path(const char *channel, const char *file)
{
	struct channel_path path;

	if (is_live(channel))
		snprintf(path.text, sizeof(path.text), "%s", file);
	else
		snprintf(path.text, sizeof(path.text), DIRECTORY "/%s/%s", channel, file);
	return path;
}

/* --- the list --- */

static int add(struct share_store *share, const char *name)
{
	struct channel *c;

	if (!ARRAY_GROW(share->channel, share->n_channels))
		return cli_error(-ENOMEM, "%s/" DIRECTORY, share->path);
	c = &share->channel[share->n_channels++];
	snprintf(c->name, sizeof(c->name), "%s", name);
	c->generation = share_read_number(share, channel_path(name, "current").text);
	if (c->generation && !share_has(share, c->generation))
		return -cli_error(ENOENT, "%s/%s names generation %u, but %s/gen/%u does not exist",
			share->path, channel_path(name, "current").text, c->generation, share->path,
			c->generation);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct channel *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The others; there may be none. */
static int add_all(struct share_store *share)
{
	int fd = openat(share->dir, DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir)
		return errno == ENOENT ? 0 : cli_error(-errno, "%s/" DIRECTORY, share->path);
	while (r == 0 && (d = readdir(dir)) != NULL)
		if (!channel_check_name(d->d_name))
			r = add(share, d->d_name);
	qsort(share->channel + 1, share->n_channels - 1, sizeof(*share->channel), by_name);
	return r;
}

int channel_list(struct share_store *share)
{
	int r;

	share->n_channels = 0;
	r = add(share, CHANNEL_LIVE);
	if (r < 0)
		return r;
	share->current = share->channel[0].generation;
	return add_all(share);
}

const struct channel *channel_find(const struct share_store *share, const char *name)
{
	for (size_t i = 0; i < share->n_channels; i++)
		if (strcmp(share->channel[i].name, name) == 0)
			return &share->channel[i];
	return NULL;
}

const struct channel *channel_need(const struct share_store *share, const char *name)
{
	const struct channel *c = channel_find(share, name);

	if (!c)
		cli_error(0, "%s has no channel %s; see `xenfarm share channel list`", share->path,
			name);
	return c;
}

/* --- making and removing --- */

int channel_make(const struct share_store *share, const char *name)
{
	const struct channel_path paths[] = { { DIRECTORY }, channel_path(name, ""),
		channel_path(name, PATH_LIVE) };

	if (is_live(name))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (mkdirat(share->dir, paths[i].text, 0755) < 0 && errno != EEXIST)
			return cli_error(-errno, "%s/%s", share->path, paths[i].text);
	return 0;
}

/* Its name goes first, at once; what is left then is removed by any command that changes the share.
 */
int channel_remove(struct share_store *share, const char *name)
{
	char from[sizeof(struct channel_path)], gone[sizeof(from) + sizeof(".gone")];
	int r;

	snprintf(from, sizeof(from), DIRECTORY "/%s", name);
	snprintf(gone, sizeof(gone), "%s.gone", from);
	if (renameat(share->dir, from, share->dir, gone) < 0)
		return cli_error(-errno, "%s/%s", share->path, from);
	r = fsroot_remove(share->dir, gone);
	return r < 0 ? cli_error(r, "%s/%s", share->path, gone) : share_refresh(share);
}

/* --- a change that is pending --- */

int channel_read_pending(const struct share_store *share, struct channel *pending)
{
	AUTO_BUF struct buf text = { 0 };
	char name[NAME_LABEL_MAX + 1] = CHANNEL_LIVE;
	unsigned int generation;
	int r = share_read(share, PENDING, &text), n;

	*pending = (struct channel){ CHANNEL_LIVE, 0 };
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	buf_add(&text, "", 1);
	n = text.failed ? 0 : sscanf(text.data, "%9u %63s", &generation, name);
	if (n < 1 || generation == 0 || channel_check_name(name))
		return -cli_error(EINVAL,
			"%s/" PENDING " does not name a generation and a channel; if no change was "
			"interrupted, remove it",
			share->path);
	strcpy(pending->name, name);
	pending->generation = generation;
	return 0;
}

int channel_write_pending(const struct share_store *share, const struct channel *pending)
{
	char text[sizeof(*pending) + 16];
	int n = is_live(pending->name) ? snprintf(text, sizeof(text), "%u\n", pending->generation)
				       : snprintf(text, sizeof(text), "%u %s\n",
						 pending->generation, pending->name);

	return share_write(share, PENDING, text, (size_t)n);
}
