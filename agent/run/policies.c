/* The policies of a run, read from their directories. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "agent/run/run.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/paths.h"

#define VENDOR_POLICY XF_LIBEXECDIR "/policy.d"
#define LOCAL_POLICY  PATH_ETC "/policy.d"

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_policy_file(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return d->d_name[0] != '.' && dot && strcmp(dot, ".policy") == 0;
}

static enum agent_status add_file(
	struct policies *policies, int dir, const char *shown, const char *name)
{
	AUTO_CLOSE int fd = fsroot_open(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	AUTO_BUF struct buf text = { 0 };
	const char *what = NULL;
	unsigned int line = 0;
	int r = fd < 0 ? fd : buf_read(&text, fd, POLICY_BYTES_MAX);

	r = r < 0 ? r : policies_add(policies, text.data, text.size, &line, &what);
	if (r == 0)
		return AGENT_DONE;
	if (what)
		cli_error(0, "%s/%s:%u: %s", shown, name, line, what);
	else
		cli_error(r, "%s/%s", shown, name);
	return AGENT_REFUSED;
}

/* A rule that cannot be read might protect something: it is an error. */
static enum agent_status add_directory(
	struct policies *policies, int root, const char *directory, const char *shown)
{
	AUTO_CLOSE int dir = fsroot_open(root, directory, O_RDONLY | O_DIRECTORY, 0);
	enum agent_status status = AGENT_DONE;
	struct dirent **entry = NULL;
	int n;

	if (dir == -ENOENT || dir == -ENOTDIR)
		return AGENT_DONE;
	n = dir < 0 ? -1 : scandirat(dir, ".", &entry, is_policy_file, by_name);
	if (n < 0) {
		cli_error(dir < 0 ? dir : -errno, "%s", shown);
		return AGENT_REFUSED;
	}
	for (int i = 0; i < n; i++) {
		if (status == AGENT_DONE)
			status = add_file(policies, dir, shown, entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
	return status;
}

enum agent_status run_read_policies(const struct run *run, struct policies **policies)
{
	AUTO_CLOSE int own = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	enum agent_status status = AGENT_DONE;
	char path[PATH_MAX];

	*policies = policies_new();
	if (!*policies || policies_add_defaults(*policies) < 0) {
		cli_error(-ENOMEM, "policy");
		return AGENT_FAILED;
	}
	if (own >= 0)
		status = add_directory(*policies, own, VENDOR_POLICY + 1, VENDOR_POLICY);
	return status ? status
		      : add_directory(*policies, run->root, LOCAL_POLICY,
				run_path(run->options->root, LOCAL_POLICY, path));
}
