#include "farm/promotion.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/rfc3339.h"
#include "lib/spawn.h"

#define LIMIT      60 /* seconds for systemctl and systemd-run */
#define OUTPUT_MAX (1u << 20)

const char *promotion_set_after(void *to, const char *text)
{
	static const struct {
		char unit;
		uint32_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t n = strspn(text, "0123456789");
	unsigned long number = strtoul(text, NULL, 10);

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (n == 0 || n > 6 || text[n] != units[i].unit || text[n + 1] || number == 0 ||
			number > 366 * 86400 / units[i].seconds)
			continue;
		*(uint32_t *)to = (uint32_t)number * units[i].seconds;
		return NULL;
	}
	return "is not a time such as 30m, 2h or 1d";
}

/* --- systemd --- */

/* Run a program, and what it prints into out, with a NUL. Returns its exit status, or -errno. */
static int run(const char *const *argv, struct buf *out)
{
	AUTO_CLOSE int fd = memfd_create("systemd", MFD_CLOEXEC);
	int status, r = fd < 0 ? -errno
			       : spawn_run(&(const struct spawn){ .argv = argv,
						   .out = fd,
						   .kept = -1,
						   .limit = LIMIT,
						   .dies_with_parent = true },
					 &status);

	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	r = buf_read(out, fd, OUTPUT_MAX);
	buf_add(out, "", 1);
	return r < 0 ? r : out->failed ? -ENOMEM : status;
}

/* "offline": systemd is installed, but is not process 1. */
static bool has_systemd(void)
{
	static const char *const argv[] = { "systemctl", "is-system-running", NULL };
	AUTO_BUF struct buf out = { 0 };

	return run(argv, &out) >= 0 && out.size > 1 && strncmp(out.data, "offline", 7) != 0 &&
	       strncmp(out.data, "unknown", 7) != 0;
}

struct unit {
	char name[sizeof("xenfarm-promote-") + 8 + 1 + NAME_LABEL_MAX + sizeof(".service")];
};

/* channel may be a pattern. */
static struct unit unit_of(const struct farm_context *c, const char *channel, const char *suffix)
{
	struct unit unit;

	snprintf(unit.name, sizeof(unit.name), "xenfarm-promote-%.8s-%s%s", c->share.uuid, channel,
		suffix);
	return unit;
}

/* --- which there are --- */

#define FORM_CONFLICTS ", unless conflicts"

/* A line of `systemctl list-units`: UNIT LOAD ACTIVE SUB DESCRIPTION. */
static int add_line(struct promotion_list *list, const char *line)
{
	struct promotion p = { 0 };
	const char *text = strstr(line, "generation ");

	if (!text || sscanf(text, "generation %u to %63s at %31[^, ]", &p.generation, p.channel,
			     p.at) != 3)
		return 0;
	p.unless_conflicts = strstr(text, FORM_CONFLICTS) != NULL;
	if (!ARRAY_GROW(list->promotion, list->n))
		return cli_error(-ENOMEM, "promotions");
	list->promotion[list->n++] = p;
	return 0;
}

int promotion_read(const struct farm_context *c, struct promotion_list *list)
{
	const struct unit pattern = unit_of(c, "*", ".timer");
	const char *const argv[] = { "systemctl", "list-units", "--type=timer", "--all", "--plain",
		"--no-legend", "--no-pager", "--full", pattern.name, NULL };
	AUTO_BUF struct buf out = { 0 };
	int r;

	*list = (struct promotion_list){ 0 };
	if (!has_systemd())
		return 0;
	r = run(argv, &out);
	if (r != 0)
		return r < 0 ? cli_error(r, "cannot run systemctl")
			     : -cli_error(EIO, "systemctl cannot list timers: status %d", r);
	for (char *line = strtok(out.data, "\n"); line && r == 0; line = strtok(NULL, "\n"))
		r = add_line(list, line);
	return r;
}

void promotion_free(struct promotion_list *list)
{
	free(list->promotion);
	*list = (struct promotion_list){ 0 };
}

int promotion_in_use(struct farm_context *c, struct in_use *in_use)
{
	AUTO_PROMOTIONS struct promotion_list list;
	int r = promotion_read(c, &list);

	for (size_t i = 0; i < list.n && r == 0; i++)
		r = in_use_add(in_use, list.promotion[i].generation, "to be promoted to %s at %s",
			list.promotion[i].channel, list.promotion[i].at);
	return r;
}

static const struct promotion *find(const struct promotion_list *list, const char *channel)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->promotion[i].channel, channel) == 0)
			return &list->promotion[i];
	return NULL;
}

/* --- adding and removing --- */

static int no_systemd(const struct farm_context *c, const char *channel, uint32_t generation)
{
	return -cli_error(EOPNOTSUPP,
		"a promotion that waits needs systemd, which is not process 1 here; let cron(8) or "
		"at(1) run `xenfarm share promote %u --to %s --share %s`",
		generation, channel, c->share.path);
}

/* What failed last time would be in the way. */
static void forget_failed(const struct farm_context *c, const char *channel)
{
	const struct unit service = unit_of(c, channel, ".service");
	const char *const argv[] = { "systemctl", "--quiet", "reset-failed", service.name, NULL };
	AUTO_BUF struct buf out = { 0 };

	run(argv, &out);
}

static int make_timer(const struct farm_context *c, const char *channel, uint32_t generation,
	uint32_t after, const char *at)
{
	const char *config = c->options.config, *unless = c->share_options.unless;
	const struct unit unit = unit_of(c, channel, "");
	char self[PATH_MAX] = "", active[32], number[16], text[512];
	const char *argv[26] = { "systemd-run", "--quiet", "--same-dir", "--unit", unit.name,
		"--description", text, active, "--timer-property=AccuracySec=1s", "--", self,
		"share", "promote", number, "--to", channel, "--share", c->share.path, "--key",
		c->key_path };
	AUTO_BUF struct buf out = { 0 };
	size_t n = 20;
	int r;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return cli_error(-errno, "/proc/self/exe");
	snprintf(active, sizeof(active), "--on-active=%us", after);
	snprintf(number, sizeof(number), "%u", generation);
	snprintf(text, sizeof(text), "xenfarm: generation %u to %s at %s%s", generation, channel,
		at, unless ? FORM_CONFLICTS : "");
	if (config) {
		argv[n++] = "--config";
		argv[n++] = config;
	}
	if (unless) {
		argv[n++] = "--unless";
		argv[n++] = unless;
	}
	forget_failed(c, channel);
	r = run(argv, &out);
	if (r == 0)
		return 0;
	return r < 0 ? cli_error(r, "cannot run systemd-run")
		     : -cli_error(EIO, "systemd-run cannot make the timer: status %d", r);
}

int promotion_add(
	const struct farm_context *c, const char *channel, uint32_t generation, uint32_t after)
{
	AUTO_PROMOTIONS struct promotion_list list = { 0 };
	const struct promotion *there;
	char at[RFC3339_SIZE];
	int r;

	if (!has_systemd())
		return no_systemd(c, channel, generation);
	r = promotion_read(c, &list);
	if (r < 0)
		return r;
	there = find(&list, channel);
	if (there)
		return -cli_error(EEXIST,
			"channel %s will be brought to generation %u at %s already; cancel that by "
			"`xenfarm share promote --cancel --to %s`",
			channel, there->generation, there->at, channel);
	rfc3339_text(at, time(NULL) + after);
	return make_timer(c, channel, generation, after, at);
}

int promotion_need(const struct farm_context *c, const char *channel)
{
	AUTO_PROMOTIONS struct promotion_list list;
	int r = promotion_read(c, &list);

	if (r == 0 && !find(&list, channel))
		r = -cli_error(ENOENT, "no promotion to channel %s is pending", channel);
	return r;
}

int promotion_cancel(const struct farm_context *c, const char *channel)
{
	const struct unit timer = unit_of(c, channel, ".timer");
	const char *const argv[] = { "systemctl", "stop", timer.name, NULL };
	AUTO_BUF struct buf out = { 0 };
	int r = promotion_need(c, channel);

	if (r < 0)
		return r;
	r = run(argv, &out);
	if (r == 0)
		return 0;
	return r < 0 ? cli_error(r, "cannot run systemctl")
		     : -cli_error(EIO, "systemctl cannot stop %s: status %d", timer.name, r);
}
