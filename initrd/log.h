/*
 * Messages of the initrd's programs, one line each, to the kernel's log, which shows them on the
 * console.
 */
#ifndef INITRD_LOG_H
#define INITRD_LOG_H

#define LOG_LINE_MAX 512 /* bytes of one message; longer ones are cut */

/* Write to /dev/kmsg from now on, as that program (its name must stay valid), and remove the
 * kernel's limit of ten user messages in five seconds. */
void log_open(const char *program);

/* Restore that limit, for the system. */
void log_close(void);

/* Messages are prefixed "PROGRAM: STEP: " until the next call. step must stay valid. */
void log_step(const char *step);

void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Shown on the console even with "quiet". */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
