/* diff PATH: what the master changed since the base, and what was changed here. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/command.h"
#include "agent/merge/merge-text.h"
#include "agent/report.h"
#include "agent/run/content.h"
#include "lib/cleanup.h"
#include "lib/hex.h"
#include "lib/spawn.h"

#define LIMIT 60 /* seconds for diff(1) */

struct side {
	const char *word;
	const struct manifest_entry *entry;
	struct buf content;
	int known; /* is content what entry says? */
};

static void describe(const struct side *s)
{
	const struct manifest_entry *e = s->entry;

	printf("%-6s ", s->word);
	if (!e) {
		puts("absent");
		return;
	}
	printf("%s, mode %04o, owner %s (%u), group %s (%u)", manifest_type_name(e->type), e->mode,
		e->uname ? e->uname : "?", e->uid, e->gname ? e->gname : "?", e->gid);
	if (e->type == MANIFEST_FILE)
		printf(", %ju bytes", (uintmax_t)e->size);
	if (e->link)
		report_name(" ", "-> "), report_name(e->link, "");
	for (uint32_t i = 0; i < e->nxattrs; i++)
		printf(", %s", e->xattr[i].name);
	putchar('\n');
}

static struct json_object *json_side(const struct side *s)
{
	struct json_object *o;
	char digest[HEX_SIZE(32)];

	if (!s->entry)
		return NULL;
	o = json_object_new_object();
	json_object_object_add(
		o, "type", json_object_new_string(manifest_type_name(s->entry->type)));
	json_object_object_add(o, "mode", json_object_new_int(s->entry->mode));
	json_object_object_add(o, "uid", json_object_new_int64(s->entry->uid));
	json_object_object_add(o, "gid", json_object_new_int64(s->entry->gid));
	if (s->entry->link)
		json_object_object_add(o, "link", json_name(s->entry->link));
	if (s->entry->digest.has)
		json_object_object_add(o, "sha256",
			json_object_new_string(hex_text(digest, s->entry->digest.sha256, 32)));
	return o;
}

static void diff(const char *path, const struct side *a, const struct side *b)
{
	char file[2][32], label[2][128];
	AUTO_CLOSE int x = merge_text_file(&a->content, file[0]),
		       y = merge_text_file(&b->content, file[1]);
	const char *argv[] = { "diff", "-u", "--label", label[0], "--label", label[1], file[0],
		file[1], NULL };
	int r, status; /* 1 says that they differ */

	if (x < 0 || y < 0)
		return;
	snprintf(label[0], sizeof(label[0]), "%s (%s)", path, a->word);
	snprintf(label[1], sizeof(label[1]), "%s (%s)", path, b->word);
	fflush(stdout);
	r = spawn_run(
		&(struct spawn){ .argv = argv, .out = STDOUT_FILENO, .kept = -1, .limit = LIMIT },
		&status);
	if (r < 0)
		cli_error(r, "diff");
}

static int is_file(const struct side *s)
{
	return s->entry && s->entry->type == MANIFEST_FILE;
}

static void print_sides(const char *path, struct side side[static 3])
{
	const struct side empty = { .word = "absent", .known = 1 };

	for (int i = 0; i < 3; i++)
		describe(&side[i]);
	for (int i = 1; i < 3; i++) {
		const struct side *from = side[0].entry ? &side[0] : &empty;

		if (is_file(&side[i]) && side[i].known && from->known)
			diff(path, from, &side[i]);
		else if (is_file(&side[i]))
			printf("(%s content not available)\n",
				side[i].known ? from->word : side[i].word);
	}
}

/* The contents of files, as far as they can be read. */
static void read_sides(
	const struct run *run, const struct run_inputs *in, struct side side[static 3])
{
	if (is_file(&side[0]))
		side[0].known = content_read_base(run, side[0].entry, &side[0].content) == 0;
	if (is_file(&side[1]))
		side[1].known = content_read_local(run->root, side[1].entry, &side[1].content) == 0;
	if (is_file(&side[2]))
		side[2].known =
			content_read(run, in->generation, side[2].entry, &side[2].content) == 0;
}

static enum agent_status show(const struct run *run, const struct run_inputs *in, const char *path)
{
	struct side side[3] = { { "base", manifest_find(in->base, path), { 0 }, 0 },
		{ "local", manifest_find(in->local, path), { 0 }, 0 },
		{ "new", manifest_find(in->new, path), { 0 }, 0 } };
	bool same = plan_same_content(side[1].entry, side[2].entry);

	if (!side[0].entry && !side[2].entry) {
		cli_error(0, "%s is not a path of the share", path);
		return AGENT_USAGE;
	}
	if (run->options->json) {
		document_set("path", json_name(path));
		for (int i = 0; i < 3; i++)
			document_set(side[i].word, json_side(&side[i]));
	} else {
		read_sides(run, in, side);
		print_sides(path, side);
	}
	for (int i = 0; i < 3; i++)
		buf_free(&side[i].content);
	return same ? AGENT_DONE : AGENT_DIFFERENT;
}

int agent_command_diff(void *options, char **arguments)
{
	const char *path = arguments[0] + (arguments[0][0] == '/');
	struct run_inputs in;
	struct run run;
	enum agent_status status = run_open(&run, &in, options, false);

	status = status ? status : run_current(&run, &in);
	status = status ? status : run_load(&run, &in);
	status = status ? status : run_scan(&run, &in, false);
	status = status ? status : show(&run, &in, path);
	run_close(&run, &in);
	return status;
}
