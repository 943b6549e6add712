#include "initrd/net/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NETLINK_OPTIONS 270   /* SOL_NETLINK, which klibc lacks */
#define ANSWER_BYTES    16384 /* a dump's messages are cut to pages of at most 8 KiB each */

static char reason[96];

int netlink_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int on = 1;

	if (fd < 0)
		return -errno;
	/* Both only improve error messages: the kernel's text, and no copy of the request. */
	setsockopt(fd, NETLINK_OPTIONS, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, NETLINK_OPTIONS, NETLINK_CAP_ACK, &on, sizeof(on));
	return fd;
}

static void append(struct netlink_request *request, const void *data, size_t size)
{
	size_t used = request->header.nlmsg_len - NLMSG_HDRLEN;

	if (size > sizeof(request->data) - used) {
		request->overflow = true;
		return;
	}
	memcpy(request->data + used, data, size);
	request->header.nlmsg_len += NLMSG_ALIGN(size);
}

void netlink_begin(
	struct netlink_request *request, int type, int flags, const void *fixed, size_t size)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_len = NLMSG_HDRLEN;
	request->header.nlmsg_type = (uint16_t)type;
	request->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	append(request, fixed, size);
}

void netlink_add(struct netlink_request *request, int attribute, const void *data, size_t size)
{
	struct rtattr head = { (unsigned short)RTA_LENGTH(size), (unsigned short)attribute };

	append(request, &head, sizeof(head));
	append(request, data, size);
}

size_t netlink_nest(struct netlink_request *request, int attribute)
{
	size_t nest = request->header.nlmsg_len - NLMSG_HDRLEN;

	netlink_add(request, attribute | NLA_F_NESTED, NULL, 0);
	return nest;
}

void netlink_nest_end(struct netlink_request *request, size_t nest)
{
	size_t end = request->header.nlmsg_len - NLMSG_HDRLEN;

	((struct rtattr *)(void *)(request->data + nest))->rta_len = (unsigned short)(end - nest);
}

static const struct rtattr *find_in(
	const struct rtattr *attribute, size_t left, unsigned short type, size_t size)
{
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if ((attribute->rta_type & NLA_TYPE_MASK) == type)
			return RTA_PAYLOAD(attribute) >= size ? attribute : NULL;
	return NULL;
}

const struct rtattr *netlink_find(
	const struct nlmsghdr *message, size_t fixed, unsigned short type, size_t size)
{
	size_t skip = NLMSG_SPACE(fixed);

	if (message->nlmsg_len < skip)
		return NULL;
	return find_in((const void *)((const char *)message + skip), message->nlmsg_len - skip,
		type, size);
}

/* The error of an NLMSG_ERROR (0: acknowledged) or NLMSG_DONE message; its text goes to reason. */
static int read_end(const struct nlmsghdr *message)
{
	const struct rtattr *text = NULL;
	int error = 0;

	if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
		memcpy(&error, NLMSG_DATA(message), sizeof(error));
	if (message->nlmsg_type == NLMSG_ERROR && message->nlmsg_flags & NLM_F_ACK_TLVS &&
		message->nlmsg_flags & NLM_F_CAPPED)
		text = netlink_find(message, sizeof(struct nlmsgerr), NLMSGERR_ATTR_MSG, 1);
	reason[0] = '\0';
	if (text)
		snprintf(reason, sizeof(reason), "%.*s", (int)RTA_PAYLOAD(text),
			(const char *)RTA_DATA(text));
	return error;
}

/* Read one packet. Returns 1 if the answer goes on, 0 or -errno when it ends. */
static int read_packet(int fd, uint32_t sequence, netlink_visit *visit, void *context)
{
	static union {
		struct nlmsghdr header;
		char bytes[ANSWER_BYTES];
	} answer;
	const struct nlmsghdr *message = &answer.header;
	ssize_t n = recv(fd, &answer, sizeof(answer), MSG_TRUNC);

	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	if ((size_t)n > sizeof(answer))
		return -EMSGSIZE;
	for (size_t left = (size_t)n; NLMSG_OK(message, left);
		message = NLMSG_NEXT(message, left)) {
		if (message->nlmsg_seq != sequence)
			continue;
		if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE)
			return read_end(message);
		if (visit)
			visit(message, context);
	}
	return 1;
}

int netlink_ask(int fd, struct netlink_request *request, netlink_visit *visit, void *context)
{
	static uint32_t sequence;
	int result;

	if (request->overflow)
		return -EMSGSIZE;
	request->header.nlmsg_seq = ++sequence;
	if (!visit)
		request->header.nlmsg_flags |= NLM_F_ACK;
	if (send(fd, request, request->header.nlmsg_len, 0) < 0)
		return -errno;
	do
		result = read_packet(fd, sequence, visit, context);
	while (result == 1);
	return result;
}

const char *netlink_reason(void)
{
	return reason;
}
