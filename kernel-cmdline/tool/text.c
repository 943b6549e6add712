#include "kernel-cmdline/tool/text.h"

#include "lib/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define INDENT 4
#define DOTS   3 /* "..." for what is left out */

/* What is shown for some bytes of the text: a character, or one byte as \xNN. */
struct unit {
	size_t at; /* of its first byte */
	size_t bytes, columns;
	char shown[MB_LEN_MAX + 1];
};

/* The unit at text, of at least one byte. */
static struct unit next_unit(const char *text, size_t length)
{
	struct unit unit = { .bytes = 1, .columns = 4 };
	mbstate_t state = { 0 };
	wchar_t wide;
	size_t n = mbrtowc(&wide, text, length, &state);

	/* What cannot be printed has no width. */
	if (n >= 1 && n <= length && n < sizeof(unit.shown) && wcwidth(wide) > 0) {
		unit.bytes = n;
		unit.columns = (size_t)wcwidth(wide);
		memcpy(unit.shown, text, n);
	} else {
		snprintf(unit.shown, sizeof(unit.shown), "\\x%02x", (unsigned char)text[0]);
	}
	return unit;
}

void text_show(FILE *to, const char *text, size_t length)
{
	while (length) {
		struct unit unit = next_unit(text, length);

		fputs(unit.shown, to);
		text += unit.bytes;
		length -= unit.bytes;
	}
}

static size_t width_of(FILE *to)
{
	struct winsize size;

	if (ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return size.ws_col;
	return 80;
}

static void repeat(FILE *to, char c, size_t n)
{
	while (n--)
		fputc(c, to);
}

/* How many columns these units take. */
static size_t columns_of(const struct unit *unit, size_t from, size_t end)
{
	size_t columns = 0;

	for (size_t i = from; i < end; i++)
		columns += unit[i].columns;
	return columns;
}

/* The part of the units around the place, in one line, and the caret below it. */
static void show_window(FILE *to, const struct unit *unit, size_t n, size_t place, size_t place_end)
{
	size_t room = width_of(to) - INDENT - 1, start = 0, end = n, marked;

	if (columns_of(unit, 0, n) > room) {
		room -= 2 * DOTS;
		start = place;
		while (start > 0 && columns_of(unit, start - 1, place) <= room / 2)
			start--;
		end = start;
		while (end < n && columns_of(unit, start, end + 1) <= room)
			end++;
	}
	repeat(to, ' ', INDENT);
	fputs(start ? "..." : "", to);
	for (size_t i = start; i < end; i++)
		fputs(unit[i].shown, to);
	fputs(end < n ? "...\n" : "\n", to);

	repeat(to, ' ', INDENT + (start ? DOTS : 0) + columns_of(unit, start, place));
	marked = columns_of(unit, place, place_end < end ? place_end : end);
	fputc('^', to);
	repeat(to, '~', marked > 1 ? marked - 1 : 0);
	fputc('\n', to);
}

/* Show text with the bytes [at, at + length) marked. */
static void show_place(FILE *to, const char *text, size_t text_length, size_t at, size_t length)
{
	struct unit *unit = calloc(text_length + 1, sizeof(*unit));
	size_t n = 0, place = 0, place_end = 0;

	if (!unit)
		return;
	for (size_t i = 0; i < text_length; i += unit[n++].bytes) {
		unit[n] = next_unit(text + i, text_length - i);
		if (i + unit[n].bytes <= at)
			place = n + 1;
		if (i < at + length)
			place_end = n + 1;
	}
	show_window(to, unit, n, place, place_end);
	free(unit);
}

void text_show_problems(
	FILE *to, const char *text, size_t length, const struct xf_problems *problems)
{
	bool colour = isatty(fileno(to)) && !getenv("NO_COLOR");

	for (unsigned int i = 0; i < problems->n; i++) {
		const struct xf_problem *p = &problems->problem[i];
		bool error = p->kind == XF_ERROR;

		fprintf(to, "xfnet: %s%s:%s %s: %s",
			!colour ? ""
			: error ? "\033[1;31m"
				: "\033[1;33m",
			error ? "error" : "warning", colour ? "\033[0m" : "", p->field, p->what);
		if (p->expected)
			fprintf(to, " (expected %s)", p->expected);
		fputc('\n', to);
		show_place(to, text, length, p->at, p->length);
	}
	if (problems->dropped)
		fprintf(to, "xfnet: %u more problems\n", problems->dropped);
}

int text_join(char *const *words, char text[static TEXT_BYTES_MAX])
{
	size_t used = 0;

	for (int i = 0; words[i]; i++) {
		size_t n = strlen(words[i]);

		if (n + 1 >= TEXT_BYTES_MAX - used)
			return cli_error(
				-E2BIG, "the text is longer than %d bytes", TEXT_BYTES_MAX);
		if (i)
			text[used++] = ' ';
		memcpy(text + used, words[i], n);
		used += n;
	}
	return (int)used;
}

void text_prefix_origin(const struct xfnet *net, char *to, size_t size)
{
	char broadcast[XF_ADDR_TEXT_MAX], others[32] = "";
	unsigned int next = net->prefix - 1U;

	if (net->prefix_shortest == next)
		snprintf(others, sizeof(others), "; /%u fits too", next);
	else if (net->prefix_shortest < next)
		snprintf(
			others, sizeof(others), "; /%u to /%u fit too", next, net->prefix_shortest);
	snprintf(to, size, "follows from broadcast %s%s",
		xf_addr_format(&net->broadcast, broadcast), others);
}

/* Without '=' or white space it cannot be a command line that names a client. */
static bool is_bare(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (strchr("= \t\n", text[i]))
			return false;
	return true;
}

int text_read(const char *text, size_t length, struct xf_cmdline *cmdline)
{
	struct xf_problems problems;
	char origin[96];
	int rc;

	if (is_bare(text, length)) {
		xf_cmdline_parse("", 0, cmdline, &problems);
		cmdline->has_net = true;
		rc = xfnet_parse(text, length, &cmdline->net, &problems);
	} else {
		rc = xf_cmdline_parse(text, length, cmdline, &problems);
	}
	text_show_problems(stderr, text, length, &problems);
	if (rc)
		return rc;
	if (!cmdline->has_net)
		return (cli_error(0, "no xfnet= in this command line: it is not a client's"),
			-EINVAL);
	if (cmdline->net.prefix != cmdline->net.prefix_shortest) {
		text_prefix_origin(&cmdline->net, origin, sizeof(origin));
		fprintf(stderr, "xfnet: note: prefix /%u %s\n", cmdline->net.prefix, origin);
	}
	return 0;
}
