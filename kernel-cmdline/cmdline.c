/*
 * The whole kernel command line: words as the kernel cuts them (lib/cmdline.c, next_arg), and a
 * table of the options that mean something to a client.
 */
#include "kernel-cmdline/scan.h"

#include <errno.h>
#include <string.h>

#include "lib/paths.h"

/* One word: NAME or NAME=VALUE. */
struct word {
	const struct scan *scan;
	struct span whole, name, value; /* value.p is NULL without '=' */
	const char *option;             /* the name once more, for messages */
	bool open;                      /* a quote was not closed */
};

static void refuse(const struct word *w, const char *what, const char *expected)
{
	scan_error(w->scan, w->value.p ? w->value : w->whole, w->option, what, expected);
}

/* Copy a piece of the value. It is an error if it does not fit, or has control characters, which
 * could garble a log. */
static bool copy(const struct word *w, struct span from, char *to, size_t size)
{
	if (from.n >= size)
		return scan_error(w->scan, from, w->option, "too long", NULL);
	for (size_t i = 0; i < from.n; i++)
		if ((unsigned char)from.p[i] < ' ' || from.p[i] == 0x7f)
			return scan_error(w->scan, (struct span){ from.p + i, 1 }, w->option,
				"a control character", NULL);
	memcpy(to, from.p, from.n);
	to[from.n] = '\0';
	return true;
}

/* The bit of one of up to eight words, in the order of the list; 0 if it is none of them. */
static unsigned int choice(struct span text, const char *const words[])
{
	for (unsigned int i = 0; words[i]; i++)
		if (span_is(text, words[i]))
			return 1U << i;
	return 0;
}

static void set_net(const struct word *w, struct xf_cmdline *c)
{
	c->has_net = true;
	xfnet_scan(w->scan, w->value, &c->net);
}

static void set_mtu(const struct word *w, struct xf_cmdline *c)
{
	if (!span_number(w->value, 68, 65535, &c->mtu))
		refuse(w, "not an MTU", "68 to 65535 bytes");
}

static void set_vlan(const struct word *w, struct xf_cmdline *c)
{
	uint32_t id;

	if (span_number(w->value, 1, 4094, &id))
		c->vlan = (uint16_t)id;
	else
		refuse(w, "not a VLAN id", "1 to 4094");
}

/* A channel's name: a label in lower case, and not a number. */
static bool good_channel(struct span name)
{
	bool number = true;

	if (name.n == 0 || name.n >= XF_CHANNEL_MAX || name.p[0] == '-' ||
		name.p[name.n - 1] == '-')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool digit = c >= '0' && c <= '9';

		if (!digit && !(c >= 'a' && c <= 'z') && c != '-')
			return false;
		number = number && digit;
	}
	return !number;
}

static void set_generation(const struct word *w, struct xf_cmdline *c)
{
	if (good_channel(w->value))
		copy(w, w->value, c->channel, sizeof(c->channel));
	else if (!span_number(w->value, 1, UINT32_MAX, &c->generation))
		refuse(w, "neither a generation nor a channel", "a number from 1, or a name");
}

static void set_timeout(const struct word *w, struct xf_cmdline *c)
{
	if (!span_number(w->value, 1, 86400, &c->timeout))
		refuse(w, "not a time", "1 to 86400 seconds");
}

static void set_fail(const struct word *w, struct xf_cmdline *c)
{
	static const char *const words[] = { "reboot", "shell", "poweroff", "wait", NULL };
	unsigned int which = choice(w->value, words);

	if (which)
		c->fail = (enum xf_fail)__builtin_ctz(which);
	else
		refuse(w, "unknown action", "shell, reboot, poweroff or wait");
}

static void set_agent(const struct word *w, struct xf_cmdline *c)
{
	static const char *const words[] = { "off", "on", NULL };
	unsigned int which = choice(w->value, words);

	if (which)
		c->agent = which == 2;
	else
		refuse(w, "neither on nor off", "on or off");
}

static void set_debug(const struct word *w, struct xf_cmdline *c)
{
	static const char *const words[] = { "net", "share", "root", "agent", "init", NULL };
	struct span list = w->value, item;

	c->debug = list.p ? 0 : XF_DEBUG_INIT;
	while (span_cut(&list, ',', &item)) {
		unsigned int which = choice(item, words);

		if (!which)
			scan_error(w->scan, item, w->option, "unknown step",
				"net, share, root, agent or init");
		c->debug |= which;
	}
}

/* RFC 1123, 2.1: labels of letters, digits and inner hyphens, 1 to 63 of them. */
static bool good_label(struct span label)
{
	if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++) {
		char c = label.p[i];

		if (!((c | 32) >= 'a' && (c | 32) <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return true;
}

static void set_name(const struct word *w, struct xf_cmdline *c)
{
	struct span labels = w->value, label;

	while (span_cut(&labels, '.', &label)) {
		if (good_label(label))
			continue;
		scan_error(w->scan, label, w->option, "not a host name",
			"letters, digits and inner hyphens, in labels joined by dots");
		return;
	}
	if (w->value.n >= sizeof(c->name))
		refuse(w, "too long", "at most 63 bytes");
	else
		copy(w, w->value, c->name, sizeof(c->name));
}

/* vers=4.2 and its other spellings: nfsvers=4.2, v4.2. *version gets what follows. */
static bool is_version(struct span option, struct span *version)
{
	static const char *const names[] = { "vers=", "nfsvers=" };

	for (unsigned int i = 0; i < 2; i++) {
		if (span_starts(option, names[i])) {
			*version = span_from(option, strlen(names[i]));
			return true;
		}
	}
	if (option.n < 2 || option.p[0] != 'v' || option.p[1] < '0' || option.p[1] > '9')
		return false;
	*version = span_from(option, 1);
	return true;
}

static bool set_version(const struct word *w, struct span version, struct xf_cmdline *c)
{
	static const char *const versions[] = { "3", "4.0", "4.1", "4.2", NULL };

	/* "4" would be 4.0 to mount(2), and "the best of 4" to mount.nfs(8). */
	if (!choice(version, versions))
		return scan_error(
			w->scan, version, w->option, "not an NFS version", "3, 4.0, 4.1 or 4.2");
	return copy(w, version, c->share_vers, sizeof(c->share_vers));
}

/* Options that xf-init sets itself, or that would make the share writeable. */
static bool is_ours(struct span option)
{
	static const char *const names[] = {
		"addr=", "clientaddr=", "mountaddr=", "minorversion=", "mountvers="
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_starts(option, names[i]))
			return true;
	return span_is(option, "rw");
}

static bool set_share_option(const struct word *w, struct span option, struct xf_cmdline *c)
{
	size_t used = strlen(c->share_options);
	struct span version;

	if (option.n == 0)
		return scan_error(w->scan, option, w->option, "empty option", NULL);
	if (is_version(option, &version))
		return set_version(w, version, c);
	if (is_ours(option))
		return scan_error(w->scan, option, w->option, "set by xf-init, not here", NULL);
	/* All options together fit, as the path and they have passed copy() as one value. */
	if (used)
		c->share_options[used++] = ',';
	memcpy(c->share_options + used, option.p, option.n);
	c->share_options[used + option.n] = '\0';
	return true;
}

static void set_share(const struct word *w, struct xf_cmdline *c)
{
	struct span rest = w->value, item;

	if (!copy(w, w->value, c->share_path, sizeof(c->share_path)))
		return;
	span_cut(&rest, ',', &item);
	c->share_path[item.n] = '\0';
	if (item.n == 0 || item.p[0] != '/')
		scan_error(w->scan, item, w->option, "not an absolute path",
			"a path such as " PATH_SERVER_SHARE "; xfnet= names the server");
	while (span_cut(&rest, ',', &item))
		if (!set_share_option(w, item, c))
			return;
}

/* Hexadecimal digits in groups of these lengths, joined by '-'. */
static bool is_uuid(struct span text, const uint8_t groups[])
{
	struct span group;

	while (span_cut(&text, '-', &group)) {
		if (*groups == 0 || group.n != *groups++)
			return false;
		for (size_t i = 0; i < group.n; i++)
			if (scan_hex_digit(group.p[i]) < 0)
				return false;
	}
	return *groups == 0;
}

static const uint8_t uuid[] = { 8, 4, 4, 4, 12, 0 }, mbr_id[] = { 8, 2, 0 };

/* Of digits, letters and '-', only upper-case letters do not have this bit. */
static void copy_lower(struct span from, char *to)
{
	for (size_t i = 0; i < from.n; i++)
		to[i] = from.p[i] | 32;
	to[from.n] = '\0';
}

/* tmpfs(5): size=N, with k, m, g, t or % after it. The kernel checks the other options. */
static bool good_size(struct span option)
{
	struct span n = span_from(option, strlen("size="));
	uint32_t value;

	if (n.n && strchr("kKmMgGtT%", n.p[n.n - 1]))
		n.n--;
	return span_number(n, 1, UINT32_MAX, &value);
}

static void set_tmpfs(const struct word *w, struct span options, struct xf_cmdline *c)
{
	struct span list = options, item;

	c->root = XF_ROOT_TMPFS;
	if (!options.p)
		return;
	while (span_cut(&list, ',', &item))
		if (item.n == 0 || (span_starts(item, "size=") && !good_size(item))) {
			scan_error(w->scan, item, w->option, "not an option of tmpfs", "size=150M");
			return;
		}
	copy(w, options, c->root_value, sizeof(c->root_value));
}

const char *xf_root_prefix(enum xf_root root)
{
	static const char prefix[XF_ROOT_TMPFS + 1][sizeof("PARTUUID=")] = {
		[XF_ROOT_UUID] = "UUID=",
		[XF_ROOT_LABEL] = "LABEL=",
		[XF_ROOT_PARTUUID] = "PARTUUID=",
	};

	return prefix[root];
}

static void set_root(const struct word *w, struct xf_cmdline *c)
{
	struct span v = w->value, head;

	c->root = XF_ROOT_NONE;
	c->root_value[0] = '\0';
	if (span_starts(v, "/dev/") && v.n > 5) {
		c->root = XF_ROOT_DEVICE;
		copy(w, v, c->root_value, sizeof(c->root_value));
	} else if (span_starts(v, "LABEL=") && v.n > 6) {
		c->root = XF_ROOT_LABEL;
		copy(w, span_from(v, 6), c->root_value, sizeof(c->root_value));
	} else if (span_starts(v, "UUID=")) {
		c->root = XF_ROOT_UUID;
		if (is_uuid(span_from(v, 5), uuid))
			copy_lower(span_from(v, 5), c->root_value);
		else
			refuse(w, "not a UUID", "UUID=01234567-89ab-cdef-0123-456789abcdef");
	} else if (span_starts(v, "PARTUUID=")) {
		c->root = XF_ROOT_PARTUUID;
		if (is_uuid(span_from(v, 9), uuid) || is_uuid(span_from(v, 9), mbr_id))
			copy_lower(span_from(v, 9), c->root_value);
		else
			refuse(w, "not a PARTUUID", "a UUID, or 01234567-01 as in an MBR");
	} else {
		span_cut(&v, ',', &head);
		if (span_is(head, "tmpfs"))
			set_tmpfs(w, v, c);
		else
			refuse(w, "not a root that a client can have",
				"/dev/…, UUID=, LABEL=, PARTUUID= or tmpfs[,size=…]");
	}
}

static void set_rootfstype(const struct word *w, struct xf_cmdline *c)
{
	copy(w, w->value, c->rootfstype, sizeof(c->rootfstype));
}

static void set_rootflags(const struct word *w, struct xf_cmdline *c)
{
	copy(w, w->value, c->rootflags, sizeof(c->rootflags));
}

static void set_rootwait(const struct word *w, struct xf_cmdline *c)
{
	c->rootwait = true;
	if (w->value.p)
		scan_problem(w->scan, XF_WARNING, w->value, w->option,
			"a limit is not kept, the wait has no end", "rootwait");
}

static void set_ro(const struct word *w, struct xf_cmdline *c)
{
	(void)w;
	c->root_rw = false;
}

static void set_rw(const struct word *w, struct xf_cmdline *c)
{
	(void)w;
	c->root_rw = true;
}

static void set_init(const struct word *w, struct xf_cmdline *c)
{
	if (w->value.n && w->value.p[0] != '/')
		refuse(w, "not an absolute path", "a path such as /sbin/init");
	else
		copy(w, w->value, c->init, sizeof(c->init));
}

/* systemd passes over what is no machine ID, and so does a first boot. */
static void set_machine_id(const struct word *w, struct xf_cmdline *c)
{
	static const uint8_t digits[] = { XF_MACHINE_ID - 1, 0 };

	if (is_uuid(w->value, digits))
		copy_lower(w->value, c->machine_id);
	else
		scan_problem(w->scan, XF_WARNING, w->value, w->option, "not a machine ID",
			"32 hexadecimal digits");
}

/* The forms in which an option has a meaning here. The kernel's own options in other forms are left
 * to the kernel.
 */
enum form { VALUE = 1, ALONE = 2, EITHER = VALUE | ALONE };

static const struct option {
	const char *name;
	enum form form;
	void (*set)(const struct word *w, struct xf_cmdline *c);
} options[] = {
	{ "xfnet", VALUE, set_net },
	{ "xfnet.mtu", VALUE, set_mtu },
	{ "xfnet.vlan", VALUE, set_vlan },
	{ "xfshare", VALUE, set_share },
	{ "xfgen", VALUE, set_generation },
	{ "xfdebug", EITHER, set_debug },
	{ "xftimeout", VALUE, set_timeout },
	{ "xffail", VALUE, set_fail },
	{ "xfname", VALUE, set_name },
	{ "xfagent", VALUE, set_agent },
	{ "root", VALUE, set_root },
	{ "rootfstype", VALUE, set_rootfstype },
	{ "rootflags", VALUE, set_rootflags },
	{ "rootwait", EITHER, set_rootwait },
	{ "ro", ALONE, set_ro },
	{ "rw", ALONE, set_rw },
	{ "init", VALUE, set_init },
	{ "systemd.machine_id", VALUE, set_machine_id },
};
#define N_OPTIONS (sizeof(options) / sizeof(*options))

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/*
 * The next word; false at the end or at a lone "--". Quotes keep spaces together; one at the start
 * of the word or of the value, and one at its end, are not part of it.
 */
static bool next_word(struct span *rest, struct word *w)
{
	const char *p = rest->p, *end = p + rest->n, *equals = NULL;
	bool quote = false;
	struct span body;

	while (p < end && is_space(*p))
		p++;
	w->whole.p = p;
	for (; p < end && (quote || !is_space(*p)); p++) {
		if (*p == '"')
			quote = !quote;
		else if (*p == '=' && !equals)
			equals = p;
	}
	w->whole.n = (size_t)(p - w->whole.p);
	*rest = (struct span){ p, (size_t)(end - p) };
	w->open = quote;
	if (w->whole.n == 0 || span_is(w->whole, "--"))
		return false;

	body = w->whole;
	if (body.p[0] == '"') {
		body = span_from(body, 1);
		if (body.n && body.p[body.n - 1] == '"')
			body.n--;
	}
	w->name = w->value = body;
	if (!equals) {
		w->value = (struct span){ NULL, 0 };
		return true;
	}
	w->name.n = (size_t)(equals - body.p);
	w->value = span_from(body, w->name.n + 1);
	if (w->value.n && w->value.p[0] == '"') {
		w->value = span_from(w->value, 1);
		if (w->value.n && w->value.p[w->value.n - 1] == '"')
			w->value.n--;
	}
	return true;
}

/* The option that a word sets, or NULL. */
static const struct option *find_option(const struct word *w)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (span_is(w->name, options[i].name) &&
			options[i].form & (w->value.p ? VALUE : ALONE))
			return &options[i];
	return NULL;
}

/* A word that sets nothing: ignored, unless it begins like one of ours. */
static void judge_stranger(const struct word *w)
{
	if (!span_starts(w->name, "xf"))
		return;
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (span_is(w->name, options[i].name)) {
			scan_error(
				w->scan, w->whole, options[i].name, "no value", "=VALUE after it");
			return;
		}
	}
	scan_problem(w->scan, XF_WARNING, w->name, "xf…", "unknown option", NULL);
}

/* An interface with a smaller MTU has no IPv6: RFC 8200, section 5. */
static void check_mtu(const struct scan *scan, struct span mtu, const struct xf_cmdline *c)
{
	if (c->net.client.family == 6 && c->mtu && c->mtu < 1280)
		scan_error(scan, mtu, "xfnet.mtu", "too small for IPv6", "1280 to 65535 bytes");
}

int xf_cmdline_parse(
	const char *text, size_t length, struct xf_cmdline *cmdline, struct xf_problems *problems)
{
	struct scan scan;
	struct span rest = { text, length }, mtu = { NULL, 0 };
	const char *last[N_OPTIONS] = { NULL }; /* the word that counts for each option */
	const struct option *option;
	struct word w = { .scan = &scan };

	*problems = (struct xf_problems){ 0 };
	scan = (struct scan){ text, problems };
	memset(cmdline, 0, sizeof(*cmdline));
	strcpy(cmdline->share_path, PATH_SERVER_SHARE);
	strcpy(cmdline->channel, PATH_LIVE);
	cmdline->timeout = XF_TIMEOUT_DEFAULT;
	cmdline->agent = true;

	while (next_word(&rest, &w))
		if ((option = find_option(&w)))
			last[option - options] = w.whole.p;

	rest = (struct span){ text, length };
	while (next_word(&rest, &w)) {
		if (w.open)
			scan_problem(&scan, XF_WARNING, w.whole, "\"", "not closed", NULL);
		option = find_option(&w);
		if (!option)
			judge_stranger(&w);
		if (!option || last[option - options] != w.whole.p)
			continue;
		w.option = option->name;
		option->set(&w, cmdline);
		if (option->set == set_mtu)
			mtu = w.value;
	}
	check_mtu(&scan, mtu, cmdline);
	return problems->errors ? -EINVAL : 0;
}
