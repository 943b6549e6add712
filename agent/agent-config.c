#include "agent/agent-config.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "agent/run/run.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/paths.h"

/* At most an hour. */
static const char *set_limit(void *to, const char *text)
{
	uint32_t limit;
	const char *wrong = value_number(&limit, text);

	if (wrong || limit > 3600)
		return "is not a number from 1 to 3600";
	*(uint32_t *)to = limit;
	return NULL;
}

static const struct conf_setting settings[] = {
	{ "source", value_text, offsetof(struct agent_config, source) },
	{ "pub", value_text, offsetof(struct agent_config, pub) },
	{ "hook-limit", set_limit, offsetof(struct agent_config, hook_limit) },
};
static const struct conf_dialect dialect = { settings, ARRAY_SIZE(settings), NULL, 0 };

int agent_config_parse(char *text, size_t n, struct agent_config *c, struct conf_error *error)
{
	int r = conf_parse(text, n, &dialect, c, error);

	if (r < 0)
		c->source = c->pub = NULL;
	return r;
}

static int read_text(struct buf *text, const char *root)
{
	AUTO_CLOSE int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int fd =
		dir < 0 ? -ENOENT : fsroot_open(dir, AGENT_CONFIG_PATH, O_RDONLY | O_NONBLOCK, 0);

	return fd < 0 ? fd : buf_read(text, fd, CONF_BYTES_MAX);
}

int agent_config_read(struct agent_config *c, const char *root)
{
	struct conf_error error = { 0 };
	char path[PATH_MAX];
	int r = read_text(&c->text, root);

	if (r == -ENOENT || r == -ENOTDIR)
		r = 0;
	else if (r == 0)
		r = agent_config_parse(c->text.data, c->text.size, c, &error);
	if (error.what)
		cli_error(0, "%s:%u: %s", run_path(root, AGENT_CONFIG_PATH, path), error.line,
			error.what);
	else if (r < 0)
		cli_error(r, "%s", run_path(root, AGENT_CONFIG_PATH, path));
	if (r == 0 && !c->source && access(PATH_SHARE "/current", F_OK) == 0)
		c->source = PATH_SHARE;
	return r;
}

void agent_config_free(struct agent_config *c)
{
	buf_free(&c->text);
	*c = (struct agent_config){ 0 };
}
