/*
 * Addresses as text. Strict where the C library is not: klibc's inet_pton takes 256.1.1.1
 * and 1.2.3.4x.
 */
#include "kernel-cmdline/scan.h"

#include <errno.h>
#include <string.h>

/* Four decimal octets. */
static bool parse_ipv4(struct span text, uint8_t byte[static 4])
{
	struct span octet;
	uint32_t value;
	unsigned int n = 0;

	while (span_cut(&text, '.', &octet)) {
		if (n == 4 || !span_number(octet, 0, 255, &value))
			return false;
		byte[n++] = (uint8_t)value;
	}
	return n == 4;
}

/* RFC 4291, 2.2: eight groups, "::" once for one or more zero groups, the last 4 bytes also as
 * IPv4. */
static bool parse_ipv6(struct span text, uint8_t byte[static 16])
{
	size_t n = 0, gap = 17; /* bytes written; where "::" is: 17 for nowhere */

	if (span_starts(text, "::")) {
		gap = 0;
		text = span_from(text, 2);
	}
	while (text.n) {
		unsigned int value = 0;
		size_t digits = 0;

		while (digits < text.n && digits < 5 && scan_hex_digit(text.p[digits]) >= 0)
			value = value << 4 | (unsigned int)scan_hex_digit(text.p[digits++]);
		if (digits < text.n && text.p[digits] == '.') {
			if (n > 12 || !parse_ipv4(text, byte + n))
				return false;
			n += 4;
			break;
		}
		if (digits == 0 || digits > 4 || n > 14)
			return false;
		byte[n++] = (uint8_t)(value >> 8);
		byte[n++] = (uint8_t)value;
		text = span_from(text, digits);
		if (text.n == 0)
			break;
		if (text.p[0] != ':' || text.n == 1)
			return false;
		text = span_from(text, 1);
		if (text.p[0] == ':') {
			if (gap != 17)
				return false;
			gap = n;
			text = span_from(text, 1);
		}
	}
	if (gap == 17)
		return n == 16;
	if (n == 16)
		return false;
	memmove(byte + 16 - (n - gap), byte + gap, n - gap);
	memset(byte + gap, 0, 16 - n);
	return true;
}

int xf_addr_parse(const char *text, size_t length, struct xf_addr *addr)
{
	struct span span = { text, length };

	*addr = (struct xf_addr){ 0 };
	if (parse_ipv4(span, addr->byte)) {
		addr->family = 4;
		return 0;
	}
	if (parse_ipv6(span, addr->byte)) {
		addr->family = 6;
		return 0;
	}
	return -EINVAL;
}

static char *put_decimal(char *to, unsigned int octet)
{
	if (octet >= 100)
		*to++ = (char)('0' + octet / 100);
	if (octet >= 10)
		*to++ = (char)('0' + octet / 10 % 10);
	*to++ = (char)('0' + octet % 10);
	return to;
}

static void format_ipv4(const uint8_t byte[static 4], char *to)
{
	for (unsigned int i = 0; i < 4; i++) {
		if (i)
			*to++ = '.';
		to = put_decimal(to, byte[i]);
	}
	*to = '\0';
}

static unsigned int group(const uint8_t *byte, unsigned int i)
{
	return (unsigned int)byte[2 * i] << 8 | byte[2 * i + 1];
}

/* The first of the longest runs of two or more zero groups: RFC 5952, 4.2. Returns its length. */
static unsigned int longest_gap(const uint8_t *byte, unsigned int *start)
{
	unsigned int best = 1, run = 0;

	*start = 8;
	for (unsigned int i = 0; i < 8; i++) {
		run = group(byte, i) ? 0 : run + 1;
		if (run > best) {
			best = run;
			*start = i + 1 - run;
		}
	}
	return best;
}

/* RFC 5952, without the dotted form of its section 5, which is for prefixes known to embed IPv4. */
static void format_ipv6(const uint8_t byte[static 16], char *to)
{
	unsigned int gap, gap_length = longest_gap(byte, &gap);

	for (unsigned int i = 0; i < 8; i++) {
		if (i == gap) {
			*to++ = ':';
			i += gap_length - 1;
			if (i == 7)
				*to++ = ':';
			continue;
		}
		if (i)
			*to++ = ':';
		for (int shift = 12; shift >= 0; shift -= 4)
			if (shift == 0 || group(byte, i) >> shift)
				*to++ = "0123456789abcdef"[group(byte, i) >> shift & 15];
	}
	*to = '\0';
}

const char *xf_addr_format(const struct xf_addr *addr, char text[static XF_ADDR_TEXT_MAX])
{
	text[0] = '\0';
	if (addr->family == 4)
		format_ipv4(addr->byte, text);
	else if (addr->family == 6)
		format_ipv6(addr->byte, text);
	return text;
}

const char *xf_mac_format(
	const uint8_t mac[static 6], char separator, char text[static XF_MAC_TEXT_MAX])
{
	char *to = text;

	for (unsigned int i = 0; i < 6; i++) {
		*to++ = "0123456789abcdef"[mac[i] >> 4];
		*to++ = "0123456789abcdef"[mac[i] & 15];
		*to++ = separator;
	}
	*--to = '\0';
	return text;
}

void xf_default_name(const struct xf_addr *client, char name[static XF_NAME_MAX])
{
	size_t n;

	memcpy(name, "xf-", 3);
	xf_addr_format(client, name + 3);
	n = strlen(name);
	for (size_t i = 0; i < n; i++)
		if (name[i] == '.' || name[i] == ':')
			name[i] = '-';
	if (name[n - 1] == '-') /* no host name ends so: fd00:: becomes xf-fd00--0 */
		memcpy(name + n, "0", 2);
}
