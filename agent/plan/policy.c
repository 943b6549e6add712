#include "agent/plan/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/paths.h"
#include "lib/vis.h"

struct rule {
	enum policy policy;
	bool directories; /* the glob ended in '/' */
	char *glob;
};

struct policies {
	size_t n;
	struct rule *rule;
};

static const char *const names[] = {
	[POLICY_AUTO] = "auto",
	[POLICY_KEEP] = "keep",
	[POLICY_REPLACE] = "replace",
	[POLICY_MERGE] = "merge",
	[POLICY_HOLD] = "hold",
	[POLICY_IGNORE] = "ignore",
};
#define NAMES ARRAY_SIZE(names)

const char *policy_name(enum policy policy)
{
	return names[policy];
}

struct policies *policies_new(void)
{
	return calloc(1, sizeof(struct policies));
}

static void truncate_rules(struct policies *p, size_t n)
{
	while (p->n > n)
		free(p->rule[--p->n].glob);
}

void policies_free(struct policies *policies)
{
	if (!policies)
		return;
	truncate_rules(policies, 0);
	free(policies->rule);
	free(policies);
}

/* --- parsing --- */

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool find_policy(const char *word, size_t n, enum policy *policy)
{
	for (size_t i = 0; i < NAMES; i++)
		if (strlen(names[i]) == n && memcmp(names[i], word, n) == 0) {
			*policy = (enum policy)i;
			return true;
		}
	return false;
}

static int add_rule(
	struct policies *p, enum policy policy, const char *glob, size_t n, const char **what)
{
	struct rule *rule;
	size_t length;
	bool directories = glob[n - 1] == '/';

	if (p->n == POLICY_RULES_MAX) {
		*what = "too many rules";
		return -EINVAL;
	}
	if (!ARRAY_GROW(p->rule, p->n))
		return -ENOMEM;
	rule = &p->rule[p->n];
	*rule = (struct rule){ policy, directories, strndup(glob, n - directories) };
	if (!rule->glob)
		return -ENOMEM;
	p->n++;
	if (vis_decode(rule->glob, n - directories, &length) < 0 || length == 0) {
		*what = "bad escape in the glob (\\ooo, three octal digits)";
		return -EINVAL;
	}
	return 0;
}

static int add_line(struct policies *p, const char *line, const char *end, const char **what)
{
	enum policy policy;
	const char *word, *glob;

	while (end > line && blank(end[-1]))
		end--;
	while (line < end && blank(*line))
		line++;
	if (line == end || *line == '#')
		return 0;
	for (word = line; line < end && !blank(*line); line++)
		;
	if (!find_policy(word, (size_t)(line - word), &policy)) {
		*what = "unknown policy (auto, keep, replace, merge, hold, ignore)";
		return -EINVAL;
	}
	while (line < end && blank(*line))
		line++;
	glob = line + (line < end && *line == '/');
	if (glob == end || *glob == '/') {
		*what = "no glob after the policy";
		return -EINVAL;
	}
	for (const char *c = glob; c < end; c++)
		if (blank(*c) || *c == '\0') {
			*what = "more than one glob (write a space in a name as \\040)";
			return -EINVAL;
		}
	return add_rule(p, policy, glob, (size_t)(end - glob), what);
}

int policies_add(
	struct policies *p, const char *text, size_t n, unsigned int *line, const char **what)
{
	const char *end = text + n, *next;
	size_t before = p->n;
	int r = 0;

	*line = 0;
	for (; r == 0 && text < end; text = next + 1) {
		next = memchr(text, '\n', (size_t)(end - text));
		if (!next)
			next = end;
		++*line;
		r = add_line(p, text, next, what);
	}
	if (r < 0)
		truncate_rules(p, before);
	return r;
}

/* --- matching --- */

/* One "[…]" against c: *glob is moved behind it. An unclosed '[' is itself. */
static bool in_set(const char **glob, unsigned char c)
{
	const char *g = *glob + 1;
	bool negated = *g == '!' || *g == '^', found = false;
	const char *first = g + negated;

	for (g = first; *g && (*g != ']' || g == first); g++) {
		unsigned char low = (unsigned char)*g, high = low;

		if (g[1] == '-' && g[2] && g[2] != ']') {
			high = (unsigned char)g[2];
			g += 2;
		}
		found |= low <= c && c <= high;
	}
	if (!*g) {
		++*glob;
		return c == '[';
	}
	*glob = g + 1;
	return c != '/' && found != negated;
}

/* One character of the glob, not a star, against c. */
static bool one(const char **glob, char c)
{
	switch (**glob) {
	case '?':
		++*glob;
		return c != '/';
	case '[':
		return in_set(glob, (unsigned char)c);
	default:
		return *(*glob)++ == c;
	}
}

/*
 * Linear in all but the stars: the last "*" and the last "**" are the only places to go back to. A
 * "**" makes a "*" before it final, as nothing that "*" could take instead helps what comes behind.
 */
static bool matches(const char *glob, const char *path, bool prefix)
{
	const char *star = NULL, *star_at = NULL, *wide = NULL, *wide_at = NULL;

	for (;;) {
		const char *g = glob;

		if (glob[0] == '*' && glob[1] == '*') {
			glob += 2;
			wide = glob;
			wide_at = path;
			star = NULL;
			continue;
		}
		if (*glob == '*') {
			star = ++glob;
			star_at = path;
			continue;
		}
		if (*glob == '\0' && (*path == '\0' || (prefix && *path == '/')))
			return true;
		if (*glob && *path && one(&g, *path)) {
			glob = g;
			path++;
		} else if (star && *star_at && *star_at != '/') {
			glob = star;
			path = ++star_at;
		} else if (wide && *wide_at) {
			glob = wide;
			path = ++wide_at;
			star = NULL;
		} else {
			return false;
		}
	}
}

enum policy policies_find(const struct policies *p, const char *path, bool directory)
{
	/* Policies do not apply to the root itself. */
	for (size_t i = *path ? p->n : 0; i-- > 0;) {
		const struct rule *rule = &p->rule[i];

		if ((directory || !rule->directories) &&
			matches(rule->glob, path, !rule->directories))
			return rule->policy;
	}
	return POLICY_AUTO;
}

/* --- defaults --- */

/* New directories of logs, caches and spools are made: services do not start without them. */
static const char defaults[] = "ignore etc/machine-id\n"
			       "ignore etc/hostname\n"
			       "ignore " PATH_ETC_NAME "\n"
			       "ignore etc/adjtime\n"
			       "ignore etc/mtab\n"
			       "ignore etc/resolv.conf\n"
			       "ignore etc/.pwd.lock\n"
			       "ignore etc/passwd-\n"
			       "ignore etc/group-\n"
			       "ignore etc/shadow-\n"
			       "ignore etc/gshadow-\n"
			       "ignore etc/subuid-\n"
			       "ignore etc/subgid-\n"
			       "ignore etc/.updated\n"
			       "ignore etc/ld.so.cache\n"
			       "ignore etc/ssh/ssh_host_*\n"
			       "ignore var/.updated\n"
			       "ignore var/log\n"
			       "ignore var/cache\n"
			       "ignore var/tmp\n"
			       "ignore var/spool\n"
			       "ignore var/crash\n"
			       "ignore var/backups\n"
			       "ignore var/mail\n"
			       "ignore " PATH_STATE "\n"
			       "ignore var/lib/systemd/random-seed\n"
			       "ignore var/lib/systemd/credential.secret\n"
			       "ignore var/lib/systemd/timers\n"
			       "ignore var/lib/systemd/timesync\n"
			       "ignore var/lib/systemd/coredump\n"
			       "ignore var/lib/systemd/rfkill\n"
			       "ignore var/lib/systemd/backlight\n"
			       "ignore var/lib/systemd/linger\n"
			       "ignore var/lib/dbus/machine-id\n"
			       "ignore var/lib/dhcp\n"
			       "ignore var/lib/NetworkManager\n"
			       "ignore var/lib/nfs\n"
			       "ignore var/lib/mysql\n"
			       "ignore var/lib/postgresql\n"
			       "ignore var/lib/mongodb\n"
			       "ignore var/lib/redis\n"
			       "ignore var/lib/ldap\n"
			       "ignore var/lib/docker\n"
			       "ignore var/lib/containers\n"
			       "ignore var/lib/libvirt/images\n"
			       "ignore var/lib/logrotate\n"
			       "ignore var/lib/chrony\n"
			       "ignore var/lib/ntp*\n"
			       "ignore var/lib/private\n"
			       "ignore home\n"
			       "ignore root/.bash_history\n"
			       "ignore lost+found\n"
			       "merge var/lib/alternatives/*\n"
			       "auto var/log/\n"
			       "auto var/log/**/\n"
			       "auto var/cache/\n"
			       "auto var/cache/**/\n"
			       "auto var/tmp/\n"
			       "auto var/spool/\n"
			       "auto var/spool/**/\n"
			       "auto var/crash/\n"
			       "auto var/backups/\n"
			       "auto var/mail/\n"
			       "auto home/\n";

int policies_add_defaults(struct policies *p)
{
	const char *what;
	unsigned int line;

	return policies_add(p, defaults, sizeof(defaults) - 1, &line, &what);
}
