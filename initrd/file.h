/*
 * Small files, read and written as a whole: those of sysfs, and those that xf-init leaves for the
 * system.
 */
#ifndef INITRD_FILE_H
#define INITRD_FILE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Read at most size - 1 bytes of a file, NUL-terminated, one final newline dropped. Returns the
 * length kept, or -errno; buffer holds "" then.
 */
ssize_t file_read(const char *path, char *buffer, size_t size);

/* Create or replace a file of that mode with text. Returns 0 or -errno. */
int file_write(const char *path, mode_t mode, const char *text);

/*
 * The same, but after a power cut there is the file from before or the new one, and the new one
 * once this has returned; what is written first is PATH.xf-new. A link is replaced. path has a
 * slash.
 */
int file_replace(const char *path, mode_t mode, const char *text);

/* file_write() of what is formatted; -ENOSPC if the text is longer than FILE_FORMAT_MAX bytes. */
#define FILE_FORMAT_MAX 2048
int file_format(const char *path, mode_t mode, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Copy a regular file byte by byte, mode included. Returns 0 or -errno. */
int file_copy(const char *from, const char *to);

/* Make a directory and those above it, mode 0755; one that exists is fine. Returns 0 or -errno. */
int file_make_dirs(const char *path);

#endif
