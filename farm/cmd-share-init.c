/* xenfarm share init: make an empty share, and its key. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/output.h"
#include "farm/publish/filter.h"
#include "farm/results.h"
#include "farm/share/keys.h"
#include "farm/xenfarm.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/hex.h"
#include "lib/publish.h"

static const char *const directories[] = { "gen", "manifest", "live", "etc" };

/* A random UUID, version 4 of RFC 9562. */
static int make_uuid(char text[static MANIFEST_UUID_MAX + 1])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return -errno;
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	strcat(hex_uuid(text, b), "\n");
	return 0;
}

/* etc/uuid makes it a share: it is written last, when all else is on disk. */
static int fill(int dir, const char *path, const struct signature_key *key)
{
	struct share_store share = { .path = (char *)path, .dir = dir };
	struct keychain chain;
	char uuid[MANIFEST_UUID_MAX + 1];
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		if (mkdirat(dir, directories[i], 0755) < 0 && errno != EEXIST)
			return cli_error(-errno, "%s/%s", path, directories[i]);
	r = publish_file(dir, "etc/filter", 0644, filter_default, strlen(filter_default));
	if (r == 0)
		r = make_uuid(uuid);
	if (r == 0) {
		memcpy(share.uuid, uuid, sizeof(share.uuid) - 1);
		keychain_begin(&chain, share.uuid, key);
		r = keys_write(&share, &chain);
	}
	if (r == 0 && syncfs(dir) < 0)
		r = -errno;
	if (r == 0)
		r = publish_file(dir, "etc/uuid", 0644, uuid, strlen(uuid));
	return r < 0 ? cli_error(r, "%s", path) : 0;
}

static int already(const char *path)
{
	return -cli_error(EEXIST, "%s is already a share", path);
}

int cmd_share_make(const struct farm_context *context, const char *path)
{
	struct signature_key *key = NULL;
	AUTO_CLOSE int dir = -1;
	int r;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return cli_error(-errno, "%s", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return cli_error(-errno, "%s", path);
	if (faccessat(dir, "etc/uuid", F_OK, 0) == 0)
		return already(path);
	r = keys_make(context->key_path);
	if (r == 0)
		r = farm_context_private_key(context, &key);
	if (r == 0)
		r = fill(dir, path, key);
	signature_key_free(key);
	if (r == 0)
		output_line("%s: an empty share; see %s/etc/filter for what a publish leaves out",
			path, path);
	return r;
}

static int preview(const struct farm_context *context, const char *path)
{
	AUTO_FREE char *uuid = NULL;

	if (asprintf(&uuid, "%s/etc/uuid", path) < 0) {
		uuid = NULL;
		return cli_error(-ENOMEM, "%s", path);
	}
	if (access(uuid, F_OK) == 0)
		return already(path);
	if (access(context->key_path, F_OK) < 0)
		output_line("make the key %s", context->key_path);
	output_line("%s: make an empty share", path);
	return 0;
}

static int init(struct farm_context *context, char **arguments)
{
	const char *path = arguments[0];
	int r;

	results_of(path);
	r = context->options.dry_run ? preview(context, path) : cmd_share_make(context, path);
	if (r == 0)
		results_state(path, "generation 0");
	return r;
}

int cmd_share_init(void *options, char **arguments)
{
	return farm_context_change(options, "share init", init, arguments);
}
