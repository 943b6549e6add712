/* What another generation would change here: xf-agent's plan of it, which nothing applies. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "agent/service/agentd.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/paths.h"
#include "lib/publish.h"
#include "lib/spawn.h"

#define PLAN_LIMIT  300                   /* seconds that a plan may take */
#define PLAN_BYTES  (64u << 20)           /* of its JSON */
#define ASKED_MAX   4                     /* in one go */
#define KEPT_TIME   600                   /* seconds for which a preview is kept */
#define LISTED_SIZE (FLEET_REPLY_MAX / 2) /* bytes of names that a list holds */

/* xf-agent WORD… --json. Returns its document, which the caller puts; NULL: none. *status is its
 * exit status. */
static struct json_object *run_agent(const char *const *argv, int *status)
{
	AUTO_CLOSE int out = memfd_create("plan", MFD_CLOEXEC);
	AUTO_BUF struct buf text = { 0 };
	struct spawn s = { .argv = argv, .out = out, .kept = -1, .limit = PLAN_LIMIT };

	*status = EXIT_UNDONE;
	if (out < 0 || spawn_run(&s, status) < 0 || lseek(out, 0, SEEK_SET) < 0 ||
		buf_read(&text, out, PLAN_BYTES) < 0)
		return NULL;
	buf_add(&text, "", 1);
	return text.failed ? NULL : json_tokener_parse(text.data);
}

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(o, key, &value);
	return value;
}

static unsigned int number(struct json_object *o, const char *key)
{
	int64_t n = json_object_get_int64(member(o, key));

	return n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (unsigned int)n;
}

static const char *text_of(struct json_object *o, const char *key)
{
	const char *text = json_object_get_string(member(o, key));

	return text ? text : "";
}

/* --- the list --- */

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

static void count(fleet_preview *p, const char *action)
{
	static const char *const updates[] = { "INSTALL", "MERGE", "MERGE-ROWS", "TAKE-META",
		"RELINK", NULL };

	p->updated += is_one_of(action, updates);
	p->removed += strcmp(action, "REMOVE") == 0;
}

/* What changes nothing is not listed. */
static bool is_change(const char *action)
{
	static const char *const others[] = { "ADOPT", "KEEP", "KEEP-DEL", "KEEP-META", "HELD",
		"DROP-BASE", "", NULL };

	return !is_one_of(action, others);
}

static void add_changes(fleet_preview *p, struct json_object *paths, size_t *bytes)
{
	size_t n =
		json_object_is_type(paths, json_type_array) ? json_object_array_length(paths) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(paths, i);
		const char *path = text_of(o, "path"), *action = text_of(o, "action");
		fleet_change change = { (char *)(uintptr_t)path, (char *)(uintptr_t)action };

		count(p, action);
		if (!is_change(action))
			continue;
		p->total++;
		*bytes += strlen(path) + strlen(action) + 16;
		if (*bytes <= LISTED_SIZE && p->list.list_len < FLEET_CHANGES_MAX &&
			strlen(path) <= FLEET_PATH_MAX && strlen(action) <= FLEET_WORD_MAX)
			p->list.list_val[p->list.list_len++] = change;
	}
}

/* --- one preview --- */

/* The conflicts that are pending since this generation. */
static unsigned int count_new(struct json_object *conflicts, unsigned int generation)
{
	size_t n = json_object_is_type(conflicts, json_type_array)
			   ? json_object_array_length(conflicts)
			   : 0;
	unsigned int found = 0;

	for (size_t i = 0; i < n; i++)
		found +=
			number(json_object_array_get_idx(conflicts, i), "generation") == generation;
	return found;
}

static unsigned int count_units(struct json_object *users)
{
	size_t n =
		json_object_is_type(users, json_type_array) ? json_object_array_length(users) : 0;
	unsigned int units = 0;
	const char *before = "";

	for (size_t i = 0; i < n; i++) {
		const char *unit = text_of(json_object_array_get_idx(users, i), "unit");

		units += strcmp(unit, before) != 0;
		before = unit;
	}
	return units;
}

static void add_restarts(fleet_preview *p, struct json_object *restarts)
{
	const char *kernel = text_of(restarts, "kernel");

	p->restarts = count_units(member(restarts, "restart"));
	p->reboot = json_object_get_boolean(member(restarts, "reboot"));
	if (strlen(kernel) <= FLEET_WORD_MAX && fleet_word_ok(kernel))
		p->kernel = (char *)(uintptr_t)kernel;
}

static bool planned(int status)
{
	return status == 0 || status == EXIT_CONFLICTS || status == EXIT_DEFERRED;
}

/* The last message of a plan that failed, as far as it is one line of text. */
static void set_why(fleet_preview_answer *a, struct json_object *plan, int status, char *why)
{
	struct json_object *list = member(plan, "messages");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	const char *last = n ? json_object_get_string(json_object_array_get_idx(list, n - 1)) : "";

	snprintf(why, FLEET_WHY_MAX, "%s", last);
	if (!*why || !fleet_line_ok(why))
		snprintf(why, FLEET_WHY_MAX, "xf-agent plan ended with status %d", status);
	a->result = FLEET_FAILED;
	a->fleet_preview_answer_u.why = why;
}

static int publish_answer(int reports, const char *generation, const fleet_preview_answer *a)
{
	AUTO_BUF struct buf bytes = { 0 };
	char name[32];
	int r = fleet_encode((xdrproc_t)xdr_fleet_preview_answer, a, &bytes);

	snprintf(name, sizeof(name), PATH_REPORT_PREVIEW "%s", generation);
	return r < 0 ? r : publish_file(reports, name, 0640, bytes.data, bytes.size);
}

static int make(int reports, const char *generation)
{
	const char *const plan_argv[] = { "xf-agent", "plan", "--generation", generation, "--json",
		NULL },
			  *const restarts_argv[] = { "xf-agent", "restarts", "--generation",
				  generation, "--json", NULL };
	AUTO_FREE fleet_change *list = calloc(FLEET_CHANGES_MAX, sizeof(*list));
	fleet_preview_answer a = { .result = FLEET_OK };
	fleet_preview *p = &a.fleet_preview_answer_u.preview;
	struct json_object *plan, *restarts;
	char why[FLEET_WHY_MAX];
	size_t bytes = 0;
	int status, r;

	if (!list)
		return -ENOMEM;
	*p = (fleet_preview){ .generation = (u_int)strtoul(generation, NULL, 10),
		.kernel = (char *)"",
		.made = time(NULL),
		.list.list_val = list };
	plan = run_agent(plan_argv, &status);
	if (!planned(status) || !plan) {
		set_why(&a, plan, status, why);
		r = publish_answer(reports, generation, &a);
		json_object_put(plan);
		return r;
	}
	p->from = number(plan, "from");
	p->conflicts = number(plan, "pending");
	p->deferred = number(plan, "deferred");
	add_changes(p, member(plan, "paths"), &bytes);
	p->conflicts_new = count_new(member(plan, "conflicts"), p->generation);
	restarts = run_agent(restarts_argv, &status);
	if (restarts && status == 0)
		add_restarts(p, restarts);
	r = publish_answer(reports, generation, &a);
	json_object_put(plan);
	json_object_put(restarts);
	return r;
}

/* A number, and as xf-agentd writes it. */
static bool is_generation(const char *text)
{
	char again[16];

	snprintf(again, sizeof(again), "%u", (u_int)strtoul(text, NULL, 10));
	return *text != '0' && strcmp(text, again) == 0;
}

static int make_asked(void *context, int asked, const char *name, const char *generation)
{
	int *reports = context, r = 0;

	if (is_generation(generation))
		r = make(*reports, generation);
	if (r < 0)
		cli_error(r, "a preview of generation %s", generation);
	/* In any case: what fails once more would be tried for ever. */
	return unlinkat(asked, name, 0) < 0 ? cli_error(-errno, "%s/%s", PATH_RUN_ASKED, name) : r;
}

static int remove_old(void *context, int reports, const char *name, const char *rest)
{
	struct stat st;

	(void)context;
	(void)rest;
	if (fstatat(reports, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		st.st_mtime + KEPT_TIME < time(NULL))
		unlinkat(reports, name, 0);
	return 0;
}

int agentd_preview(int asked, int reports)
{
	int r = agentd_each(reports, PATH_REPORT_PREVIEW, 1000, remove_old, NULL);

	return r < 0 ? r : agentd_each(asked, PATH_ASKED_PREVIEW, ASKED_MAX, make_asked, &reports);
}
