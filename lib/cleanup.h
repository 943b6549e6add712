/* Cleanup attributes: a variable so marked releases what it holds when it goes out of scope. */
#ifndef LIB_CLEANUP_H
#define LIB_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static inline void cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

#define AUTO_FREE     __attribute__((cleanup(cleanup_free)))
#define AUTO_CLOSE    __attribute__((cleanup(cleanup_close))) /* an fd; -1: none */
#define AUTO_CLOSEDIR __attribute__((cleanup(cleanup_closedir)))
#define AUTO_FCLOSE   __attribute__((cleanup(cleanup_fclose)))

#endif
