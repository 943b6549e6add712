#include "initrd/test/fake.h"

#include "initrd/clock.h"
#include "initrd/fail.h"
#include "initrd/log.h"
#include "initrd/modules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static char own_log[FAKE_LOG_SIZE];

char *fake_log = own_log, fake_object[512];
const char *fake_hint;
void (*fake_rescan)(void);
uint64_t fake_ms;

void fake_reset(void)
{
	fake_log[0] = fake_object[0] = '\0';
	fake_hint = NULL;
	fake_rescan = NULL;
}

int fake_logged(const char *text)
{
	int n = 0;

	for (const char *at = fake_log; (at = strstr(at, text)); at++)
		n++;
	return n;
}

static void add_line(const char *fmt, va_list args)
{
	size_t n = strlen(fake_log);

	vsnprintf(fake_log + n, FAKE_LOG_SIZE - n - 1, fmt, args);
	strcat(fake_log, "\n");
}

void log_info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_line(fmt, args);
	va_end(args);
}

void log_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_line(fmt, args);
	va_end(args);
}

void log_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_line(fmt, args);
	va_end(args);
}

void log_open(const char *program)
{
	(void)program;
}

void log_step(const char *step)
{
	(void)step;
}

static uint64_t real_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t clock_ms(void)
{
	return fake_ms ? fake_ms : real_ms();
}

int fail_note(int error, const char *hint, const char *object_fmt, ...)
{
	va_list args;

	fake_hint = hint;
	va_start(args, object_fmt);
	vsnprintf(fake_object, sizeof(fake_object), object_fmt, args);
	va_end(args);
	return error;
}

/* Weak: initrd/modules.c has a test of its own. */
__attribute__((weak)) void modules_rescan(void)
{
	if (fake_rescan)
		fake_rescan();
}
