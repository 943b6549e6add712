#include "farm/settings.h"

#include <errno.h>
#include <fcntl.h>

#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/conf.h"

static const struct conf_setting settings[] = {
	{ "share", value_absolute, offsetof(struct farm_settings, share) },
	{ "key", value_absolute, offsetof(struct farm_settings, key) },
	{ "mkinitrd", value_text, offsetof(struct farm_settings, mkinitrd) },
	{ "keep", value_number, offsetof(struct farm_settings, keep) },
};

int farm_settings_parse(struct farm_settings *config, struct conf_error *error)
{
	config->share = "/srv/xenfarm/share";
	config->key = XF_SYSCONFDIR "/xenfarm/share.key";
	config->mkinitrd = "";
	config->keep = 5;
	return conf_parse(config->text.data, config->text.size, settings, ARRAY_SIZE(settings),
		config, error);
}

/* With room for one byte more, as conf_parse() wants it. */
static int read_text(const char *path, struct buf *text)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : buf_read(text, fd, CONF_BYTES_MAX);

	return buf_room(text, 1) ? r : -ENOMEM;
}

int farm_settings_read(const char *path, bool optional, struct farm_settings *config)
{
	struct conf_error error;
	int r = read_text(path, &config->text);

	if (r < 0 && !(r == -ENOENT && optional))
		return cli_error(r, "%s", path);
	r = farm_settings_parse(config, &error);
	return r < 0 ? -cli_error(EINVAL, "%s, line %u: %s", path, error.line, error.what) : 0;
}

void farm_settings_free(struct farm_settings *config)
{
	buf_free(&config->text);
}
