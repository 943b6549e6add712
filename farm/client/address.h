/* Which addresses clients have: IPv4, in the network of farm/net/net.h. No I/O. */
#ifndef FARM_CLIENT_ADDRESS_H
#define FARM_CLIENT_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#include "farm/net/net.h"

/* As a number, in host order; and back. */
uint32_t address_of(const struct xf_addr *addr);
struct xf_addr address_to(uint32_t address);

/* The rule that an address breaks as a client's, with n others in use: static text, or NULL. */
const char *address_check(
	const struct net_farm *farm, const struct xf_addr *address, const uint32_t *used, size_t n);

/* The first that is free after the server's, or from the network's start if there is none. 0: none
 * is. used is sorted by this. */
uint32_t address_first_free(const struct net_farm *farm, uint32_t *used, size_t n);

#endif
