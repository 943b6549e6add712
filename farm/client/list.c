/* xenfarm client list and show. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "farm/client/boot-files.h"
#include "farm/client/client.h"
#include "farm/name.h"
#include "farm/output.h"
#include "farm/table.h"
#include "farm/virt/domain-xml.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

/* The columns of both: `list` has the first LIST_COLUMNS. */
enum {
	NAME,
	HOST,
	STATE,
	ADDRESS,
	GENERATION,
	PIN,
	CHANNEL,
	SHARE,
	GROUP,
	ADMIN,
	CREATED,
	UUID,
	LIST_COLUMNS,
	MEMORY = LIST_COLUMNS,
	CPUS,
	DISK,
	DISK_SIZE,
	DISK_USED,
	DEVICE,
	MAC,
	KERNEL,
	COMMAND_LINE,
	TITLE,
	HOST_KEY,
	COLUMNS
};

static const struct table_column columns[COLUMNS] = {
	[NAME] = { "name", "NAME", TABLE_TEXT, false },
	[HOST] = { "host", "HOST", TABLE_TEXT, true },
	[STATE] = { "state", "STATE", TABLE_TEXT, false },
	[ADDRESS] = { "address", "ADDRESS", TABLE_TEXT, false },
	[GENERATION] = { "generation", "GENERATION", TABLE_NUMBER, false },
	[PIN] = { "pin", "PIN", TABLE_NUMBER, false },
	[CHANNEL] = { "channel", "CHANNEL", TABLE_TEXT, false },
	[SHARE] = { "share", "SHARE", TABLE_TEXT, true },
	[GROUP] = { "group", "GROUPS", TABLE_LIST, false },
	[ADMIN] = { "admin", "ADMIN", TABLE_TEXT, false },
	[CREATED] = { "created", "CREATED", TABLE_TEXT, true },
	[UUID] = { "uuid", "UUID", TABLE_TEXT, true },
	[MEMORY] = { "memory", "MEMORY", TABLE_NUMBER, false },
	[CPUS] = { "cpus", "CPUS", TABLE_NUMBER, false },
	[DISK] = { "disk", "DISK", TABLE_TEXT, false },
	[DISK_SIZE] = { "disk_size", "DISK SIZE", TABLE_NUMBER, false },
	[DISK_USED] = { "disk_used", "DISK USED", TABLE_NUMBER, false },
	[DEVICE] = { "device", "DEVICE", TABLE_TEXT, false },
	[MAC] = { "mac", "MAC", TABLE_TEXT, false },
	[KERNEL] = { "kernel", "KERNEL", TABLE_TEXT, false },
	[COMMAND_LINE] = { "command_line", "COMMAND LINE", TABLE_TEXT, false },
	[TITLE] = { "title", "TITLE", TABLE_TEXT, false },
	[HOST_KEY] = { "host_key", "HOST KEY", TABLE_TEXT, false },
};

/* The texts of a row that are made here; what libvirt or a record holds is pointed at. */
struct row {
	const char *cell[COLUMNS];
	char *groups;
	char address[XF_ADDR_TEXT_MAX], number[COLUMNS][24];
	struct domain_xml_read domain;
};

static void set_number(struct row *row, int column, uint64_t value)
{
	snprintf(row->number[column], sizeof(row->number[column]), "%ju", (uintmax_t)value);
	row->cell[column] = row->number[column];
}

static void fill_record(struct row *row, const struct client_session *s, const struct client *c)
{
	uint32_t generation = client_generation(s, c);

	row->cell[NAME] = c->name;
	row->cell[HOST] = c->host->name;
	row->cell[STATE] = client_state(c);
	row->cell[UUID] = c->uuid;
	row->cell[GROUP] = row->groups = client_groups(s, c);
	if (c->damaged)
		return;
	row->cell[ADDRESS] = xf_addr_format(&c->record.address, row->address);
	row->cell[SHARE] = c->record.share;
	row->cell[CHANNEL] = c->record.pin ? NULL : c->record.channel;
	row->cell[ADMIN] = *c->record.admin ? c->record.admin : NULL;
	row->cell[CREATED] = c->record.created;
	row->cell[HOST_KEY] = *c->record.host_key ? c->record.host_key : NULL;
	if (generation)
		set_number(row, GENERATION, generation);
	if (c->record.pin)
		set_number(row, PIN, c->record.pin);
}

static void free_row(struct row *row)
{
	free(row->groups);
	domain_xml_free(&row->domain);
}

/* --- list --- */

/* A row for each host whose clients nobody knows. */
static int add_silent(const struct client_session *s, struct table *table)
{
	int r = 0;

	for (size_t i = 0; i < s->n_hosts && r == 0; i++) {
		const char *name = s->host[i].name;
		const char *cell[LIST_COLUMNS] = { [HOST] = name, [STATE] = "unreachable" };
		char all[NAME_LABEL_MAX + 3];

		snprintf(all, sizeof(all), "%s/*", name);
		cell[NAME] = all;
		if (s->host[i].state == HOST_SILENT)
			r = table_add(table, cell);
	}
	return r;
}

int client_list(void *options, char **arguments)
{
	struct farm_context *context = options;
	struct table_column shown[LIST_COLUMNS] = { 0 };
	AUTO_TABLE struct table *table = table_new("clients", shown, LIST_COLUMNS);
	AUTO_CLIENT_SELECTION struct client_selection selection = { 0 };
	struct client_session s = { .lock = -1 };
	int r = table ? client_configure(context) : -ENOMEM;

	memcpy(shown, columns, sizeof(shown));
	shown[GROUP].optional = context->settings.n_groups == 0;
	if (r == 0)
		r = table_check_style(table, &context->style);
	if (r == 0)
		r = client_session_begin(&s, context, true, arguments);
	if (r == 0)
		r = client_select(&s, arguments, !*arguments, &selection);
	for (size_t i = 0; i < selection.n && r == 0; i++) {
		struct row row = { 0 };

		fill_record(&row, &s, selection.client[i]);
		r = table_add(table, row.cell);
		free_row(&row);
	}
	if (r == 0 && !*arguments)
		r = add_silent(&s, table);
	if (r == 0)
		r = table_print(table, &context->style);
	return client_session_end(&s, r);
}

/* --- show --- */

static void fill_disk(struct row *row, const struct client *c)
{
	struct stat st;

	row->cell[DISK] = row->domain.disk;
	if (!row->domain.disk || !c->host->is_here || stat(row->domain.disk, &st) < 0)
		return;
	set_number(row, DISK_SIZE, (uint64_t)st.st_size >> 20);
	set_number(row, DISK_USED, ((uint64_t)st.st_blocks * 512 + (1 << 20) - 1) >> 20);
}

static int fill_domain(struct row *row, const struct client *c)
{
	AUTO_FREE char *xml = virDomainGetXMLDesc(c->domain, VIR_DOMAIN_XML_INACTIVE);

	if (!xml)
		return virt_error(NULL, "cannot read the domain %s", c->name);
	if (domain_xml_parse(xml, &row->domain) < 0)
		return -cli_error(EINVAL, "libvirt's XML of %s is not a domain", c->name);
	set_number(row, MEMORY, row->domain.memory);
	set_number(row, CPUS, row->domain.cpus);
	fill_disk(row, c);
	row->cell[DEVICE] = row->domain.device;
	row->cell[KERNEL] = row->domain.kernel;
	row->cell[COMMAND_LINE] = row->domain.cmdline;
	row->cell[TITLE] = row->domain.title;
	row->cell[MAC] = row->domain.mac;
	return 0;
}

static void print_row(const struct row *row, const struct client *c)
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (row->cell[i])
			output_line("%-13s %s%s", columns[i].name, row->cell[i],
				i == MEMORY || i == DISK_SIZE || i == DISK_USED ? " MiB" : "");
	if (c->damaged)
		output_line("%-13s %s", "record", c->damaged);
}

static int show(struct client_session *s, const struct client *c, struct table *table)
{
	struct row row = { 0 };
	int r;

	fill_record(&row, s, c);
	r = fill_domain(&row, c);
	if (r == 0)
		print_row(&row, c);
	if (r == 0)
		r = table_add(table, row.cell);
	free_row(&row);
	return r;
}

int client_show(void *options, char **arguments)
{
	struct farm_context *context = options;
	const struct table_style style = { .json = true };
	AUTO_TABLE struct table *table = table_new("clients", columns, COLUMNS);
	AUTO_CLIENT_SELECTION struct client_selection selection = { 0 };
	struct client_session s = { .lock = -1 };
	int r = table ? client_session_begin(&s, context, true, arguments) : -ENOMEM;

	if (r == 0)
		r = client_select(&s, arguments, context->client_options.all, &selection);
	for (size_t i = 0; i < selection.n && r == 0; i++) {
		if (i)
			output_line("%s", "");
		r = show(&s, selection.client[i], table);
	}
	if (r == 0 && context->options.json)
		r = table_print(table, &style);
	return client_session_end(&s, r);
}
