/* Arrays. */
#ifndef LIB_ARRAY_H
#define LIB_ARRAY_H

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
