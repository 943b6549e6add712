/* Reading and writing by file descriptors, with any libc. */
#ifndef LIB_IO_H
#define LIB_IO_H

#include <stddef.h>

/* write(2) until all n bytes are written. Returns 0 or -errno. */
int io_write(int fd, const void *data, size_t n);

#endif
