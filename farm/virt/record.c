#include "farm/virt/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xmlwriter.h>

#include "farm/name.h"
#include "lib/value.h"

static const char *const states[] = { [RECORD_CREATING] = "creating", [RECORD_READY] = "ready" };

const char *record_state_name(enum record_state state)
{
	return states[state];
}

bool record_is_uuid(const char *text)
{
	for (size_t i = 0; i < RECORD_UUID_SIZE - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		char c = text[i];

		if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return text[RECORD_UUID_SIZE - 1] == '\0';
}

/* Bytes that a terminal would obey: C0, DEL, and C1 as UTF-8 writes them (0xc2 0x80 … 0x9f); and
 * the marks that turn the direction of text (U+202A … U+202E, U+2066 … U+2069). */
static bool has_control(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < ' ' || *p == 0x7f || (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) ||
			(p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) ||
			(p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9))
			return true;
	return false;
}

const char *record_check_admin(const char *text)
{
	if (strlen(text) > RECORD_ADMIN_MAX)
		return "is longer than 200 bytes";
	if (!xmlCheckUTF8((const xmlChar *)text))
		return "is not UTF-8";
	return has_control(text) ? "has control characters" : NULL;
}

bool record_is_host_key(const char *text)
{
	/* The algorithm, as a word and as the first bytes of the base64 text (RFC 8709), and the
	 * length of the key, 32. */
	static const char head[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI";
	static const char base64[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	return strlen(text) == RECORD_HOST_KEY_SIZE - 1 &&
	       strncmp(text, head, sizeof(head) - 1) == 0 &&
	       strspn(text + sizeof(head) - 1, base64) == RECORD_HOST_KEY_SIZE - sizeof(head);
}

/* --- parsing --- */

static bool is_time(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	return true;
}

static const char *set_share(struct record *r, const char *text)
{
	if (!record_is_uuid(text))
		return "share is not a UUID";
	strcpy(r->share, text);
	return NULL;
}

static const char *set_address(struct record *r, const char *text)
{
	return xf_addr_parse(text, strlen(text), &r->address) < 0 || r->address.family != 4
		       ? "address is not an IPv4 address"
		       : NULL;
}

static const char *set_pin(struct record *r, const char *text)
{
	r->pin = 0;
	return *text && value_number(&r->pin, text) ? "pin is not a generation's number" : NULL;
}

static const char *set_channel(struct record *r, const char *text)
{
	if (name_check(text))
		return "channel is not a name";
	strcpy(r->channel, text);
	return NULL;
}

static const char *set_admin(struct record *r, const char *text)
{
	if (record_check_admin(text))
		return "admin is too long, or has control characters";
	strcpy(r->admin, text);
	return NULL;
}

static const char *set_host_key(struct record *r, const char *text)
{
	if (*text && !record_is_host_key(text))
		return "hostkey is not an Ed25519 key";
	strcpy(r->host_key, text);
	return NULL;
}

static const char *set_state(struct record *r, const char *text)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (strcmp(states[i], text) == 0) {
			r->state = i;
			return NULL;
		}
	return "state is unknown";
}

static const char *set_created(struct record *r, const char *text)
{
	if (!is_time(text))
		return "created is not a time";
	strcpy(r->created, text);
	return NULL;
}

static const struct field {
	const char *name;
	const char *(*set)(struct record *record, const char *text);
	const char *missing; /* NULL: it may be missing */
	bool master;         /* a master has it, too */
} fields[] = {
	{ "share", set_share, "share is missing", true },
	{ "address", set_address, "address is missing", false },
	{ "pin", set_pin, NULL, false },
	{ "channel", set_channel, NULL, false },
	{ "admin", set_admin, NULL, false },
	{ "hostkey", set_host_key, NULL, false },
	{ "state", set_state, "state is missing", true },
	{ "created", set_created, "created is missing", true },
};

static const char *take_field(const struct field *field, xmlNode *node, struct record *record)
{
	xmlChar *text = xmlGetNoNsProp(node, (const xmlChar *)field->name);
	const char *wrong = text ? field->set(record, (const char *)text) : field->missing;

	xmlFree(text);
	return wrong;
}

static const char *take(xmlNode *node, struct record *record)
{
	const char *wrong = NULL;

	/* virDomainGetMetadata(3), which was asked for this namespace, takes it off. */
	if (!node || (node->ns && strcmp((const char *)node->ns->href, RECORD_NAMESPACE) != 0))
		return "it is not of our namespace";
	if (strcmp((const char *)node->name, "master") == 0)
		record->role = RECORD_MASTER;
	else if (strcmp((const char *)node->name, "client") != 0)
		return "it is neither a client's nor a master's";
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields) && !wrong; i++)
		if (record->role == RECORD_CLIENT || fields[i].master)
			wrong = take_field(&fields[i], node, record);
	return wrong;
}

int record_parse(const char *xml, struct record *record, const char **what)
{
	size_t n = strlen(xml);
	xmlDoc *doc = NULL;

	memset(record, 0, sizeof(*record));
	strcpy(record->channel, "live");
	*what = "it is longer than 8192 bytes";
	if (n > RECORD_BYTES_MAX)
		return -EINVAL;
	doc = xmlReadMemory(
		xml, (int)n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	*what = doc && !doc->intSubset ? take(xmlDocGetRootElement(doc), record)
				       : "it is not XML of ours";
	xmlFreeDoc(doc);
	return *what ? -EINVAL : 0;
}

/* --- composing --- */

static bool attribute(xmlTextWriterPtr w, const char *name, const char *value)
{
	return xmlTextWriterWriteAttribute(w, (const xmlChar *)name, (const xmlChar *)value) >= 0;
}

static bool write_client(xmlTextWriterPtr w, const struct record *r)
{
	char address[XF_ADDR_TEXT_MAX], pin[16] = "";

	xf_addr_format(&r->address, address);
	if (r->pin)
		snprintf(pin, sizeof(pin), "%u", r->pin);
	return attribute(w, "address", address) && attribute(w, "pin", pin) &&
	       attribute(w, "channel", r->channel) && attribute(w, "admin", r->admin) &&
	       attribute(w, "hostkey", r->host_key);
}

static bool write_element(
	xmlTextWriterPtr w, const char *prefix, const char *namespace, const struct record *r)
{
	const char *name = r->role == RECORD_MASTER ? "master" : "client";

	return xmlTextWriterStartElementNS(w, (const xmlChar *)prefix, (const xmlChar *)name,
		       (const xmlChar *)namespace) >= 0 &&
	       attribute(w, "share", r->share) &&
	       (r->role == RECORD_MASTER || write_client(w, r)) &&
	       attribute(w, "state", states[r->state]) && attribute(w, "created", r->created) &&
	       xmlTextWriterEndElement(w) >= 0;
}

bool record_write(xmlTextWriterPtr w, const struct record *r)
{
	return write_element(w, RECORD_PREFIX, RECORD_NAMESPACE, r);
}

static char *format(const char *prefix, const char *namespace, const struct record *record)
{
	xmlBuffer *buffer = xmlBufferCreate();
	xmlTextWriter *w = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL;
	char *text = NULL;

	if (w && write_element(w, prefix, namespace, record) && xmlTextWriterFlush(w) >= 0)
		text = strdup((const char *)xmlBufferContent(buffer));
	xmlFreeTextWriter(w);
	xmlBufferFree(buffer);
	return text;
}

char *record_format(const struct record *record)
{
	return format(RECORD_PREFIX, RECORD_NAMESPACE, record);
}

char *record_format_bare(const struct record *record)
{
	return format(NULL, NULL, record);
}
