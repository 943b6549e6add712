/*
 * A clock that is never set.
 */
#ifndef INITRD_CLOCK_H
#define INITRD_CLOCK_H

#include <stdint.h>

/* Milliseconds since some moment of the past, in steps of ten: klibc has only times(2). */
uint64_t clock_ms(void);

#endif
