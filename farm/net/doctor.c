#include "farm/net/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"

static void answer(struct doctor_finding *f, enum doctor_state state, const char *mend,
	const char *format, va_list args)
{
	f->state = state;
	vsnprintf(f->text, sizeof(f->text), format, args);
	snprintf(f->mend, sizeof(f->mend), "%s", mend ? mend : "");
}

void doctor_ok(struct doctor_finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	answer(f, DOCTOR_OK, NULL, format, args);
	va_end(args);
}

void doctor_warn(struct doctor_finding *f, const char *mend, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	answer(f, DOCTOR_WARNING, mend, format, args);
	va_end(args);
}

void doctor_fail(struct doctor_finding *f, const char *mend, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	answer(f, DOCTOR_FAILED, mend, format, args);
	va_end(args);
}

void doctor_skip(struct doctor_finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	answer(f, DOCTOR_SKIPPED, NULL, format, args);
	va_end(args);
}

void doctor_file(struct doctor *d, const char *path, struct doctor_finding *f)
{
	const struct net_file *file = net_plan_find(&d->server.plan, path);
	int state = file ? net_file_look(d->server.root, file) : NET_FILE_ABSENT;

	if (!file)
		doctor_skip(f, "not needed on this server");
	else if (state == NET_FILE_SAME)
		doctor_ok(f, "%s: %s", path, file->what);
	else if (state == NET_FILE_ABSENT)
		doctor_fail(f, "xenfarm init", "%s is missing: %s", path, file->what);
	else if (state == NET_FILE_OLD)
		doctor_fail(f, "xenfarm init", "%s is not what the settings say", path);
	else if (state < 0)
		doctor_fail(f, "see who may read it", "%s: %s", path, strerror(-state));
	else
		doctor_fail(f, "move it away, then: xenfarm init", "%s %s", path,
			state == NET_FILE_EDITED ? "was edited" : "was not made by xenfarm");
}

static const struct doctor_check *const subjects[] = { doctor_of_host, doctor_of_network,
	doctor_of_nfs, doctor_of_share, doctor_of_servers };

/* Without libvirt nobody knows the clients, and so not what the rules should be. */
static int look(struct doctor *d)
{
	struct farm_context *c = d->context;
	int r = net_server_begin(&d->server, &c->settings);

	if (r == 0)
		r = net_server_shares(&d->server, &c->settings, c->share_path);
	if (r < 0)
		return r;
	d->has_libvirt = net_server_connect(&d->server, c->settings.host.uri, true) == 0;
	d->has_share =
		access(c->share_path, F_OK) == 0 && share_open(c->share_path, &c->share) == 0;
	return net_server_plan(&d->server);
}

int doctor_run(struct farm_context *context,
	void (*each)(void *arg, const char *name, const struct doctor_finding *finding), void *arg)
{
	struct doctor doctor = { .context = context };
	int failed = look(&doctor);

	for (size_t i = 0; i < ARRAY_SIZE(subjects) && failed >= 0; i++)
		for (const struct doctor_check *check = subjects[i]; check->name; check++) {
			struct doctor_finding finding = { .state = DOCTOR_SKIPPED };

			check->run(&doctor, &finding);
			each(arg, check->name, &finding);
			failed += finding.state == DOCTOR_FAILED;
		}
	net_server_free(&doctor.server);
	return failed;
}
