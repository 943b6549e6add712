#include "lib/layout.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "lib/paths.h"

#define HEADER "# xenfarm layout 1"

struct span {
	const char *at;
	size_t length;
};

/* Cut from *rest what stands before the first byte of stop, and that byte. */
static struct span cut(struct span *rest, const char *stop)
{
	struct span head = { rest->at, 0 };
	size_t used;

	while (head.length < rest->length && !memchr(stop, head.at[head.length], strlen(stop)))
		head.length++;
	used = head.length < rest->length ? head.length + 1 : head.length;
	rest->at += used;
	rest->length -= used;
	return head;
}

/* The next word of a line; an empty one if none is left. */
static struct span next_word(struct span *line)
{
	struct span word;

	do
		word = cut(line, " \t");
	while (word.length == 0 && line->length > 0);
	return word;
}

static bool is(struct span word, const char *text)
{
	return word.length == strlen(text) && memcmp(word.at, text, word.length) == 0;
}

/* Copy a word that fits and has no control characters (a NUL would cut it short). */
static bool copy(struct span word, char to[static LAYOUT_PATH_MAX])
{
	if (word.length == 0 || word.length >= LAYOUT_PATH_MAX)
		return false;
	for (size_t i = 0; i < word.length; i++)
		if ((unsigned char)word.at[i] < ' ' || word.at[i] == 0x7f)
			return false;
	memcpy(to, word.at, word.length);
	to[word.length] = '\0';
	return true;
}

static bool has_plain_components(struct span path)
{
	struct span rest = path, name;

	if (path.length == 0 || path.at[path.length - 1] == '/')
		return false;
	while (rest.length > 0) {
		name = cut(&rest, "/");
		if (name.length == 0 || is(name, ".") || is(name, ".."))
			return false;
	}
	return true;
}

/* One entry from a line that is neither empty nor a comment. Returns what is wrong with it, or
 * NULL. */
static const char *parse_entry(struct span line, struct layout_entry *entry)
{
	struct span word = next_word(&line);
	struct span path = next_word(&line);
	struct span target = next_word(&line);

	if (is(word, "bind"))
		entry->kind = LAYOUT_BIND;
	else if (is(word, "link"))
		entry->kind = LAYOUT_LINK;
	else if (is(word, "writeable"))
		entry->kind = LAYOUT_WRITEABLE;
	else
		return "unknown word (expected bind, link or writeable)";
	if (!has_plain_components(path) || !copy(path, entry->path))
		return "bad path (expected a relative one without '.' and '..')";
	entry->target[0] = '\0';
	if (target.length > 0 && entry->kind != LAYOUT_LINK)
		return "unexpected text after the path";
	if (target.length > 0 && !copy(target, entry->target))
		return "bad link target";
	return next_word(&line).length > 0 ? "unexpected text after the link target" : NULL;
}

/* How entry i goes with all the others. Returns what is wrong, or NULL. */
static const char *check_entry(const struct layout *layout, unsigned int i)
{
	const struct layout_entry *entry = &layout->entry[i];
	bool in_bound = false;

	for (unsigned int j = 0; j < layout->n; j++) {
		const struct layout_entry *other = &layout->entry[j];

		if (j < i && strcmp(entry->path, other->path) == 0)
			return "duplicate path";
		if (other->kind == LAYOUT_BIND && path_is_below(entry->path, other->path))
			in_bound = true;
		if (other->kind == LAYOUT_LINK && path_is_below(entry->path, other->path))
			return "path leads through a link";
	}
	if (entry->kind == LAYOUT_WRITEABLE)
		return in_bound ? NULL : "writeable path is not below a bound one";
	return in_bound ? "path is below a bound one" : NULL;
}

int layout_parse(const char *text, size_t length, struct layout *layout, unsigned int *line,
	const char **what)
{
	struct span rest = { text, length };
	uint16_t line_of[LAYOUT_ENTRIES_MAX] = { 0 };

	layout->n = 0;
	*line = 1;
	*what = NULL;
	if (length > LAYOUT_BYTES_MAX)
		*what = "too many bytes";
	else if (!is(cut(&rest, "\n"), HEADER))
		*what = "the first line is not \"" HEADER "\"";
	while (!*what && rest.length > 0) {
		struct span now = cut(&rest, "\n"), peek = now;
		struct span word = next_word(&peek);

		++*line;
		if (word.length == 0 || word.at[0] == '#')
			continue;
		if (layout->n == LAYOUT_ENTRIES_MAX) {
			*what = "too many entries";
			break;
		}
		line_of[layout->n] = (uint16_t)*line;
		*what = parse_entry(now, &layout->entry[layout->n++]);
	}
	for (unsigned int i = 0; !*what && i < layout->n; i++) {
		*line = line_of[i];
		*what = check_entry(layout, i);
	}
	return *what ? -EINVAL : 0;
}

static bool is_or_is_below(const char *path, const char *top)
{
	return strcmp(path, top) == 0 || path_is_below(path, top);
}

bool layout_is_readonly(const struct layout *layout, const char *path)
{
	bool readonly = false;

	for (unsigned int i = 0; i < layout->n; i++) {
		if (!is_or_is_below(path, layout->entry[i].path))
			continue;
		if (layout->entry[i].kind == LAYOUT_WRITEABLE)
			return false;
		readonly = true;
	}
	return readonly;
}

bool layout_has_nothing_writeable(const struct layout *layout, const char *path)
{
	for (unsigned int i = 0; i < layout->n; i++)
		if (layout->entry[i].kind == LAYOUT_WRITEABLE &&
			is_or_is_below(layout->entry[i].path, path))
			return false;
	return layout_is_readonly(layout, path);
}
