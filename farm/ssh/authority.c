#include "farm/ssh/authority.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/operation.h"
#include "farm/ssh/keygen.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/publish.h"

#define KEY_BYTES_MAX 4096 /* of a public key's file */

/* --- the authority --- */

/* The private half is written last, so that a pair is whole or is made again. */
static int make_pair(const char *path, const char *public)
{
	AUTO_FREE char *directory = NULL;
	AUTO_FREE char *made = NULL;
	AUTO_FREE char *made_public = NULL;
	int r;

	if (asprintf(&directory, "%s.XXXXXX", path) < 0 || !mkdtemp(directory))
		return cli_error(-errno, "%s", directory ? directory : path);
	if (asprintf(&made, "%s/key", directory) < 0 ||
		asprintf(&made_public, "%s/key.pub", directory) < 0)
		return cli_error(-ENOMEM, "%s", path);
	r = ssh_keygen((const char *[]){ "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
		"authority of the farm", "-f", made, NULL });
	if (r == 0 && (rename(made_public, public) < 0 || rename(made, path) < 0))
		r = cli_error(-errno, "%s", path);
	unlink(made);
	unlink(made_public);
	rmdir(directory);
	return r;
}

int ssh_authority_make(const char *path)
{
	AUTO_FREE char *public = NULL;

	if (asprintf(&public, "%s.pub", path) < 0)
		return cli_error(-ENOMEM, "%s", path);
	if (access(path, F_OK) < 0)
		return errno == ENOENT ? make_pair(path, public) : cli_error(-errno, "%s", path);
	return access(public, F_OK) < 0
		       ? cli_error(-errno, "%s; `ssh-keygen -y -f %s >%s` makes it again", public,
				 path, public)
		       : 0;
}

static int read_public(const char *path, struct buf *text)
{
	AUTO_FREE char *public = NULL;
	AUTO_CLOSE int fd = -1;
	int r;

	if (asprintf(&public, "%s.pub", path) < 0)
		return cli_error(-ENOMEM, "%s", path);
	fd = open(public, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : buf_read(text, fd, KEY_BYTES_MAX);
	return r < 0 ? cli_error(r, "%s", public) : 0;
}

static int install(int root, const char *path, const void *text, size_t n)
{
	const char *name;
	AUTO_CLOSE int directory = fsroot_parent(root, path, &name);

	return directory < 0 ? directory : publish_file(directory, name, 0644, text, n);
}

int ssh_authority_install(const char *path, int root)
{
	static const char line[] = "# Who has the farm's key gets in with a certificate of it.\n"
				   "TrustedUserCAKeys /" SSH_AUTHORITY_KEY "\n";
	AUTO_BUF struct buf public = { 0 };
	int r = read_public(path, &public);

	if (r < 0)
		return r;
	r = install(root, SSH_AUTHORITY_CONFIG, line, sizeof(line) - 1);
	if (r == -ENOENT)
		return 0;
	/* Of a machine that is off: nobody sees the one without the other. */
	if (r == 0)
		r = install(root, SSH_AUTHORITY_KEY, public.data, public.size);
	return r < 0 ? cli_error(r, "/%s of the tree", SSH_AUTHORITY_CONFIG) : 0;
}

/* --- sessions --- */

static int make_directory(struct ssh_session *s)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (!runtime || *runtime != '/' || access(runtime, W_OK) < 0)
		runtime = access("/run", W_OK) == 0 ? "/run" : "/tmp";
	if (snprintf(s->directory, sizeof(s->directory), "%s/xenfarm-ssh-XXXXXX", runtime) >=
		(int)sizeof(s->directory))
		return -ENAMETOOLONG;
	if (mkdtemp(s->directory))
		return 0;
	s->directory[0] = '\0';
	return -errno;
}

static int certify(const char *authority, const char *user, const char *name, const char *key)
{
	AUTO_FREE char *identity = NULL;
	AUTO_FREE char *public = NULL;
	char valid[32];

	snprintf(valid, sizeof(valid), "-%dm:+%dm", SSH_SESSION_MINUTES, SSH_SESSION_MINUTES);
	if (asprintf(&identity, "xenfarm: %s to %s", operation_user(), name) < 0 ||
		asprintf(&public, "%s.pub", key) < 0)
		return cli_error(-ENOMEM, "%s", key);
	return ssh_keygen((const char *[]){ "ssh-keygen", "-q", "-s", authority, "-I", identity,
		"-n", user, "-V", valid, public, NULL });
}

int ssh_session_begin(
	const char *authority, const char *user, const char *name, struct ssh_session *s)
{
	int r;

	s->key[0] = s->known_hosts[0] = '\0';
	r = make_directory(s);
	if (r < 0)
		return cli_error(r, "a directory for the key of this session");
	snprintf(s->key, sizeof(s->key), "%s/key", s->directory);
	r = ssh_keygen((const char *[]){
		"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", s->key, NULL });
	if (r == 0)
		r = certify(authority, user, name, s->key);
	if (r < 0)
		ssh_session_end(s);
	return r;
}

int ssh_session_know(struct ssh_session *s, const char *name, const char *key)
{
	AUTO_FREE char *line = NULL;
	int n = asprintf(&line, "%s %s\n", name, key), r;

	if (n < 0)
		return cli_error(-ENOMEM, "%s", name);
	snprintf(s->known_hosts, sizeof(s->known_hosts), "%s/known_hosts", s->directory);
	r = publish_replace(s->known_hosts, 0600, line, (size_t)n);
	return r < 0 ? cli_error(r, "%s", s->known_hosts) : 0;
}

void ssh_session_end(struct ssh_session *s)
{
	static const char *const suffix[] = { "", ".pub", "-cert.pub" };
	char path[sizeof(s->key) + 16];

	if (!s->key[0])
		return;
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", s->key, suffix[i]);
		unlink(path);
	}
	if (s->known_hosts[0])
		unlink(s->known_hosts);
	rmdir(s->directory);
	s->key[0] = '\0';
}
