/*
 * A copied directory has the time of its origin. What is added or removed in it afterwards, until
 * the end of the scope, leaves that time as it is: else each generation would differ from the one
 * before.
 */
#ifndef FARM_KEEPTIME_H
#define FARM_KEEPTIME_H

#include <fcntl.h>
#include <sys/stat.h>

struct kept_time {
	int directory;
	struct timespec time[2];
};

static inline struct kept_time kept_time(int directory)
{
	struct kept_time kept = { .directory = -1 };
	struct stat st;

	if (fstat(directory, &st) == 0)
		kept = (struct kept_time){ directory, { st.st_atim, st.st_mtim } };
	return kept;
}

static inline void kept_time_restore(const struct kept_time *kept)
{
	/* "." and not the fd itself, which may be an O_PATH one. */
	if (kept->directory >= 0)
		utimensat(kept->directory, ".", kept->time, 0);
}

/* A statement; directory stays open until the scope ends. */
#define KEEP_TIME(directory)                                                      \
	__attribute__((cleanup(kept_time_restore))) const struct kept_time keep = \
		kept_time(directory);                                             \
	(void)keep

#endif
