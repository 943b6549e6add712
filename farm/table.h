/*
 * What a command lists: one table of texts, which is printed for a person (aligned, by
 * libsmartcols(3)), for a script (one blank between columns, no blanks within) or as JSON. Rows are
 * filtered and sorted in the same way for all of them.
 */
#ifndef FARM_TABLE_H
#define FARM_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum table_type {
	TABLE_TEXT,
	TABLE_NUMBER,
	TABLE_BOOL, /* "yes" or "no" */
	TABLE_LIST  /* words with commas between them: an array in JSON; a filter is to match one */
};

struct table_column {
	const char *name;  /* in JSON, --columns, --sort and --filter: stays as it is for ever */
	const char *title; /* for a person */
	enum table_type type;
	bool optional; /* printed for a person only if --columns names it */
};

/* The options that all listing commands have; NULL and false: not given. */
struct table_style {
	bool json, no_header;
	const char *format;  /* "table", "raw" or "json" */
	const char *columns; /* names with commas between them; "all" */
	const char *sort;    /* a column's name, "-" before it: the largest first */
	const char *filter;  /* NAME=PATTERN, several with commas between them: all must match */
};

struct table;

/* what: the rows' name in JSON ("clients"). columns, n of them, live as long as the table. NULL
 * without memory. */
struct table *table_new(const char *what, const struct table_column *columns, size_t n);
void table_free(struct table **table);
#define AUTO_TABLE __attribute__((cleanup(table_free)))

/* Add a row: a text for each column, which is copied, or NULL if there is none. 0 or -ENOMEM. */
int table_add(struct table *table, const char *const *cells);

/* In JSON, let the document have that beside the rows; the value is the table's from now on. */
struct json_object;
void table_set_json(struct table *table, const char *name, struct json_object *value);

/*
 * Check what a person wrote against the table's columns, before the work that fills it. Returns 0,
 * or -EINVAL after a message.
 */
int table_check_style(const struct table *table, const struct table_style *style);

/* Is it printed for a person, who also reads lines that are not of the table? */
bool table_is_for_person(const struct table_style *style);

/*
 * Print it: JSON is {"version": 1, WHAT: [{…}, …]} with all columns, or those that --columns names.
 * Returns 0, -EINVAL after a message as table_check_style(), or -ENOMEM.
 */
int table_print(struct table *table, const struct table_style *style);

#endif
