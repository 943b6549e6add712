#include "initrd/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Levels of <linux/kern_levels.h>: with "quiet" the console shows those below 4. */
enum level { LEVEL_ERROR = 3, LEVEL_WARNING = 4, LEVEL_INFO = 6 };

static int kmsg = STDERR_FILENO;
static const char *who = "xf-init";
static const char *current_step = "start";
static char kernel_limit[16];

static void set_kernel_limit(const char *value, char *old, size_t size)
{
	int fd = open("/proc/sys/kernel/printk_devkmsg", O_RDWR | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	if (old && (n = read(fd, old, size - 1)) > 0)
		old[n] = '\0';
	/* A sysctl takes only what is written at offset 0. */
	lseek(fd, 0, SEEK_SET);
	(void)!write(fd, value, strlen(value));
	close(fd);
}

void log_open(const char *program)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	who = program;
	if (fd >= 0)
		kmsg = fd;
	set_kernel_limit("on\n", kernel_limit, sizeof(kernel_limit));
}

void log_close(void)
{
	if (kernel_limit[0])
		set_kernel_limit(kernel_limit, NULL, 0);
}

void log_step(const char *step)
{
	current_step = step;
}

static void log_line(enum level level, const char *fmt, va_list args)
{
	char line[LOG_LINE_MAX];
	int n = snprintf(line, sizeof(line), "<%d>%s: %s: ", level, who, current_step);

	vsnprintf(line + n, sizeof(line) - n - 1, fmt, args);
	strcat(line, "\n");
	/* There is no other place to report an error. */
	(void)!write(kmsg, line, strlen(line));
}

void log_info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(LEVEL_INFO, fmt, args);
	va_end(args);
}

void log_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(LEVEL_WARNING, fmt, args);
	va_end(args);
}

void log_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(LEVEL_ERROR, fmt, args);
	va_end(args);
}
