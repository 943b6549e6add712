/* What doctor asks of the share, its key, and the boot files that were made of it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "farm/net/doctor.h"
#include "farm/share/keys.h"

static void check_share(struct doctor *d, struct doctor_finding *f)
{
	const struct share_store *share = &d->context->share;

	if (!d->has_share)
		doctor_fail(f, "xenfarm init", "%s is not a share", d->context->share_path);
	else if (faccessat(share->dir, "etc/flip", F_OK, 0) == 0)
		doctor_warn(f, "xenfarm share gc",
			"%s: a publish is at work, or was cut off while live/ changed over",
			share->path);
	else if (share->current == 0)
		doctor_warn(f, "xenfarm share publish --from MASTER", "%s is empty", share->path);
	else if (!share_has(share, share->current))
		doctor_fail(f, "xenfarm share rollback N",
			"%s: generation %u, the current one, is gone", share->path, share->current);
	else
		doctor_ok(f, "%s: generation %u of %zu", share->path, share->current, share->n);
}

/* `share push` has made it, or else both halves of the key are lost. */
static bool is_copy(const struct doctor *d)
{
	char public[PATH_MAX];

	snprintf(public, sizeof(public), "%s.pub", d->context->key_path);
	return d->has_share && access(d->context->key_path, F_OK) < 0 && errno == ENOENT &&
	       access(public, F_OK) < 0 && errno == ENOENT;
}

/* Its head says which share and generation it is, and the signature is over all of it. */
static void check_manifest(struct doctor *d, struct doctor_finding *f)
{
	struct farm_context *c = d->context;
	struct manifest *manifest = NULL;
	struct signature_key *key = NULL;
	int r;

	if (!d->has_share || c->share.current == 0) {
		doctor_skip(f, "there is no generation");
		return;
	}
	if (is_copy(d)) {
		doctor_skip(f, "there is no key here; what made this copy has checked it");
		return;
	}
	r = farm_context_public_key(c, &key);
	if (r == 0)
		r = share_manifest(&c->share, c->share.current, key, &manifest);
	if (r < 0)
		doctor_fail(f, "xenfarm share verify",
			"the manifest of generation %u is not what the key has signed: %s",
			c->share.current, strerror(-r));
	else
		doctor_ok(f, "generation %u is signed by the share's key", c->share.current);
	manifest_free(manifest);
	signature_key_free(key);
}

/* Who has it is believed by all clients. */
static void check_key(struct doctor *d, struct doctor_finding *f)
{
	const char *path = d->context->key_path;
	char mend[200];
	struct stat st;

	snprintf(mend, sizeof(mend), "chmod 600 %.150s", path);
	if (stat(path, &st) < 0 && errno == EACCES)
		doctor_skip(f, "only root sees %s", path);
	else if (is_copy(d))
		doctor_warn(f, "put the copy back that you keep, if you publish here",
			"%s is missing, as where the share is a copy by `share push`", path);
	else if (stat(path, &st) < 0)
		doctor_fail(f, !d->has_share ? "xenfarm init" : "put the copy back that you keep",
			"%s: %s", path, strerror(errno));
	else if (st.st_mode & 077)
		doctor_fail(f, mend, "%s can be read by others than its owner", path);
	else if (st.st_uid != 0 && geteuid() == 0)
		doctor_fail(f, "chown root it", "%s does not belong to root", path);
	else
		doctor_ok(f, "%s is readable by its owner alone", path);
}

static void check_boot(struct doctor *d, struct doctor_finding *f)
{
	static const char *const names[] = { "vmlinuz", "initrd" };
	const char *uuid = d->context->share.uuid;
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s/live", d->server.farm.boot, uuid);
	if (!d->has_share || lstat(path, &st) < 0) {
		doctor_skip(f, "there are no boot files yet");
		return;
	}
	doctor_ok(f, "%s has a kernel and an initrd", path);
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s/live/%s", d->server.farm.boot, uuid, names[i]);
		if (stat(path, &st) < 0)
			doctor_fail(
				f, "xenfarm client start NAME", "%s: %s", path, strerror(errno));
		else if (st.st_nlink > 1)
			doctor_fail(f, "remove it; xenfarm client start NAME",
				"%s is a hard link: libvirt would change the other one", path);
	}
}

const struct doctor_check doctor_of_share[] = {
	{ "share", check_share },
	{ "manifest", check_manifest },
	{ "key", check_key },
	{ "boot-files", check_boot },
	{ NULL, NULL },
};
