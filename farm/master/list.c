/* xenfarm master list and show. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "farm/master/boot.h"
#include "farm/master/master.h"
#include "farm/output.h"
#include "farm/table.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/json.h"

enum {
	NAME,
	STATE,
	SYSTEM,
	ADDRESS,
	MEMORY,
	CPUS,
	DISK,
	SIZE,
	USED,
	SHARE,
	UUID,
	CREATED,
	N_CELLS
};

static const struct table_column columns[N_CELLS] = {
	[NAME] = { "name", "NAME", TABLE_TEXT, false },
	[STATE] = { "state", "STATE", TABLE_TEXT, false },
	[SYSTEM] = { "system", "SYSTEM", TABLE_TEXT, false },
	[ADDRESS] = { "address", "ADDRESS", TABLE_TEXT, false },
	[MEMORY] = { "memory", "MEMORY", TABLE_NUMBER, true },
	[CPUS] = { "cpus", "CPUS", TABLE_NUMBER, true },
	[DISK] = { "disk", "DISK", TABLE_TEXT, false },
	[SIZE] = { "size", "SIZE", TABLE_NUMBER, false },
	[USED] = { "used", "USED", TABLE_NUMBER, false },
	[SHARE] = { "share", "SHARE", TABLE_TEXT, true },
	[UUID] = { "uuid", "UUID", TABLE_TEXT, true },
	[CREATED] = { "created", "CREATED", TABLE_TEXT, true },
};

/* A row of texts, with room for those that are made here. */
struct row {
	const char *cell[N_CELLS];
	char address[XF_ADDR_TEXT_MAX], memory[16], cpus[16], size[24], used[24];
	struct os_release os;
};

static void take_disk(const char *path, struct row *row)
{
	struct stat st;

	row->cell[DISK] = path;
	if (!path || stat(path, &st) < 0)
		return;
	snprintf(row->size, sizeof(row->size), "%ju", (uintmax_t)st.st_size >> 20);
	snprintf(row->used, sizeof(row->used), "%ju", (uintmax_t)st.st_blocks >> 11);
	row->cell[SIZE] = row->size;
	row->cell[USED] = row->used;
}

static void take_system(const struct master_session *s, const struct master *m, struct row *row)
{
	AUTO_FREE char *boot = master_boot_directory(s, m->name);

	if (boot)
		master_boot_os(boot, &row->os);
	row->cell[SYSTEM] = row->os.pretty_name[0] ? row->os.pretty_name : NULL;
}

static void describe(const struct master_session *s, const struct master *m, struct row *row)
{
	struct xf_addr address;

	memset(row, 0, sizeof(*row));
	row->cell[NAME] = m->name;
	row->cell[STATE] = master_state(m);
	row->cell[UUID] = m->uuid;
	row->cell[SHARE] = m->damaged ? NULL : m->record.share;
	row->cell[CREATED] = m->damaged ? NULL : m->record.created;
	snprintf(row->memory, sizeof(row->memory), "%u", m->domain_xml.memory);
	snprintf(row->cpus, sizeof(row->cpus), "%u", m->domain_xml.cpus);
	row->cell[MEMORY] = row->memory;
	row->cell[CPUS] = row->cpus;
	take_disk(m->domain_xml.disk, row);
	take_system(s, m, row);
	if (master_address(m, &address)) {
		xf_addr_format(&address, row->address);
		row->cell[ADDRESS] = row->address;
	}
}

static int list(struct master_session *s)
{
	AUTO_TABLE struct table *table = table_new("masters", columns, ARRAY_SIZE(columns));
	struct master_list masters = { 0 };
	int r = table ? table_check_style(table, &s->context->style)
		      : cli_error(-ENOMEM, "the list of masters");

	if (r == 0)
		r = master_list_load(s->connection, &masters);
	for (size_t i = 0; r == 0 && i < masters.n; i++) {
		struct row row;

		describe(s, &masters.master[i], &row);
		r = table_add(table, row.cell);
	}
	if (r == 0)
		r = table_print(table, &s->context->style);
	master_list_free(&masters);
	return r;
}

int master_cmd_list(void *options, char **arguments)
{
	struct master_session session;
	int r = master_session_begin(&session, options, true);

	(void)arguments;
	if (r == 0)
		r = list(&session);
	return master_session_end(&session, r);
}

/* --- one --- */

static void show_json(const struct row *row)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "version", json_object_new_int(1));
	for (size_t i = 0; i < N_CELLS; i++) {
		const char *cell = row->cell[i];
		struct json_object *value = NULL;

		if (cell && columns[i].type == TABLE_NUMBER)
			value = json_object_new_int64(strtoll(cell, NULL, 10));
		else if (cell)
			value = json_object_new_string(cell);
		json_object_object_add(o, columns[i].name, value);
	}
	json_print(o);
}

int master_cmd_show(void *options, char **arguments)
{
	struct farm_context *c = options;
	struct master_session session;
	AUTO_MASTER struct master m = { 0 };
	int r = master_session_begin(&session, c, true);

	if (r == 0)
		r = master_find(&session, arguments[0], &m);
	if (r == 0) {
		struct row row;

		describe(&session, &m, &row);
		for (size_t i = 0; i < N_CELLS; i++)
			output_line("%-8s  %s", columns[i].name, row.cell[i] ? row.cell[i] : "-");
		if (m.damaged)
			output_line("%-8s  %s", "damaged", m.damaged);
		if (c->options.json)
			show_json(&row);
	}
	return master_session_end(&session, r);
}
