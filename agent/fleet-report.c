#include "agent/fleet-report.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "agent/run/restarts.h"
#include "lib/boot-record.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fleet/fleet.h"
#include "lib/publish.h"
#include "lib/vis.h"

#define BELOW_ROOT(path) ((path) + 1) /* without the slash */
/* Bytes of a report of conflicts, with room for what a reply has besides. */
#define REPORT_MAX (FLEET_REPLY_MAX - 4096)

/* Texts of a report, which live as long as it. */
struct texts {
	char share[MANIFEST_UUID_MAX], channel[FLEET_WORD_MAX + 1], kernel[FLEET_WORD_MAX + 1],
		next[FLEET_WORD_MAX + 1];
};

/* --- status --- */

static void copy_word(char out[static FLEET_WORD_MAX + 1], const char *word)
{
	snprintf(out, FLEET_WORD_MAX + 1, "%s", word);
	if (!fleet_word_ok(out))
		*out = '\0';
}

/* An initrd that is older than channels knows the one that is always there. */
static void find_channel(const char *record, char out[static FLEET_WORD_MAX + 1])
{
	char name[PATH_MAX];

	copy_word(out,
		boot_record_get(record, "channel", name, sizeof(name)) && *name ? name : "live");
}

static unsigned int count_services(const struct restarts *restarts)
{
	unsigned int n = 0;

	for (size_t i = 0; i < restarts->n; i++)
		n += i == 0 || strcmp(restarts->user[i].unit, restarts->user[i - 1].unit) != 0;
	return n;
}

/* What the report before said the share has, for a run that could not ask. */
static unsigned int available_before(int dir)
{
	AUTO_CLOSE int fd = openat(dir, PATH_REPORT_STATUS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_BUF struct buf bytes = { 0 };
	fleet_status before;
	unsigned int available;

	if (fd < 0 || buf_read(&bytes, fd, FLEET_REPLY_MAX) < 0 ||
		fleet_decode((xdrproc_t)xdr_fleet_status, bytes.data, bytes.size, &before,
			sizeof(before)) < 0)
		return 0;
	available = before.available;
	xdr_free((xdrproc_t)xdr_fleet_status, (char *)&before);
	return available;
}

static int write_status(int dir, const char *record, const struct run *run,
	const struct run_inputs *in, enum agent_status result)
{
	AUTO_BUF struct buf bytes = { 0 };
	struct restarts restarts = { 0 };
	uint32_t available = in->current ? in->current : available_before(dir);
	bool pinned = run_pin(record) != 0;
	struct utsname running;
	char path[PATH_MAX];
	struct texts t;
	AUTO_CLOSE int tree = run_open_tree(run, available, path);
	int r = restarts_find(&restarts, tree);

	uname(&running);
	snprintf(t.share, sizeof(t.share), "%s", run->status.share);
	find_channel(record, t.channel);
	copy_word(t.kernel, running.release);
	copy_word(t.next, restarts.kernel ? restarts.kernel : running.release);
	fleet_status s = {
		.share = fleet_uuid_ok(t.share) ? t.share : (char *)"",
		.generation = run->status.generation,
		.available = available,
		.rolled_back = run->status.rolled_back,
		.pinned = pinned,
		.channel = pinned ? (char *)"" : t.channel,
		.kernel = t.kernel,
		.kernel_next = t.next,
		.reboot = restarts.kernel != NULL,
		.conflicts = run->status.conflicts,
		.deferred = run->status.deferred,
		.restarts = r == 0 ? count_services(&restarts) : 0,
		.unfinished = run->unfinished,
		.result = (int)result,
		.run = time(NULL),
		.reported = time(NULL),
		.agent = (char *)XF_VERSION,
	};
	restarts_free(&restarts);
	r = fleet_encode((xdrproc_t)xdr_fleet_status, &s, &bytes);
	return r < 0 ? r : publish_file(dir, PATH_REPORT_STATUS, 0640, bytes.data, bytes.size);
}

/* --- conflicts --- */

static void set_digest(fleet_digest *to, const struct fingerprint *print)
{
	to->fleet_digest_len = fingerprint_absent(print) ? 0 : FLEET_DIGEST_MAX;
	to->fleet_digest_val = (char *)(uintptr_t)print->byte;
}

/* One of them, appended in XDR. Of a name that is too long there is none: -EMSGSIZE. */
static int encode_conflict(const struct conflict *c, const struct run_inputs *in, struct buf *out)
{
	AUTO_FREE char *path = vis_string(*c->path ? c->path : ".");
	AUTO_FREE char *place =
		c->kind == CONFLICT_ACCOUNTS ? strdup(c->place) : vis_string(c->place);
	struct fingerprint base = { 0 };
	fleet_conflict f = { .kind = (char *)(uintptr_t)conflict_kind_name(c->kind),
		.generation = c->generation,
		.since = c->since };

	if (!path || !place)
		return -ENOMEM;
	f.path = path;
	f.place = fleet_line_ok(place) && strlen(place) <= FLEET_PATH_MAX ? place : (char *)"";
	if (in->base && fingerprint_of(in->base, c->path, &base) < 0)
		return -ENOMEM;
	set_digest(&f.base, &base);
	set_digest(&f.local, &c->local);
	set_digest(&f.offered, &c->offered);
	return fleet_encode((xdrproc_t)xdr_fleet_conflict, &f, out);
}

/* As many as a report holds. */
static int encode_conflicts(const struct conflicts *c, const struct run_inputs *in,
	struct buf *list, unsigned int *listed)
{
	for (size_t i = 0; i < c->n && *listed < FLEET_CONFLICTS_MAX; i++) {
		size_t before = list->size;
		int r;

		if (c->conflict[i].kind == CONFLICT_DISMISSED)
			continue;
		r = encode_conflict(&c->conflict[i], in, list);
		if (r < 0 && r != -EMSGSIZE)
			return r;
		if (list->size > REPORT_MAX) {
			list->size = before;
			return 0;
		}
		*listed += r == 0;
	}
	return 0;
}

/* fleet_conflicts is its total, its time, and a list: the number of elements, then each. */
static int write_conflicts(int dir, const struct run *run, const struct run_inputs *in)
{
	AUTO_BUF struct buf list = { 0 }, bytes = { 0 };
	fleet_conflicts head = { .reported = time(NULL) };
	struct conflicts now = { 0 };
	unsigned int listed = 0, size;
	int r = conflicts_read(run->state, &now);

	for (size_t i = 0; i < now.n; i++)
		head.total += now.conflict[i].kind != CONFLICT_DISMISSED;
	if (r == 0)
		r = encode_conflicts(&now, in, &list, &listed);
	if (r == 0)
		r = fleet_encode((xdrproc_t)xdr_fleet_conflicts, &head, &bytes);
	conflicts_free(&now);
	if (r < 0)
		return r;
	size = htonl(listed);
	memcpy(bytes.data + bytes.size - sizeof(size), &size, sizeof(size));
	buf_add(&bytes, list.data, list.size);
	if (bytes.failed)
		return -ENOMEM;
	return publish_file(dir, PATH_REPORT_CONFLICTS, 0640, bytes.data, bytes.size);
}

/* --- the machine --- */

/*
 * Its UUID, which the hypervisor chose, and root alone may read; without /sys, as in an initramfs,
 * the report before stays.
 */
static int write_uuid(int dir)
{
	static const char *const files[] = { "/sys/hypervisor/uuid",
		"/sys/class/dmi/id/product_uuid" };
	char uuid[FLEET_UUID_MAX + 1] = "";

	for (int i = 0; i < 2 && !*uuid; i++) {
		AUTO_CLOSE int fd = open(files[i], O_RDONLY | O_CLOEXEC);

		if (fd >= 0 && read(fd, uuid, FLEET_UUID_MAX) != FLEET_UUID_MAX)
			*uuid = '\0';
	}
	for (char *c = uuid; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (!*uuid || !fleet_uuid_ok(uuid))
		return 0;
	return publish_file(dir, PATH_REPORT_UUID, 0640, uuid, strlen(uuid));
}

/*
 * The directory of reports; xf-agentd's group gets it at boot. -ENOENT: not a client. At boot the
 * root's own /run is not there yet: the one that xf-init hands over is ours.
 */
static int open_reports(const struct run *run, bool booting, struct buf *record)
{
	AUTO_CLOSE int own = booting ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	int fd, root = booting ? own : run->root;
	int r = boot_record_read(root, BELOW_ROOT(PATH_RUN_RECORD), record);

	if (r < 0)
		return r;
	/* Files have the directory's group. */
	if (mkdirat(root, BELOW_ROOT(PATH_RUN_REPORTS), 0700) == 0)
		r = fchmodat(root, BELOW_ROOT(PATH_RUN_REPORTS), 02750, 0) < 0 ? -errno : 0;
	else if (errno != EEXIST)
		r = -errno;
	if (r < 0)
		return r;
	fd = openat(root, BELOW_ROOT(PATH_RUN_REPORTS),
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A run without the lock knows nothing that the one that has it does not. */
void fleet_report_write(
	const struct run *run, const struct run_inputs *in, enum agent_status result, bool booting)
{
	AUTO_BUF struct buf record = { 0 };
	AUTO_CLOSE int dir = run->lock < 0 ? -ENOENT : open_reports(run, booting, &record);
	int r = dir < 0 ? dir : write_uuid(dir);

	if (r == 0)
		r = write_conflicts(dir, run, in);
	if (r == 0)
		r = write_status(dir, record.data, run, in, result);
	if (r < 0 && r != -ENOENT)
		run_inform(run->options, "%s: the report for the farm's server: %s",
			PATH_RUN_REPORTS, strerror(-r));
}
