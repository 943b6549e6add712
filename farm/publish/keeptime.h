/*
 * Restores a directory's times at the end of the scope. A copied directory has the time of its
 * origin; if names that we add or remove changed it, each generation would differ from the one
 * before.
 */
#ifndef FARM_KEEPTIME_H
#define FARM_KEEPTIME_H

#include <fcntl.h>
#include <sys/stat.h>

struct keeptime {
	int directory;
	struct timespec time[2];
};

static inline struct keeptime keeptime(int directory)
{
	struct keeptime kept = { .directory = -1 };
	struct stat st;

	if (fstat(directory, &st) == 0)
		kept = (struct keeptime){ directory, { st.st_atim, st.st_mtim } };
	return kept;
}

static inline void keeptime_restore(const struct keeptime *kept)
{
	/* ".", not the fd itself, which may be opened with O_PATH. */
	if (kept->directory >= 0)
		utimensat(kept->directory, ".", kept->time, 0);
}

/* A statement; directory stays open until the scope ends. */
#define KEEPTIME(directory)                                                     \
	__attribute__((cleanup(keeptime_restore))) const struct keeptime keep = \
		keeptime(directory);                                            \
	(void)keep

#endif
