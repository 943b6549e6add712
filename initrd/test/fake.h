/*
 * What modules under test say and ask for, kept to look at: stands in for initrd/log.c,
 * initrd/fail.c and initrd/modules.c.
 */
#ifndef INITRD_TEST_FAKE_H
#define INITRD_TEST_FAKE_H

#include <stdint.h>

#define FAKE_LOG_SIZE 4096

extern char *fake_log; /* all lines since fake_reset(); a test may put it into memory that is shared
			* with its children */
extern char fake_object[512]; /* of the last fail_note() */
extern const char *fake_hint;
extern void (*fake_rescan)(void); /* what modules_rescan() does, or NULL */
extern uint64_t fake_ms;          /* what clock_ms() says; 0: the machine's own clock */

void fake_reset(void);

/* How often text is in fake_log. */
int fake_logged(const char *text);

#endif
