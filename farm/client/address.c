#include "farm/client/address.h"

#include <stdlib.h>

uint32_t address_of(const struct xf_addr *a)
{
	return (uint32_t)a->byte[0] << 24 | (uint32_t)a->byte[1] << 16 | (uint32_t)a->byte[2] << 8 |
	       a->byte[3];
}

struct xf_addr address_to(uint32_t a)
{
	return (struct xf_addr){ 4,
		{ (uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8), (uint8_t)a } };
}

const char *address_check(
	const struct net_farm *farm, const struct xf_addr *address, const uint32_t *used, size_t n)
{
	const char *wrong =
		address->family == 4 ? net_check_client(farm, address) : "is not an IPv4 address";

	for (size_t i = 0; i < n && !wrong; i++)
		if (used[i] == address_of(address))
			wrong = "belongs to another client";
	return wrong;
}

static int ascending(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* In [from, to), with used in ascending order. */
static uint32_t free_between(uint32_t from, uint32_t to, const uint32_t *used, size_t n)
{
	for (size_t i = 0; i < n && from < to; i++)
		if (used[i] == from)
			from++;
	return from < to ? from : 0;
}

uint32_t address_first_free(const struct net_farm *farm, uint32_t *used, size_t n)
{
	struct xf_addr base = net_base(farm);
	uint32_t server = address_of(&farm->server), first = address_of(&base) + 1, found;
	uint32_t broadcast = (first - 1) | ~(UINT32_MAX << (32 - farm->prefix));

	if (n)
		qsort(used, n, sizeof(*used), ascending);
	found = free_between(server + 1, broadcast, used, n);
	return found ? found : free_between(first, server, used, n);
}
