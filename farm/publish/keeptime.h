/*
 * A copied directory has the time of its origin. What is added or removed in it afterwards, until
 * the end of the scope, leaves that time as it is: else each generation would differ from the one
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
	/* "." and not the fd itself, which may be an O_PATH one. */
	if (kept->directory >= 0)
		utimensat(kept->directory, ".", kept->time, 0);
}

/* A statement; directory stays open until the scope ends. */
#define KEEPTIME(directory)                                                     \
	__attribute__((cleanup(keeptime_restore))) const struct keeptime keep = \
		keeptime(directory);                                            \
	(void)keep

#endif
