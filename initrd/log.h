/*
 * What the programs of the initrd say: one line a message, to the kernel's log, which shows it on
 * the console.
 */
#ifndef INITRD_LOG_H
#define INITRD_LOG_H

#define LOG_LINE_MAX 512 /* bytes of one message; longer ones are cut */

/* Write to /dev/kmsg from here on, as that program (its name must stay valid), and lift the
 * kernel's limit of ten user messages in five seconds. */
void log_open(const char *program);

/* Put that limit back, for the system that takes over. */
void log_close(void);

/* Messages are prefixed "PROGRAM: STEP: " until the next call. step must stay valid. */
void log_step(const char *step);

void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Seen on the console even with "quiet". */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
