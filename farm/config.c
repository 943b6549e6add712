#include "farm/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct span {
	const char *at;
	size_t n;
};

/* A setting's parser: what is wrong with the value, or NULL. */
typedef const char *set_fn(struct config *config, struct span value);

static const char *set_path(char *to, struct span value)
{
	if (value.n == 0 || value.at[0] != '/')
		return "is not an absolute path";
	if (value.n >= PATH_MAX)
		return "is too long";
	memcpy(to, value.at, value.n);
	to[value.n] = '\0';
	return NULL;
}

static const char *set_share(struct config *config, struct span value)
{
	return set_path(config->share, value);
}

static const char *set_key(struct config *config, struct span value)
{
	return set_path(config->key, value);
}

static const char *set_mkinitrd(struct config *config, struct span value)
{
	if (value.n >= sizeof(config->mkinitrd))
		return "is too long";
	memcpy(config->mkinitrd, value.at, value.n);
	config->mkinitrd[value.n] = '\0';
	return NULL;
}

static const char *set_keep(struct config *config, struct span value)
{
	unsigned int keep = 0;

	for (size_t i = 0; i < value.n; i++) {
		if (!isdigit((unsigned char)value.at[i]) || keep > CONFIG_KEEP_MAX)
			return "is not a number of generations";
		keep = keep * 10 + (unsigned int)(value.at[i] - '0');
	}
	if (keep < 1 || keep > CONFIG_KEEP_MAX)
		return "is not a number of generations from 1";
	config->keep = keep;
	return NULL;
}

static const struct {
	const char *name;
	set_fn *set;
} settings[] = {
	{ "share", set_share },
	{ "key", set_key },
	{ "mkinitrd", set_mkinitrd },
	{ "keep", set_keep },
};

void config_defaults(struct config *config)
{
	*config = (struct config){
		.share = "/srv/xenfarm/share",
		.key = XF_SYSCONFDIR "/xenfarm/share.key",
		.keep = 5,
	};
}

static struct span trim(struct span s)
{
	while (s.n > 0 && isspace((unsigned char)s.at[0])) {
		s.at++;
		s.n--;
	}
	while (s.n > 0 && isspace((unsigned char)s.at[s.n - 1]))
		s.n--;
	return s;
}

static const char *parse_line(struct config *config, struct span line)
{
	const char *equals;
	struct span name, value;

	line = trim(line);
	if (line.n == 0 || line.at[0] == '#')
		return NULL;
	if (memchr(line.at, '\0', line.n))
		return "has a NUL byte";
	equals = memchr(line.at, '=', line.n);
	if (!equals)
		return "is not of the form NAME = VALUE";
	name = trim((struct span){ line.at, (size_t)(equals - line.at) });
	value = trim((struct span){ equals + 1, line.n - (size_t)(equals - line.at) - 1 });
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (strlen(settings[i].name) == name.n &&
			memcmp(settings[i].name, name.at, name.n) == 0)
			return settings[i].set(config, value);
	return "is no setting that xenfarm.conf(5) knows";
}

int config_parse(
	const char *text, size_t size, struct config *config, unsigned int *line, const char **what)
{
	*line = 0;
	while (size > 0) {
		const char *end = memchr(text, '\n', size);
		size_t n = end ? (size_t)(end - text) : size;

		++*line;
		*what = parse_line(config, (struct span){ text, n });
		if (*what)
			return -EINVAL;
		n += end != NULL;
		text += n;
		size -= n;
	}
	return 0;
}
