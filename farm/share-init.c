/* xenfarm share init: an empty share, and its key. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/filter.h"
#include "farm/say.h"
#include "farm/xenfarm.h"
#include "lib/cleanup.h"
#include "lib/publish.h"

static const char *const folders[] = { "gen", "manifest", "live", "etc" };

/* A random UUID, version 4 of RFC 9562. */
static int make_uuid(char text[static MANIFEST_UUID_MAX + 1])
{
	unsigned char b[16];
	char *to = text;

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return -errno;
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < sizeof(b); i++)
		to += sprintf(to, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
	strcpy(to, "\n");
	return 0;
}

static int make_key(const char *path)
{
	struct signature_key *key;
	int r;

	if (access(path, F_OK) == 0) {
		r = signature_read_private(path, &key);
		if (r < 0)
			return failed(-EPROTO, "%s exists, but is not a private Ed25519 key", path);
		signature_key_free(key);
		say("%s: the key that is there will sign", path);
		return 0;
	}
	r = signature_keygen(path);
	if (r < 0)
		return failed(r, "the key %s cannot be made (--key says where)", path);
	say("%s: a new key; keep a copy in a safe place. %s.pub is for the clients.", path, path);
	return 0;
}

/* etc/uuid comes last: with it, this is a share. */
static int fill(int dir, const char *path)
{
	char uuid[MANIFEST_UUID_MAX + 1];
	int r;

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (mkdirat(dir, folders[i], 0755) < 0 && errno != EEXIST)
			return failed(-errno, "%s/%s", path, folders[i]);
	r = publish_file(dir, "etc/filter", 0644, filter_default, strlen(filter_default));
	if (r == 0)
		r = make_uuid(uuid);
	if (r == 0)
		r = publish_file(dir, "etc/uuid", 0644, uuid, strlen(uuid));
	return r < 0 ? failed(r, "%s", path) : 0;
}

int share_init(struct context *context)
{
	const char *path = context->argument[0];
	AUTO_CLOSE int dir = -1;
	int r;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return failed(-errno, "%s", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return failed(-errno, "%s", path);
	if (faccessat(dir, "etc/uuid", F_OK, 0) == 0)
		return failed(-EPROTO, "%s is a share already", path);
	r = make_key(context->key_path);
	if (r == 0)
		r = fill(dir, path);
	if (r == 0)
		say("%s: an empty share; %s/etc/filter says what a publish leaves out", path, path);
	return r;
}
