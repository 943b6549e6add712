/*
 * rtnetlink(7): one request, one answer. Our own, as klibc has no library for it. Messages have
 * room for what a link, an address or a route takes; overflow is a programming error that
 * netlink_ask() reports as -EMSGSIZE.
 */
#ifndef INITRD_NETLINK_H
#define INITRD_NETLINK_H

#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETLINK_REQUEST_MAX 256

struct netlink_request {
	struct nlmsghdr header; /* followed by data, as it is sent */
	uint8_t data[NETLINK_REQUEST_MAX];
	bool overflow;
};

/* Returns an fd, or -errno. */
int netlink_open(void);

/* Begin a request with the fixed part (struct ifinfomsg, …) of its type; flags beside
 * NLM_F_REQUEST. */
void netlink_begin(
	struct netlink_request *request, int type, int flags, const void *fixed, size_t size);

void netlink_add(struct netlink_request *request, int attribute, const void *data, size_t size);

/* Attributes added between these two are inside of this one. */
size_t netlink_nest(struct netlink_request *request, int attribute);
void netlink_nest_end(struct netlink_request *request, size_t nest);

/* Called for each message of an answer. */
typedef void netlink_visit(const struct nlmsghdr *message, void *context);

/*
 * Send a request and read its answer: a dump (NLM_F_DUMP) to its end, if there is a visit, else the
 * acknowledgement. Returns 0 or the kernel's -errno.
 */
int netlink_ask(int fd, struct netlink_request *request, netlink_visit *visit, void *context);

/* The kernel's message about the last error of netlink_ask(), or "". */
const char *netlink_reason(void);

/*
 * The attribute of that type in a message whose fixed part has fixed bytes, if it has at least size
 * bytes of data, or NULL. The data is RTA_DATA()'s.
 */
const struct rtattr *netlink_find(
	const struct nlmsghdr *message, size_t fixed, unsigned short type, size_t size);

#endif
