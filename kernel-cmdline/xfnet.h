/*
 * The kernel command line of a client: xfnet= and its companions (xfnet(7)).
 *
 * Pure functions over bytes: no I/O, no allocation, no locale. Built with glibc for the host's
 * tools and with klibc for xf-init, so only freestanding headers and <string.h> are used.
 */
#ifndef KERNEL_CMDLINE_XFNET_H
#define KERNEL_CMDLINE_XFNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XF_SERVERS_MAX   8    /* servers in one xfnet= */
#define XF_WORD_MAX      1024 /* bytes of one option's value, NUL included */
#define XF_NAME_MAX      64   /* xfname=: a host name, NUL included (Linux: 64) */
#define XF_CHANNEL_MAX   64   /* xfgen=: a channel's name, NUL included */
#define XF_IFNAME_MAX    16   /* IFNAMSIZ */
#define XF_ADDR_TEXT_MAX 46   /* INET6_ADDRSTRLEN */
#define XF_MACHINE_ID    33   /* machine-id(5), NUL included */
#define XF_MAC_TEXT_MAX  18   /* bytes, NUL included */

#define XF_TIMEOUT_DEFAULT 180 /* seconds, without xftimeout= */

/* One address; bytes in network order, the first 4 of them used for IPv4. */
struct xf_addr {
	uint8_t family; /* 0 none, 4 or 6 */
	uint8_t byte[16];
};

enum xf_ifselect { XF_IF_CARRIER, XF_IF_NAME, XF_IF_MAC };

/* xfnet=CLIENT[/PREFIX]:SERVER[,SERVER…][:GATEWAY[:BROADCAST[:INTERFACE]]] */
struct xfnet {
	struct xf_addr client;
	uint8_t prefix;          /* bits, always known after a parse */
	bool prefix_given;       /* otherwise it follows from the broadcast address */
	uint8_t prefix_shortest; /* the shortest that fits the broadcast, too; prefix is the longest
				  */
	unsigned int nservers;   /* 1 … XF_SERVERS_MAX */
	struct xf_addr server[XF_SERVERS_MAX];
	struct xf_addr gateway;   /* family 0: none */
	struct xf_addr broadcast; /* family 0: none (always so for IPv6) */
	enum xf_ifselect select;
	char ifname[XF_IFNAME_MAX]; /* with XF_IF_NAME */
	uint8_t mac[6];             /* with XF_IF_MAC */
};

enum xf_debug {
	XF_DEBUG_NET = 1 << 0,
	XF_DEBUG_SHARE = 1 << 1,
	XF_DEBUG_ROOT = 1 << 2,
	XF_DEBUG_AGENT = 1 << 3,
	XF_DEBUG_INIT = 1 << 4,
};

enum xf_fail { XF_FAIL_REBOOT, XF_FAIL_SHELL, XF_FAIL_POWEROFF, XF_FAIL_WAIT };

/* Where root= points to. */
enum xf_root {
	XF_ROOT_NONE,
	XF_ROOT_DEVICE,
	XF_ROOT_UUID,
	XF_ROOT_LABEL,
	XF_ROOT_PARTUUID,
	XF_ROOT_TMPFS
};

/* The command line of a client; absent options have their documented defaults. */
struct xf_cmdline {
	bool has_net; /* xfnet= is present */
	struct xfnet net;
	char share_path[XF_WORD_MAX];    /* export, absolute */
	char share_options[XF_WORD_MAX]; /* NFS mount options, comma-separated, without vers= */
	char share_vers[4];  /* "4.2", "4.1", "4.0" or "3"; empty: try them in this order */
	uint32_t generation; /* xfgen=, a number; 0: the channel's */
	char channel[XF_CHANNEL_MAX]; /* xfgen=, a name; "live" without it */
	uint32_t mtu;                 /* bytes; 0: as the driver has it */
	uint16_t vlan;                /* 1 … 4094; 0: none */
	enum xf_root root;
	char root_value[XF_WORD_MAX]; /* device, UUID (in lower case), LABEL, or tmpfs options */
	char rootfstype[64];          /* comma-separated, as the kernel takes it */
	char rootflags[XF_WORD_MAX];
	bool rootwait;                  /* rootwait=N counts as rootwait, with a warning */
	bool root_rw;                   /* rw; ro is the default, as with the kernel; last wins */
	char init[XF_WORD_MAX];         /* init=; empty: /sbin/init and the kernel's other names */
	char machine_id[XF_MACHINE_ID]; /* systemd.machine_id=, in lower case; empty: none */
	unsigned int debug;             /* enum xf_debug bits */
	uint32_t timeout;               /* xftimeout=, seconds */
	enum xf_fail fail;
	char name[XF_NAME_MAX]; /* xfname=; empty: derived from the client's address */
	bool agent;             /* xfagent=; default on */
};

enum xf_problem_kind { XF_WARNING, XF_ERROR };

/*
 * An error or warning. at and length are bytes in the parser's text, for a caret; the strings are
 * static. The message is "FIELD: WHAT (expected EXPECTED)".
 */
struct xf_problem {
	enum xf_problem_kind kind;
	size_t at, length;
	const char *field; /* "CLIENT", "PREFIX", …, or the option's name, "xfgen" */
	const char *what;
	const char *expected; /* may be NULL */
};

#define XF_PROBLEMS_MAX 16

struct xf_problems {
	unsigned int n;       /* problems stored */
	unsigned int dropped; /* problems that did not fit */
	unsigned int errors;  /* how many of all are errors */
	struct xf_problem problem[XF_PROBLEMS_MAX];
};

/*
 * Parse the value of xfnet= (the text after '='). Returns 0, or -EINVAL with at least one error in
 * *problems. *net is unspecified after an error.
 */
int xfnet_parse(const char *text, size_t length, struct xfnet *net, struct xf_problems *problems);

/*
 * Parse a whole command line as /proc/cmdline has it (a final newline is allowed; double quotes
 * keep spaces together, as in the kernel; what follows a lone "--" is init's and is not read). A
 * duplicate option: the last one wins. Other programs' options are ignored; an unknown xf* option
 * is a warning. Returns 0, or -EINVAL if *problems holds errors: fields without an error are still
 * filled in.
 */
int xf_cmdline_parse(
	const char *text, size_t length, struct xf_cmdline *cmdline, struct xf_problems *problems);

/*
 * Write the one canonical xfnet= value for *net, NUL-terminated. Returns its length, or -ENOSPC.
 */
int xfnet_format(const struct xfnet *net, char *buffer, size_t size);

/* Address text (RFC 5952 for IPv6), at most XF_ADDR_TEXT_MAX bytes with the NUL. Returns text. */
const char *xf_addr_format(const struct xf_addr *addr, char text[static XF_ADDR_TEXT_MAX]);

/* MAC text in lower case, its bytes joined by separator. Returns text. */
const char *xf_mac_format(
	const uint8_t mac[static 6], char separator, char text[static XF_MAC_TEXT_MAX]);

/*
 * Strict address text: four decimal octets without leading zeros, or RFC 4291 text. All of
 * [text, text+length) must belong to it. Returns 0 or -EINVAL.
 */
int xf_addr_parse(const char *text, size_t length, struct xf_addr *addr);

/* What stands before root_value in root=: "UUID=", "LABEL=", "PARTUUID=" or "". */
const char *xf_root_prefix(enum xf_root root);

/* The name a client without xfname= has: "xf-" and its address with '.' and ':' as '-'. */
void xf_default_name(const struct xf_addr *client, char name[static XF_NAME_MAX]);

#endif
