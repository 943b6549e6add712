/*
 * The parts that `xfnet compose` puts together.
 */
#ifndef KERNEL_CMDLINE_TOOL_COMPOSE_H
#define KERNEL_CMDLINE_TOOL_COMPOSE_H

#include "lib/value.h"

/* The fields of xfnet=, then words of the command line. */
enum compose_part {
	COMPOSE_CLIENT,
	COMPOSE_PREFIX,
	COMPOSE_SERVER,
	COMPOSE_GATEWAY,
	COMPOSE_BROADCAST,
	COMPOSE_INTERFACE,
	COMPOSE_WORDS, /* the first that is a word of its own */
	COMPOSE_MTU = COMPOSE_WORDS,
	COMPOSE_VLAN,
	COMPOSE_SHARE,
	COMPOSE_GEN,
	COMPOSE_NAME,
	COMPOSE_AGENT,
	COMPOSE_TIMEOUT,
	COMPOSE_FAIL,
	COMPOSE_DEBUG,
	COMPOSE_ROOT,
	COMPOSE_ROOTFSTYPE,
	COMPOSE_ROOTFLAGS,
	COMPOSE_INIT,
	COMPOSE_PARTS
};

/* --server may be given several times: all of them, in order. */
value_set_fn compose_add_servers;

#endif
