#include "farm/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "farm/results.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

static bool quiet;

void output_be_quiet(void)
{
	quiet = true;
}

bool output_is_watched(void)
{
	return !quiet && isatty(STDERR_FILENO);
}

static struct {
	const char *name;          /* NULL: there is no line */
	uint64_t files, bytes, of; /* of: 0: unknown */
	struct timespec drawn;
	bool pending; /* these numbers have not been drawn yet */
} phase;

static void draw(void)
{
	fprintf(stderr, "\r\033[K%s", phase.name);
	if (phase.of)
		fprintf(stderr, ": %ju of %ju", (uintmax_t)phase.files, (uintmax_t)phase.of);
	else if (phase.files)
		fprintf(stderr, ": %ju file%s", (uintmax_t)phase.files,
			phase.files == 1 ? "" : "s");
	if (phase.bytes)
		fprintf(stderr, ", %.1f MB", (double)phase.bytes / 1e6);
	phase.pending = false;
}

/* Show the last numbers of a phase, however short it was. */
static void draw_last(void)
{
	if (phase.name && phase.pending)
		draw();
}

static void end_phase(void)
{
	draw_last();
	if (phase.name)
		fputs("\r\033[K", stderr);
	phase.name = NULL;
}

void output_message(const char *text)
{
	end_phase();
	results_message(text);
}

static bool is_early(const struct timespec *now)
{
	return (now->tv_sec - phase.drawn.tv_sec) * 10 +
		       (now->tv_nsec - phase.drawn.tv_nsec) / 100000000 <
	       2;
}

static void progress(const char *name, uint64_t files, uint64_t bytes, uint64_t of)
{
	struct timespec now;
	bool same = phase.name && strcmp(phase.name, name) == 0;

	if (!output_is_watched())
		return;
	if (!same)
		draw_last();
	phase.name = name;
	phase.files = files;
	phase.bytes = bytes;
	phase.of = of;
	phase.pending = true;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (same && is_early(&now))
		return;
	phase.drawn = now;
	draw();
}

void output_progress(const char *name, uint64_t files, uint64_t bytes)
{
	progress(name, files, bytes, 0);
}

void output_count(const char *name, uint64_t done, uint64_t all)
{
	progress(name, done, 0, all);
}

void output_line(const char *format, ...)
{
	AUTO_FREE char *line = NULL;
	va_list ap;

	end_phase();
	va_start(ap, format);
	if (vasprintf(&line, format, ap) < 0)
		line = NULL;
	va_end(ap);
	if (!line)
		return;
	results_line(line);
	if (quiet)
		return;
	puts(line);
	/* Where a log or a pipe reads, too, a step is seen when it is done, not at the end of all.
	 */
	fflush(stdout);
}

void output_text(const char *text)
{
	for (const char *end; *text; text = end + (*end != '\0')) {
		end = strchrnul(text, '\n');
		output_line("    %.*s", (int)(end - text), text);
	}
}
