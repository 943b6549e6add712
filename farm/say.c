#include "farm/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool quiet;

void say_quietly(void)
{
	quiet = true;
}

bool say_progress(void)
{
	return !quiet && isatty(STDERR_FILENO);
}

void say(const char *format, ...)
{
	va_list ap;

	if (quiet)
		return;
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
}

void warn_user(const char *format, ...)
{
	va_list ap;

	fputs("xenfarm: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int failed(int error, const char *format, ...)
{
	va_list ap;

	fputs("xenfarm: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	if (error != -EPROTO)
		fprintf(stderr, ": %s", strerror(-error));
	fputc('\n', stderr);
	return error;
}
