/* Metadata and domains' XML of libvirt, which anybody who may define domains can write. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "farm/virt/domain-xml.h"
#include "farm/virt/record.h"

/* What was read can be written, and is then read as the same. */
static void check_record(const char *xml)
{
	struct record record, again;
	const char *what = NULL;
	char *text;

	if (record_parse(xml, &record, &what) < 0) {
		if (!what)
			abort();
		return;
	}
	text = record_format(&record);
	if (!text || record_parse(text, &again, &what) < 0 || again.role != record.role ||
		strcmp(again.admin, record.admin) != 0 || strcmp(again.share, record.share) != 0 ||
		strcmp(again.channel, record.channel) != 0 || again.pin != record.pin ||
		again.state != record.state)
		abort();
	free(text);
}

static void check_domain(const char *xml)
{
	struct domain_xml_change change = { .title = "<&>", .cmdline = "a=\"<&>\"" };
	struct domain_xml_read domain, again;
	char *changed;

	if (domain_xml_parse(xml, &domain) < 0)
		return;
	domain_xml_free(&domain);
	changed = domain_xml_change(xml, &change);
	if (changed) {
		if (domain_xml_parse(changed, &again) < 0 || !again.cmdline ||
			strcmp(again.cmdline, change.cmdline) != 0)
			abort();
		domain_xml_free(&again);
	}
	free(changed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *xml = malloc(size + 1);

	if (!xml)
		return 0;
	memcpy(xml, data, size);
	xml[size] = '\0';
	check_record(xml);
	check_domain(xml);
	free(xml);
	return 0;
}
