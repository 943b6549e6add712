/* xenfarm doctor: is all of this server, and of the farm's other hosts, as it should be? */
#include <errno.h>
#include <stdlib.h>

#include "farm/client/doctor.h"
#include "farm/net/doctor.h"
#include "farm/output.h"
#include "farm/table.h"
#include "farm/xenfarm.h"
#include "lib/array.h"

static const struct table_column columns[] = {
	{ "check", "CHECK", TABLE_TEXT, false },
	{ "state", "STATE", TABLE_TEXT, false },
	{ "finding", "FINDING", TABLE_TEXT, false },
	{ "mend", "TO MEND IT", TABLE_TEXT, false },
};

static const char *const states[] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_WARNING] = "warning",
	[DOCTOR_FAILED] = "failed",
	[DOCTOR_SKIPPED] = "skipped",
};

static void add(void *arg, const char *name, const struct doctor_finding *f)
{
	const char *cells[ARRAY_SIZE(columns)] = { name, states[f->state], f->text,
		f->mend[0] ? f->mend : NULL };

	table_add(arg, cells);
}

int cmd_net_doctor(void *options, char **arguments)
{
	struct farm_context *context = options;
	AUTO_TABLE struct table *table = table_new("checks", columns, ARRAY_SIZE(columns));
	int r = table ? farm_context_configure(context) : cli_error(-ENOMEM, "doctor");
	int failed, there = 0;

	(void)arguments;
	if (r == 0)
		r = table_check_style(table, &context->style);
	if (r < 0)
		return farm_exit_status(r);
	failed = doctor_run(context, add, table);
	if (failed >= 0 && !context->net_options.here)
		there = client_doctor(context, add, table);
	failed = there < 0 ? there : failed + there;
	if (failed < 0)
		return farm_exit_status(failed);
	r = table_print(table, &context->style);
	if (failed && !context->style.json)
		cli_error(0, "%d of these checks failed", failed);
	return failed ? EXIT_FAILURE : farm_exit_status(r);
}
