/* xenfarm share list: the generations, and what each takes on disk. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "farm/output.h"
#include "farm/share/treelist.h"
#include "farm/xenfarm.h"
#include "lib/cleanup.h"
#include "lib/json.h"

struct row {
	uint32_t generation;
	unsigned int channels; /* that are at it */
	struct manifest_head head;
	uint64_t unique; /* bytes on disk that no other generation shares */
	struct buf note;
};

static int by_inode(const void *a, const void *b)
{
	const struct treelist_entry *x = a, *y = b;

	return (x->ino > y->ino) - (x->ino < y->ino);
}

/*
 * The size of what only this generation has: inodes all of whose names are in it. Each channel that
 * is at it has each of these names, too.
 */
static uint64_t unique_bytes(struct treelist *tree, unsigned int channels)
{
	uint64_t bytes = 0;
	size_t names;

	qsort(tree->entry, tree->n, sizeof(*tree->entry), by_inode);
	for (size_t i = 0; i < tree->n; i += names) {
		const struct treelist_entry *e = &tree->entry[i];

		for (names = 1; i + names < tree->n && tree->entry[i + names].ino == e->ino;)
			names++;
		if (S_ISDIR(e->mode) || e->nlink == (1 + channels) * names)
			bytes += 512 * e->blocks;
	}
	return bytes;
}

static int measure(const struct share_store *share, struct row *row)
{
	AUTO_CLOSE int fd = share_open_generation(share, row->generation);
	AUTO_TREELIST struct treelist tree = { 0 };
	AUTO_FREE char *where = NULL;
	int r = fd < 0 ? fd : treelist_read(fd, &tree, &where);

	if (r == 0)
		row->unique = unique_bytes(&tree, row->channels);
	return r < 0 && fd >= 0 ? cli_error(r, "generation %u", row->generation) : r;
}

static int fill(const struct farm_context *c, struct row *row)
{
	AUTO_MANIFEST struct manifest *m = NULL;
	/* Listing needs no key; `verify` checks signatures. */
	int r = share_manifest(&c->share, row->generation, NULL, &m);

	if (r < 0)
		return r;
	row->head = m->head;
	r = share_read(
		&c->share, share_name("manifest", row->generation, ".note").text, &row->note);
	return r < 0 && r != -ENOENT ? r : measure(&c->share, row);
}

static void format_time(int64_t seconds, char text[static 32])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	strftime(text, 32, "%Y-%m-%d %H:%M:%S", localtime_r(&t, &tm));
}

/* A note may be any text: keep its control characters from the terminal. */
static void make_one_line(struct buf *note)
{
	for (size_t i = 0; i < note->size; i++)
		if ((unsigned char)note->data[i] < ' ' || note->data[i] == 0x7f)
			note->data[i] = ' ';
}

/* "live, canary", or "staged": newer than what any channel has. */
static void describe_channels(const struct share_store *share, uint32_t generation, struct buf *to)
{
	uint32_t newest = 0;

	for (size_t i = 0; i < share->n_channels; i++) {
		const struct channel *channel = &share->channel[i];

		if (channel->generation == generation)
			buf_printf(to, "%s%s", to->size ? ", " : "", channel->name);
		if (channel->generation > newest)
			newest = channel->generation;
	}
	if (generation > newest)
		buf_puts(to, "staged");
	buf_add(to, "", 1);
}

static void print_row(const struct share_store *share, const struct row *row)
{
	AUTO_BUF struct buf channels = { 0 };
	char published[32], restores[32] = "";

	format_time(row->head.published, published);
	describe_channels(share, row->generation, &channels);
	if (row->head.restores)
		snprintf(restores, sizeof(restores), "restores %u%s", row->head.restores,
			row->note.size ? ": " : "");
	output_line("%c %6u  %s  %8ju  %10.1f MB  %-12s  %s%.*s",
		row->generation == share->current ? '*' : ' ', row->generation, published,
		(uintmax_t)row->head.entries, (double)row->unique / 1e6,
		channels.failed ? "" : channels.data, restores, (int)row->note.size,
		row->note.size ? row->note.data : "");
}

static struct json_object *channel_names(const struct share_store *share, uint32_t generation)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < share->n_channels; i++)
		if (share->channel[i].generation == generation)
			json_object_array_add(list, json_object_new_string(share->channel[i].name));
	return list;
}

static void add_row(
	struct json_object *list, const struct share_store *share, const struct row *row)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "generation", json_object_new_int64(row->generation));
	json_object_object_add(
		o, "current", json_object_new_boolean(row->generation == share->current));
	json_object_object_add(o, "channels", channel_names(share, row->generation));
	json_object_object_add(o, "published", json_object_new_int64(row->head.published));
	json_object_object_add(o, "previous", json_object_new_int64(row->head.previous));
	json_object_object_add(o, "restores", json_object_new_int64(row->head.restores));
	json_object_object_add(o, "entries", json_object_new_int64((int64_t)row->head.entries));
	json_object_object_add(o, "unique_bytes", json_object_new_int64((int64_t)row->unique));
	json_object_object_add(o, "note",
		json_object_new_string_len(
			row->note.size ? row->note.data : "", (int)row->note.size));
	json_object_array_add(list, o);
}

static unsigned int count_channels(const struct share_store *share, uint32_t generation)
{
	unsigned int n = 0;

	for (size_t i = 0; i < share->n_channels; i++)
		n += share->channel[i].generation == generation;
	return n;
}

int cmd_share_list(void *options, char **arguments)
{
	struct farm_context *c = options;
	struct json_object *list = json_object_new_array();
	int r = farm_context_open_share(c);

	(void)arguments;
	if (r == 0)
		output_line("  %6s  %-19s  %8s  %13s  %-12s  %s", "number", "published", "entries",
			"its own", "channels", "note");
	for (size_t i = 0; i < c->share.n && r == 0; i++) {
		uint32_t generation = c->share.generation[i];
		struct row row = { .generation = generation,
			.channels = count_channels(&c->share, generation) };

		r = fill(c, &row);
		if (r == 0) {
			add_row(list, &c->share, &row);
			make_one_line(&row.note);
			print_row(&c->share, &row);
		}
		buf_free(&row.note);
	}
	if (r == 0 && c->options.json)
		json_print(json_document("generations", list));
	else
		json_object_put(list);
	return farm_exit_status(r);
}
