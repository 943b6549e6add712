#include "farm/table.h"

#include <errno.h>
#include <fnmatch.h>
#include <libsmartcols.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/json.h"

#define COLUMNS_MAX 32

struct table {
	const char *what;
	const struct table_column *columns;
	size_t n_columns;
	char ***row; /* a text or NULL for each column */
	size_t n_rows;
	const char *more; /* in JSON, beside the rows; NULL: nothing */
	struct json_object *more_json;
};

/* What a style says, by the table's columns. */
struct view {
	size_t column[COLUMNS_MAX], n; /* those that are printed, in this order */
	size_t filter[COLUMNS_MAX], n_filters;
	char *pattern[COLUMNS_MAX];
	size_t sort;
	bool is_sorted, reversed;
	char *texts; /* that the patterns point into */
};

struct table *table_new(const char *what, const struct table_column *columns, size_t n)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t)
		*t = (struct table){ .what = what, .columns = columns, .n_columns = n };
	return t;
}

void table_set_json(struct table *t, const char *name, struct json_object *value)
{
	json_object_put(t->more_json);
	t->more = name;
	t->more_json = value;
}

void table_free(struct table **table)
{
	struct table *t = *table;

	if (!t)
		return;
	for (size_t i = 0; i < t->n_rows; i++) {
		for (size_t j = 0; j < t->n_columns; j++)
			free(t->row[i][j]);
		free(t->row[i]);
	}
	free(t->row);
	json_object_put(t->more_json);
	free(t);
	*table = NULL;
}

int table_add(struct table *t, const char *const *cells)
{
	char **row;
	bool failed = false;

	if (!ARRAY_GROW(t->row, t->n_rows))
		return -ENOMEM;
	row = calloc(t->n_columns, sizeof(*row));
	if (!row)
		return -ENOMEM;
	t->row[t->n_rows++] = row;
	for (size_t i = 0; i < t->n_columns; i++) {
		row[i] = cells[i] ? strdup(cells[i]) : NULL;
		failed |= cells[i] && !row[i];
	}
	return failed ? -ENOMEM : 0;
}

/* --- what the style says --- */

static int find_column(const struct table *t, const char *name, size_t *index)
{
	AUTO_BUF struct buf known = { 0 };

	for (size_t i = 0; i < t->n_columns; i++)
		if (strcmp(t->columns[i].name, name) == 0) {
			*index = i;
			return 0;
		}
	for (size_t i = 0; i < t->n_columns; i++)
		buf_printf(&known, "%s%s", i ? ", " : "", t->columns[i].name);
	return -cli_error(EINVAL, "unknown column: %s; there are %.*s", name, (int)known.size,
		known.size ? known.data : "");
}

static int choose_columns(const struct table *t, const struct table_style *style, struct view *v)
{
	bool all = style->json || (style->columns && strcmp(style->columns, "all") == 0);
	AUTO_FREE char *names = NULL;
	char *next, *name;
	int r = 0;

	if (!style->columns || all) {
		for (size_t i = 0; i < t->n_columns; i++)
			if (all || !t->columns[i].optional)
				v->column[v->n++] = i;
		if (!style->columns || strcmp(style->columns, "all") == 0)
			return 0;
		v->n = 0;
	}
	names = next = strdup(style->columns);
	if (!names)
		return -ENOMEM;
	while (r == 0 && (name = strsep(&next, ",")) != NULL)
		r = v->n < COLUMNS_MAX ? find_column(t, name, &v->column[v->n++])
				       : -cli_error(EINVAL, "--columns: too many");
	return r;
}

static int choose_rows(const struct table *t, const struct table_style *style, struct view *v)
{
	char *next, *term;
	int r = 0;

	if (!style->filter)
		return 0;
	v->texts = next = strdup(style->filter);
	if (!next)
		return -ENOMEM;
	while (r == 0 && (term = strsep(&next, ",")) != NULL) {
		char *equals = strchr(term, '=');

		if (v->n_filters == COLUMNS_MAX)
			return -cli_error(EINVAL, "--filter: too many");
		if (!equals)
			return -cli_error(
				EINVAL, "--filter: %s is not of the form NAME=PATTERN", term);
		*equals = '\0';
		r = find_column(t, term, &v->filter[v->n_filters]);
		v->pattern[v->n_filters++] = equals + 1;
	}
	return r;
}

static int choose_order(const struct table *t, const struct table_style *style, struct view *v)
{
	v->is_sorted = style->sort != NULL;
	if (!v->is_sorted)
		return 0;
	v->reversed = *style->sort == '-';
	return find_column(t, style->sort + v->reversed, &v->sort);
}

static int check_format(const struct table_style *style)
{
	if (!style->format || cli_in_list("table raw json", style->format))
		return 0;
	return -cli_error(EINVAL, "--format: %s is not table, raw or json", style->format);
}

static int understand(const struct table *t, const struct table_style *style, struct view *v)
{
	int r = check_format(style);

	if (r == 0)
		r = choose_columns(t, style, v);
	if (r == 0)
		r = choose_rows(t, style, v);
	return r == 0 ? choose_order(t, style, v) : r;
}

int table_check_style(const struct table *t, const struct table_style *style)
{
	struct view view = { 0 };
	int r = understand(t, style, &view);

	free(view.texts);
	return r;
}

/* --- rows --- */

struct sorting {
	const struct table *table;
	const struct view *view;
};

static const char *cell(const struct table *t, size_t row, size_t column)
{
	return t->row[row][column];
}

static bool matches(enum table_type type, const char *pattern, const char *text)
{
	AUTO_FREE char *words = type == TABLE_LIST ? strdup(text) : NULL;
	char *next = words, *word;
	bool any = false;

	if (!words)
		return fnmatch(pattern, text, FNM_NOESCAPE) == 0;
	while (!any && (word = strsep(&next, ",")) != NULL)
		any = fnmatch(pattern, word, FNM_NOESCAPE) == 0;
	return any;
}

static bool is_shown(const struct table *t, const struct view *v, size_t row)
{
	for (size_t i = 0; i < v->n_filters; i++) {
		size_t column = v->filter[i];
		const char *text = cell(t, row, column);

		if (!matches(t->columns[column].type, v->pattern[i], text ? text : ""))
			return false;
	}
	return true;
}

/* Numbers by their value, texts so that "web10" comes after "web9". */
static int compare(const void *a, const void *b, void *arg)
{
	const struct sorting *s = arg;
	const size_t *x = a, *y = b;
	const char *left = cell(s->table, *x, s->view->sort);
	const char *right = cell(s->table, *y, s->view->sort);
	int order = strverscmp(left ? left : "", right ? right : "");

	if (order == 0)
		return (*x > *y) - (*x < *y);
	return s->view->reversed ? -order : order;
}

/* The rows that are printed, in their order. */
static size_t *choose(const struct table *t, const struct view *v, size_t *n)
{
	struct sorting sorting = { t, v };
	size_t *rows = calloc(t->n_rows + 1, sizeof(*rows));

	*n = 0;
	for (size_t i = 0; rows && i < t->n_rows; i++)
		if (is_shown(t, v, i))
			rows[(*n)++] = i;
	if (rows && v->is_sorted)
		qsort_r(rows, *n, sizeof(*rows), compare, &sorting);
	return rows;
}

/* --- the ways to print them --- */

static struct json_object *json_list(const char *text)
{
	struct json_object *list = json_object_new_array();
	size_t n;

	for (; *text; text += n, text += *text == ',') {
		n = strcspn(text, ",");
		json_object_array_add(list, json_object_new_string_len(text, (int)n));
	}
	return list;
}

static struct json_object *json_value(enum table_type type, const char *text)
{
	if (type == TABLE_LIST)
		return json_list(text ? text : "");
	if (!text)
		return NULL;
	if (type == TABLE_NUMBER && strchr(text, '.'))
		return json_object_new_double_s(strtod(text, NULL), text);
	if (type == TABLE_NUMBER)
		return json_object_new_int64(strtoll(text, NULL, 10));
	if (type == TABLE_BOOL)
		return json_object_new_boolean(strcmp(text, "yes") == 0);
	return json_object_new_string(text);
}

static int print_json(const struct table *t, const struct view *v, const size_t *rows, size_t n)
{
	struct json_object *list = json_object_new_array(), *document;

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_new_object();

		for (size_t j = 0; j < v->n; j++) {
			const struct table_column *c = &t->columns[v->column[j]];

			json_object_object_add(
				o, c->name, json_value(c->type, cell(t, rows[i], v->column[j])));
		}
		json_object_array_add(list, o);
	}
	document = json_document(t->what, list);
	if (t->more)
		json_object_object_add(document, t->more, json_object_get(t->more_json));
	json_print(document);
	return 0;
}

static int fill(struct libscols_table *drawn, const struct table *t, const struct view *v,
	const size_t *rows, size_t n)
{
	int r = 0;

	for (size_t j = 0; j < v->n; j++) {
		const struct table_column *c = &t->columns[v->column[j]];

		if (!scols_table_new_column(
			    drawn, c->title, 0, c->type == TABLE_NUMBER ? SCOLS_FL_RIGHT : 0))
			return -ENOMEM;
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		struct libscols_line *line = scols_table_new_line(drawn, NULL);

		r = line ? 0 : -ENOMEM;
		for (size_t j = 0; j < v->n && r == 0; j++)
			r = scols_line_set_data(line, j, cell(t, rows[i], v->column[j]));
	}
	return r;
}

static int print_text(const struct table *t, const struct table_style *style, const struct view *v,
	const size_t *rows, size_t n)
{
	struct libscols_table *drawn = scols_new_table();
	bool raw = style->format && strcmp(style->format, "raw") == 0;
	int r = drawn ? fill(drawn, t, v, rows, n) : -ENOMEM;

	if (r == 0) {
		scols_table_enable_raw(drawn, raw);
		scols_table_enable_noheadings(drawn, style->no_header);
		r = scols_print_table(drawn);
	}
	scols_unref_table(drawn);
	return r < 0 ? cli_error(r, "the table") : 0;
}

bool table_is_for_person(const struct table_style *style)
{
	return !style->json && (!style->format || strcmp(style->format, "table") == 0);
}

int table_print(struct table *t, const struct table_style *given)
{
	struct table_style style = *given;
	struct view view = { 0 };
	AUTO_FREE size_t *rows = NULL;
	size_t n = 0;
	int r;

	style.json |= style.format && strcmp(style.format, "json") == 0;
	r = understand(t, &style, &view);
	if (r == 0 && !(rows = choose(t, &view, &n)))
		r = cli_error(-ENOMEM, "the table");
	if (r == 0)
		r = style.json ? print_json(t, &view, rows, n)
			       : print_text(t, &style, &view, rows, n);
	free(view.texts);
	return r;
}
