#include "farm/master/update.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/cleanup.h"

/* Configuration files that an administrator changed stay; nobody is there to be asked. Without
 * Error-Mode a mirror that is down is only a warning, and all seems to be up to date. */
static const char apt[] = "export DEBIAN_FRONTEND=noninteractive\n"
			  "dpkg --configure -a\n"
			  "apt-get -q -o APT::Update::Error-Mode=any update\n"
			  "apt-get -q -y -o Dpkg::Options::=--force-confdef "
			  "-o Dpkg::Options::=--force-confold dist-upgrade\n"
			  "apt-get -q clean\n";

static const char dnf[] = "dnf -y --refresh upgrade\n"
			  "dnf -q clean packages\n";

/* From 100 on its status is a remark, such as that a reboot is needed; with 103 it has updated
 * itself and wants to be called again. */
#define ZYPPER(command)                                                                      \
	"zypper --non-interactive refresh\n"                                                 \
	"again=true\n"                                                                       \
	"while $again; do\n"                                                                 \
	"    again=false status=0\n"                                                         \
	"    zypper --non-interactive " command " --auto-agree-with-licenses || status=$?\n" \
	"    [ $status -ne 103 ] || again=true\n"                                            \
	"    [ $status -eq 0 ] || [ $status -ge 100 ]\n"                                     \
	"done\n"                                                                             \
	"zypper --non-interactive clean\n"

static const struct update_way ways[] = {
	{ "apt", apt },
	{ "dnf", dnf },
	{ "zypper", ZYPPER("update") },
	{ "zypper", ZYPPER("dist-upgrade") },
};

/* The first that matches: Tumbleweed is like SUSE, but only as a whole. */
static const struct {
	const char *id;
	const struct update_way *way;
} distributions[] = {
	{ "debian", &ways[0] },
	{ "ubuntu", &ways[0] },
	{ "opensuse-tumbleweed", &ways[3] },
	{ "suse", &ways[2] },
	{ "opensuse", &ways[2] },
	{ "sles", &ways[2] },
	{ "fedora", &ways[1] },
	{ "rhel", &ways[1] },
	{ "centos", &ways[1] },
};

const struct update_way *update_way_of(const struct os_release *os)
{
	for (size_t i = 0; i < ARRAY_SIZE(distributions); i++)
		if (os_release_is(os, distributions[i].id))
			return distributions[i].way;
	return NULL;
}

/* --- the script --- */

static void add_variable(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s=", name);
	buf_add_word(out, value ? value : "");
	buf_puts(out, "\n");
}

/* The log is copied to the disk every second, and once more when all has ended. */
static const char reporting[] =
	"log=/run/xenfarm-update.log\n"
	"exec </dev/null >\"$log\" 2>&1\n"
	"keep() {\n"
	"    dd if=\"$log\" of=\"/dev/$device\" bs=4096 seek=16 count=1007 conv=notrunc,fsync "
	"2>/dev/null\n"
	"}\n"
	"(while sleep 1; do keep; done) &\n"
	"reporter=$!\n";

/* The interface comes when udev has loaded its driver. The resolver's file may be a link to what a
 * service has yet to make. */
static const char networking[] =
	"link=\n"
	"tries=0\n"
	"while [ -z \"$link\" ] && [ $tries -lt 60 ]; do\n"
	"    for l in /sys/class/net/*; do\n"
	"        [ \"$(cat \"$l/address\")\" != \"$mac\" ] || link=${l##*/}\n"
	"    done\n"
	"    [ -n \"$link\" ] || sleep 1\n"
	"    tries=$((tries + 1))\n"
	"done\n"
	"ip link set \"$link\" up\n"
	"ip address replace \"$address/$prefix\" dev \"$link\"\n"
	"ip route replace default via \"$server\"\n"
	"resolver=$(readlink -f /etc/resolv.conf)\n"
	"mkdir -p \"${resolver%/*}\"\n"
	"[ -e \"$resolver\" ] || : >\"$resolver\"\n"
	"echo \"nameserver $server\" >/run/xenfarm-resolv.conf\n"
	"mount --bind /run/xenfarm-resolv.conf \"$resolver\"\n"
	"if [ -n \"$proxy\" ]; then export http_proxy=\"$proxy\" https_proxy=\"$proxy\"; fi\n";

int update_script_compose(const struct update_script *s, struct buf *out)
{
	size_t began = out->size;

	buf_puts(out, "#!/bin/sh\n# By `xenfarm master update`, which reads what it says.\n");
	add_variable(out, "device", s->device);
	add_variable(out, "mac", s->mac);
	add_variable(out, "address", s->address);
	add_variable(out, "prefix", s->prefix);
	add_variable(out, "server", s->server);
	add_variable(out, "proxy", s->proxy);
	add_variable(out, "token", s->token);
	buf_puts(out, reporting);
	buf_puts(out, networking);
	buf_printf(out, "(\nset -e\n%s)\nstatus=$?\n", s->way->commands);
	buf_puts(out, "kill $reporter\n"
		      "sync\n"
		      "printf '\\n%s ended with %d\\n' \"$token\" $status\n"
		      "keep\n"
		      "exit $status\n");
	return out->size - began > UPDATE_LOG_OFFSET ? -E2BIG : 0;
}

void update_cmdline(const char *device, struct buf *out)
{
	buf_printf(out,
		"systemd.run=\"/bin/sh /dev/%s\" systemd.run_success_action=poweroff "
		"systemd.run_failure_action=poweroff",
		device);
}

/* --- its log --- */

/* apt draws progress over one line with carriage returns: what stands after the last counts. */
static void take_line(const char *line, size_t n, struct update_progress *p)
{
	const char *from = n ? memrchr(line, '\r', n - 1) : NULL;
	size_t to = 0;

	if (from) {
		n -= (size_t)(from + 1 - line);
		line = from + 1;
	}
	for (size_t i = 0; i < n && to < sizeof(p->line) - 1; i++)
		if ((unsigned char)line[i] >= ' ' && line[i] != 0x7f)
			p->line[to++] = line[i];
	p->line[to] = '\0';
}

/* "TOKEN ended with N" */
static bool is_end(const char *line, size_t n, const char *token, int *status)
{
	static const char ended[] = " ended with ";
	AUTO_FREE char *text = strndup(line, n);
	size_t m = strlen(token);

	if (!text || strncmp(text, token, m) != 0 || strncmp(text + m, ended, strlen(ended)) != 0)
		return false;
	*status = atoi(text + m + strlen(ended));
	return true;
}

void update_read_log(const char *log, size_t n, const char *token, struct update_progress *p)
{
	const char *end;

	memset(p, 0, sizeof(*p));
	for (n = strnlen(log, n); n > 0 && (end = memchr(log, '\n', n)) != NULL && !p->ended;) {
		size_t line = (size_t)(end - log);

		if (is_end(log, line, token, &p->status))
			p->ended = true;
		else if (line > 0)
			take_line(log, line, p);
		log += line + 1;
		n -= line + 1;
	}
}
