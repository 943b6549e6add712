#include "mkinitrd-hook/image/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OWN_DIRECTORY "lib/xenfarm"

const char *const exchange_names[EXCHANGE_NAMES] = { "init", "sbin/modprobe", "shutdown" };

/* What happens to each entry of the initrd: decided for all of them first. */
enum entry_action { KEEP, DROP, RENAME };

struct exchange_plan {
	const struct exchange *exchange;
	unsigned char *action;  /* enum entry_action, by index_file.order */
	size_t target;          /* segment */
	struct cpio_tree added; /* ours, by the paths that they get */
};

/* For all entries of exactly that path. */
static void mark(struct exchange_plan *plan, const char *path, enum entry_action action)
{
	const struct initrd_index *index = plan->exchange->index;
	const struct index_file *last = index_find(index, path);

	for (; last && last >= index->file && !strcmp(last->path, path); last--)
		plan->action[last->order] = action;
}

/* In the first exchange the initrd's own is kept; later the file there is ours. */
static int plan_exchanged(struct exchange_plan *plan, const char *name)
{
	const struct initrd_index *index = plan->exchange->index;
	char path[PATH_MAX];
	int rc = index_resolve(index, name, false, path);

	if (!rc)
		mark(plan, path, index_find(index, "init" EXCHANGE_KEPT) ? DROP : RENAME);
	return rc;
}

/* Modules of an earlier exchange. */
static int drop_own(struct exchange_plan *plan)
{
	const struct initrd_index *index = plan->exchange->index;
	char directory[PATH_MAX];
	int rc = index_resolve(index, OWN_DIRECTORY, true, directory);
	size_t n = strlen(directory);

	for (size_t i = 0; !rc && i < index->n; i++)
		if (!strncmp(index->file[i].path, directory, n) && index->file[i].path[n] == '/')
			plan->action[index->file[i].order] = DROP;
	return rc;
}

static bool is_exchanged(const char *name)
{
	for (size_t i = 0; i < EXCHANGE_NAMES; i++)
		if (!strcmp(exchange_names[i], name))
			return true;
	return false;
}

/* Whether the initrd's own file will do: directories, the console, a shell and what it leads to.
 */
static bool serves(const struct cpio_entry *ours, const struct index_file *there)
{
	return there &&
	       (S_ISDIR(ours->mode) || !strcmp(ours->name, "dev/console") ||
		       !strcmp(ours->name, "bin/sh") || !strcmp(ours->name, "bin/busybox"));
}

static int plan_added(struct exchange_plan *plan, const struct cpio_entry *ours)
{
	const struct initrd_index *index = plan->exchange->index;
	char path[PATH_MAX];
	int rc = index_resolve(index, ours->name, S_ISDIR(ours->mode), path);

	if (rc || serves(ours, index_find(index, path)))
		return rc;
	if (!is_exchanged(ours->name))
		mark(plan, path, DROP);
	return cpio_tree_add(&plan->added, *ours, "%s", path);
}

static int make_plan(struct exchange_plan *plan)
{
	const struct exchange *exchange = plan->exchange;
	const struct index_file *init = index_find(exchange->index, "init");
	int rc = 0;

	if (!init)
		return -ENOENT;
	plan->target = init->segment;
	plan->action = calloc(exchange->index->n, 1);
	if (!plan->action)
		return -ENOMEM;
	for (size_t i = 0; !rc && i < EXCHANGE_NAMES; i++)
		rc = plan_exchanged(plan, exchange_names[i]);
	if (!rc)
		rc = drop_own(plan);
	for (size_t i = 0; !rc && i < exchange->ours->n; i++)
		rc = plan_added(plan, &exchange->ours->entry[i]);
	return rc;
}

static int write_renamed(struct buf *out, struct cpio_entry entry)
{
	char name[PATH_MAX + sizeof(EXCHANGE_KEPT)];

	snprintf(name, sizeof(name), "%s" EXCHANGE_KEPT, entry.name);
	entry.name = name;
	return cpio_write(out, &entry);
}

static void write_raw(struct buf *out, const struct cpio_reader *reader)
{
	size_t size = reader->at - reader->start;

	buf_add(out, reader->start, size);
	cpio_pad(out, size);
}

/* A summary of a segment's entries and their actions. */
struct survey {
	size_t entries, trailers;
	bool changes;
};

static struct survey survey(const struct exchange_plan *plan, size_t i, size_t order)
{
	struct cpio_reader reader = segments_reader(&plan->exchange->segments->segment[i]);
	struct survey survey = { .changes = i == plan->target };
	struct cpio_entry entry;
	int kind;

	while ((kind = cpio_read(&reader, &entry)) > 0) {
		if (kind == CPIO_TRAILER)
			survey.trailers++;
		else if (plan->action[order + survey.entries++] != KEEP)
			survey.changes = true;
	}
	return survey;
}

/* A segment's archives as planned; our files before the end of the last one. */
static int write_content(
	struct exchange_plan *plan, size_t i, size_t order, size_t trailers, struct buf *out)
{
	struct cpio_reader reader = segments_reader(&plan->exchange->segments->segment[i]);
	struct cpio_entry entry;
	int kind, rc = 0;

	while (!rc && (kind = cpio_read(&reader, &entry)) > 0) {
		enum entry_action action = kind == CPIO_ENTRY ? plan->action[order++] : KEEP;

		if (kind == CPIO_TRAILER && --trailers == 0 && i == plan->target)
			rc = cpio_tree_write(&plan->added, plan->exchange->mtime, out);
		if (!rc && action == RENAME)
			rc = write_renamed(out, entry);
		else if (!rc && action == KEEP)
			write_raw(out, &reader);
	}
	return rc || !out->failed ? rc : -ENOMEM;
}

static int add_changed(struct exchange_plan *plan, size_t i, size_t order, size_t trailers,
	const struct codec *codec, struct sink *out, size_t *unpacked)
{
	AUTO_BUF struct buf buf = { 0 };
	BLOB packed = { 0 };
	struct blob content;
	int rc = write_content(plan, i, order, trailers, &buf);

	*unpacked += buf.size;
	if (rc || !codec)
		return rc ? rc : sink_add(out, buf.data, buf.size);
	content = (struct blob){ (unsigned char *)buf.data, buf.size };
	rc = codec_pack(codec, &content, i == plan->target ? plan->exchange->level : 0, &packed);
	return rc ? rc : sink_add(out, packed.data, packed.size);
}

/* Where the kernel looks for an archive; after lz4 it also needs a 0 to recognise the end. */
static int align(struct sink *out, const struct codec *before)
{
	static const char zero[8];

	return sink_add(out, zero, (-out->buf.size & 3) + (before == &codec_lz4 ? 4 : 0));
}

static int write_image(struct exchange_plan *plan, struct sink *out, size_t *unpacked)
{
	const struct exchange *exchange = plan->exchange;
	const struct codec *before = NULL;
	size_t order = 0;
	int rc = 0;

	*unpacked = 0;
	for (size_t i = 0; !rc && i < exchange->segments->n; i++) {
		const struct segment *segment = &exchange->segments->segment[i];
		const struct survey has = survey(plan, i, order);
		const struct codec *codec =
			exchange->as_it_was || i != plan->target ? segment->codec : exchange->codec;

		rc = align(out, before);
		if (!rc && has.changes)
			rc = add_changed(plan, i, order, has.trailers, codec, out, unpacked);
		else if (!rc) {
			rc = sink_add(out, exchange->image->data + segment->offset, segment->size);
			*unpacked += segment->content.size;
		}
		order += has.entries;
		before = codec;
	}
	return rc;
}

int exchange_make(const struct exchange *exchange, struct blob *out, size_t *unpacked)
{
	struct exchange_plan plan = { .exchange = exchange };
	struct sink sink = { .limit = SEGMENTS_IMAGE_MAX };
	int rc = make_plan(&plan);

	if (!rc)
		rc = write_image(&plan, &sink, unpacked);
	*out = (struct blob){ 0 };
	if (!rc)
		*out = blob_take(&sink.buf);
	buf_free(&sink.buf);
	cpio_tree_free(&plan.added);
	free(plan.action);
	return rc;
}
