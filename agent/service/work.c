/* What xf-agentd asked root for. Its files are believed as little as a caller's. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/service/agentd.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/paths.h"
#include "lib/spawn.h"

#define SETTLE         1    /* seconds: what is asked for meanwhile costs nothing more */
#define RECONCILE_TIME 3600 /* seconds that it may take */
#define LOCKED_WAIT    5    /* seconds between tries while another xf-agent is at work … */
#define LOCKED_TRIES   120  /* … and how many */

int agentd_each(int dir, const char *prefix, unsigned int limit,
	int (*do_one)(void *context, int dir, const char *name, const char *rest), void *context)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	AUTO_CLOSEDIR DIR *d = fd < 0 ? NULL : fdopendir(fd);
	size_t n = strlen(prefix);
	struct dirent *e;

	if (!d)
		return -errno;
	while (limit && r == 0 && (e = readdir(d)))
		if (strncmp(e->d_name, prefix, n) == 0) {
			r = do_one(context, dir, e->d_name, e->d_name + n);
			limit--;
		}
	return r;
}

/* When xf-agent wrote its last report. */
static struct timespec reported(int reports)
{
	struct stat st = { 0 };

	fstatat(reports, PATH_REPORT_STATUS, &st, 0);
	return st.st_mtim;
}

/* Did another run have the lock? Then this one left no report. */
static bool was_locked(int status, struct timespec before, struct timespec after)
{
	return status == EXIT_DEFERRED && before.tv_sec == after.tv_sec &&
	       before.tv_nsec == after.tv_nsec;
}

static int run_reconcile(int reports)
{
	static const char *const argv[] = { "xf-agent", "reconcile", "--quiet", NULL };
	struct spawn s = { .argv = argv, .out = -1, .kept = -1, .limit = RECONCILE_TIME };

	for (int tries = 0; tries < LOCKED_TRIES; tries++) {
		struct timespec before = reported(reports);
		int status, r = spawn_run(&s, &status);

		if (r < 0)
			return cli_error(r, "xf-agent reconcile");
		if (!was_locked(status, before, reported(reports)))
			return 0;
		sleep(LOCKED_WAIT);
	}
	return cli_error(-EBUSY, "xf-agent reconcile");
}

/* The wish is forgotten before the run begins: one that comes later is about something newer. */
static int reconcile(int asked, int reports)
{
	if (faccessat(asked, PATH_ASKED_RECONCILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	sleep(SETTLE);
	if (unlinkat(asked, PATH_ASKED_RECONCILE, 0) < 0)
		return cli_error(-errno, "%s/%s", PATH_RUN_ASKED, PATH_ASKED_RECONCILE);
	return run_reconcile(reports);
}

int agentd_work(void)
{
	AUTO_CLOSE int asked =
		open(PATH_RUN_ASKED, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int reports =
		open(PATH_RUN_REPORTS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r, first;

	if (asked < 0 || reports < 0)
		return cli_error(-errno, "%s", asked < 0 ? PATH_RUN_ASKED : PATH_RUN_REPORTS);
	/* One that fails does not keep the others from being done. */
	first = agentd_deliver(asked, reports);
	r = reconcile(asked, reports);
	first = first ? first : r;
	r = agentd_preview(asked, reports);
	return first ? first : r;
}
