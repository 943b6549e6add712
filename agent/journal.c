#include "agent/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/publish.h"
#include "lib/vis.h"

#define HEAD "xenfarm-journal 1 "

struct step_name step_name(size_t number)
{
	struct step_name name;

	snprintf(name.text, sizeof(name.text), "%08zu", number);
	return name;
}

/* --- writing --- */

static bool add_entry(
	struct manifest *m, size_t number, const char *side, const struct manifest_entry *entry)
{
	struct manifest_entry e;
	char path[32];

	if (!entry)
		return true;
	e = *entry;
	snprintf(path, sizeof(path), "%s.%s", step_name(number).text, side);
	e.path = path;
	e.group = 0;
	e.nlink = 1;
	return manifest_add(m, &e) != NULL;
}

static int encode(const struct steps *steps, bool first, struct buf *text, struct buf *entries)
{
	const struct manifest_entry root = { .path = "", .type = MANIFEST_DIR, .nlink = 1 };
	AUTO_MANIFEST struct manifest *m = manifest_new();
	struct manifest_error error;

	if (!m || !manifest_add(m, &root))
		return -ENOMEM;
	for (size_t i = 0; i < steps->n; i++) {
		const struct step *s = &steps->step[i];

		bool inside = s->within != STEP_NONE;

		if (inside && first)
			continue;
		buf_printf(text, "%s %s %s ", inside ? "inside" : step_kind_name(s->kind),
			s->pending ? "pending" : "root", step_name(i).text);
		vis_encode(text, s->path, strlen(s->path));
		buf_puts(text, "\n");
		if (!add_entry(m, i, "after", s->after) || !add_entry(m, i, "before", s->before))
			return -ENOMEM;
	}
	return text->failed ? -ENOMEM : manifest_encode(m, entries, &error);
}

int journal_write(int dir, uint32_t from, uint32_t to, bool undo, const struct steps *steps)
{
	AUTO_BUF struct buf text = { 0 }, entries = { 0 };
	int r;

	buf_printf(&text, HEAD "%u %u%s\n", from, to, undo ? " undo" : "");
	r = encode(steps, from == 0, &text, &entries);
	if (r == 0)
		r = publish_file(dir, "entries.mtree.gz", 0600, entries.data, entries.size);
	return r < 0 ? r : publish_file(dir, "journal", 0600, text.data, text.size);
}

/* --- reading --- */

static bool parse_step(struct journal *j, char *line, size_t n)
{
	struct step step = { .within = STEP_NONE };
	char kind[16], place[16], number[16], path[32];
	int at = 0, i;
	size_t length;

	if (sscanf(line, "%15s %15s %15[0-9] %n", kind, place, number, &at) < 3 || at == 0)
		return false;
	if (strcmp(kind, "inside") == 0) {
		step.within = 0;
		strcpy(kind, step_kind_name(STEP_CREATE));
	}
	for (i = 0; i < STEP_KINDS && strcmp(step_kind_name((enum step_kind)i), kind) != 0; i++)
		;
	if (i == STEP_KINDS || vis_decode(line + at, n - (size_t)at, &length) < 0)
		return false;
	step.kind = (enum step_kind)i;
	step.pending = strcmp(place, "pending") == 0;
	step.path = line + at;
	step.op = strtoul(number, NULL, 10);
	snprintf(path, sizeof(path), "%s.before", step_name(step.op).text);
	step.before = manifest_find(j->entries, path);
	snprintf(path, sizeof(path), "%s.after", step_name(step.op).text);
	step.after = manifest_find(j->entries, path);
	if (!step.before != (step.kind == STEP_CREATE) || !step.after != (step.kind == STEP_REMOVE))
		return false;
	return (step.pending || !manifest_path_rule(step.path) || strstr(step.path, ".xennew")) &&
	       steps_add(&j->steps, &step) != NULL;
}

int journal_parse(char *text, size_t n, struct manifest *entries, struct journal *j)
{
	char *line = text, *end = memchr(text, '\n', n);

	*j = (struct journal){ .entries = entries, .text = text };
	text[n] = '\0';
	if (!end || sscanf(text, HEAD "%u %u", &j->from, &j->to) != 2)
		return -EBADMSG;
	j->undo = end - text > 5 && memcmp(end - 5, " undo", 5) == 0;
	while ((line = end + 1) < text + n) {
		end = memchr(line, '\n', (size_t)(text + n - line));
		if (!end)
			return -EBADMSG;
		*end = '\0';
		if (!parse_step(j, line, (size_t)(end - line)))
			return -EBADMSG;
	}
	return 0;
}

int journal_read(int dir, struct journal *j)
{
	AUTO_CLOSE int fd = openat(dir, "journal", O_RDONLY | O_CLOEXEC);
	struct buf text = { 0 };
	struct manifest_error error;
	struct manifest *entries = NULL;
	int r = fd < 0 ? -errno : buf_read(&text, fd, JOURNAL_BYTES_MAX);

	*j = (struct journal){ 0 };
	if (r == 0)
		r = manifest_load(dir, "entries.mtree.gz", NULL, &entries, &error);
	if (r == 0 && !buf_room(&text, 1))
		r = -ENOMEM;
	if (r < 0) {
		buf_free(&text);
		manifest_free(entries);
		return r;
	}
	r = journal_parse(text.data, text.size, entries, j);
	if (r < 0)
		journal_free(j);
	return r;
}

void journal_free(struct journal *j)
{
	steps_free(&j->steps);
	manifest_free(j->entries);
	free(j->text);
	*j = (struct journal){ 0 };
}
