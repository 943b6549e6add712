#include "agent/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"

static int take(struct config *c, const char *key, size_t n_key, const char *value, size_t n,
	const char **what)
{
	char **to = n_key == 6 && memcmp(key, "source", 6) == 0 ? &c->source
		    : n_key == 3 && memcmp(key, "pub", 3) == 0  ? &c->pub
								: NULL;

	if (!to || n == 0) {
		*what = to ? "no value" : "unknown key (source, pub)";
		return -EINVAL;
	}
	free(*to);
	*to = strndup(value, n);
	return *to ? 0 : -ENOMEM;
}

int config_parse(
	const char *text, size_t n, struct config *c, unsigned int *line, const char **what)
{
	const char *end = text + n, *next, *equals;
	int r = 0;

	*c = (struct config){ 0 };
	*line = 0;
	for (; r == 0 && text < end; text = next + 1) {
		size_t size;

		next = memchr(text, '\n', (size_t)(end - text));
		if (!next)
			next = end;
		size = (size_t)(next - text);
		++*line;
		if (size == 0 || *text == '#')
			continue;
		equals = memchr(text, '=', size);
		if (equals)
			r = take(c, text, (size_t)(equals - text), equals + 1,
				(size_t)(next - equals - 1), what);
		else
			r = -EINVAL;
		if (!equals)
			*what = "not KEY=VALUE";
	}
	if (r < 0)
		config_free(c);
	return r;
}

int config_read(struct config *c, const char *root)
{
	AUTO_CLOSE int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int fd =
		dir < 0 ? -ENOENT : fsroot_open(dir, CONFIG_PATH, O_RDONLY | O_NONBLOCK, 0);
	AUTO_BUF struct buf text = { 0 };
	const struct options options = { .root = root };
	const char *what = NULL;
	char path[PATH_MAX];
	unsigned int line = 0;
	int r = fd < 0 ? fd : buf_read(&text, fd, CONFIG_BYTES_MAX);

	*c = (struct config){ 0 };
	if (r == -ENOENT || r == -ENOTDIR)
		r = 0;
	else if (r == 0)
		r = config_parse(text.data, text.size, c, &line, &what);
	if (what)
		complain(0, "%s:%u: %s", agent_path(&options, CONFIG_PATH, path), line, what);
	else if (r < 0)
		complain(r, "%s", agent_path(&options, CONFIG_PATH, path));
	if (r == 0 && !c->source && access(CONFIG_SHARE "/current", F_OK) == 0)
		c->source = strdup(CONFIG_SHARE);
	return r;
}

void config_free(struct config *c)
{
	free(c->source);
	free(c->pub);
	*c = (struct config){ 0 };
}
