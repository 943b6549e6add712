#include "agent/merge/conflicts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/run/state.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/hex.h"
#include "lib/publish.h"
#include "lib/vis.h"

static const char *const names[CONFLICT_KINDS] = {
	[CONFLICT_OFFER] = "offer",
	[CONFLICT_DISMISSED] = "dismissed",
	[CONFLICT_META] = "meta",
	[CONFLICT_ACCOUNTS] = "rows",
	[CONFLICT_RELOCATED] = "relocated",
	[CONFLICT_FORMER] = "former",
};

const char *conflict_kind_name(enum conflict_kind kind)
{
	return names[kind];
}

bool conflicts_add(struct conflicts *c, const struct conflict *conflict)
{
	struct conflict *added;

	if (!ARRAY_GROW(c->conflict, c->n))
		return false;
	added = &c->conflict[c->n++];
	*added = *conflict;
	added->path = strdup(conflict->path);
	added->place = strdup(conflict->place ? conflict->place : "");
	return added->path && added->place;
}

void conflicts_remove(struct conflicts *c, size_t i)
{
	free(c->conflict[i].path);
	free(c->conflict[i].place);
	c->conflict[i] = c->conflict[--c->n];
}

void conflicts_free(struct conflicts *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->conflict[i].path);
		free(c->conflict[i].place);
	}
	free(c->conflict);
	*c = (struct conflicts){ 0 };
}

const struct conflict *conflicts_find(
	const struct conflicts *c, enum conflict_kind kind, const char *path)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->conflict[i].kind == kind && strcmp(c->conflict[i].path, path) == 0)
			return &c->conflict[i];
	return NULL;
}

uint32_t conflicts_waiting(const struct conflicts *c)
{
	uint32_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->conflict[i].kind != CONFLICT_DISMISSED &&
		     c->conflict[i].kind != CONFLICT_RELOCATED;
	return n;
}

/* --- text --- */

static bool parse_print(const char *text, struct fingerprint *print)
{
	unsigned int byte;

	*print = (struct fingerprint){ 0 };
	if (strcmp(text, "-") == 0)
		return true;
	for (int i = 0; i < 32; i++) {
		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return false;
		print->byte[i] = (uint8_t)byte;
	}
	return text[64] == '\0';
}

/* A field in place; "-" is the empty one. */
static bool parse_name(char *text, char **name)
{
	size_t length;

	*name = text;
	if (strcmp(text, "-") == 0)
		*text = '\0';
	return vis_decode(text, strlen(text), &length) == 0;
}

static int parse_line(char *line, struct conflicts *c)
{
	struct conflict x = { 0 };
	char *field[7], *save = NULL, *end;
	int i, kind = 0;

	for (i = 0; i < 7; i++, line = NULL)
		if (!(field[i] = strtok_r(line, " ", &save)))
			return -EBADMSG;
	while (kind < CONFLICT_KINDS && strcmp(names[kind], field[0]) != 0)
		kind++;
	x.kind = (enum conflict_kind)kind;
	x.generation = (uint32_t)strtoul(field[3], NULL, 10);
	x.since = strtoll(field[4], &end, 10);
	if (kind == CONFLICT_KINDS || *end || !parse_name(field[1], &x.path) ||
		!parse_name(field[2], &x.place) || !parse_print(field[5], &x.offered) ||
		!parse_print(field[6], &x.local))
		return -EBADMSG;
	return conflicts_add(c, &x) ? 0 : -ENOMEM;
}

int conflicts_parse(char *text, size_t n, struct conflicts *c)
{
	char *end;
	int r = 0;

	*c = (struct conflicts){ 0 };
	for (char *line = text; r == 0 && line < text + n; line = end + 1) {
		end = memchr(line, '\n', (size_t)(text + n - line));
		if (!end)
			end = text + n;
		*end = '\0';
		r = parse_line(line, c);
	}
	if (r < 0)
		conflicts_free(c);
	return r;
}

static void format_name(struct buf *out, const char *name)
{
	/* A name that is "-" itself gets its escape. */
	if (*name == '\0' || strcmp(name, "-") == 0)
		buf_puts(out, *name ? "\\055" : "-");
	else
		vis_encode(out, name, strlen(name));
	buf_puts(out, " ");
}

static void format_print(struct buf *out, const struct fingerprint *print)
{
	char text[HEX_SIZE(32)];

	buf_puts(out, fingerprint_absent(print) ? "-" : hex_text(text, print->byte, 32));
}

void conflicts_format(const struct conflicts *c, struct buf *out)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct conflict *x = &c->conflict[i];

		buf_printf(out, "%s ", names[x->kind]);
		format_name(out, x->path);
		format_name(out, x->place);
		buf_printf(out, "%u %jd ", x->generation, (intmax_t)x->since);
		format_print(out, &x->offered);
		buf_puts(out, " ");
		format_print(out, &x->local);
		buf_puts(out, "\n");
	}
}

int conflicts_read(int state, struct conflicts *c)
{
	AUTO_BUF struct buf text = { 0 };
	int r = state < 0 ? -ENOENT
			  : state_read_file(state, CONFLICTS_FILE, CONFLICTS_BYTES_MAX, &text);

	*c = (struct conflicts){ 0 };
	if (r == -ENOENT)
		return 0;
	if (r == 0 && !buf_room(&text, 1))
		r = -ENOMEM;
	return r < 0 ? r : conflicts_parse(text.data, text.size, c);
}

int conflicts_write(int state, const struct conflicts *c)
{
	AUTO_BUF struct buf text = { 0 };

	conflicts_format(c, &text);
	return text.failed ? -ENOMEM
			   : publish_file(state, CONFLICTS_FILE, 0600, text.data, text.size);
}
