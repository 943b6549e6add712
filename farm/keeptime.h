/*
 * A copied folder has the time of its origin. What is added or removed in it afterwards, until the
 * end of the scope, leaves that time as it is: else each generation would differ from the one
 * before.
 */
#ifndef FARM_KEEPTIME_H
#define FARM_KEEPTIME_H

#include <fcntl.h>
#include <sys/stat.h>

struct kept_time {
	int folder;
	struct timespec time[2];
};

static inline struct kept_time kept_time(int folder)
{
	struct kept_time kept = { .folder = -1 };
	struct stat st;

	if (fstat(folder, &st) == 0)
		kept = (struct kept_time){ folder, { st.st_atim, st.st_mtim } };
	return kept;
}

static inline void kept_time_restore(const struct kept_time *kept)
{
	/* "." and not the fd itself, which may be an O_PATH one. */
	if (kept->folder >= 0)
		utimensat(kept->folder, ".", kept->time, 0);
}

/* A statement; folder stays open until the scope ends. */
#define KEEP_TIME(folder)                                                         \
	__attribute__((cleanup(kept_time_restore))) const struct kept_time keep = \
		kept_time(folder);                                                \
	(void)keep

#endif
