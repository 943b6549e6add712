#include "kernel-cmdline/tool/facts.h"
#include "kernel-cmdline/tool/text.h"
#include "kernel-cmdline/tool/tool.h"
#include "lib/cli.h"
#include "lib/exit.h"
#include "lib/json.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_table(const struct facts *facts)
{
	for (unsigned int i = 0; i < facts->n; i++) {
		const struct fact *f = &facts->fact[i];
		const char *value = f->value[0] ? f->value : "-";

		if (f->kind == FACT_BOOL)
			value = f->value[0] == '1' ? "yes" : "no";
		printf("%-14s ", f->key);
		text_show(stdout, value, strlen(value));
		if (f->note[0])
			printf("  (%s)", f->note);
		putchar('\n');
	}
	return EXIT_SUCCESS;
}

static int print_sh(const struct facts *facts)
{
	for (unsigned int i = 0; i < facts->n; i++) {
		fputs("XF_", stdout);
		for (const char *k = facts->fact[i].key; *k; k++)
			putchar(toupper((unsigned char)*k));
		fputs("='", stdout);
		for (const char *v = facts->fact[i].value; *v; v++) {
			if (*v == '\'')
				fputs("'\\''", stdout);
			else
				putchar(*v);
		}
		fputs("'\n", stdout);
	}
	return EXIT_SUCCESS;
}

/* JSON cannot hold bytes that are not UTF-8: the first fact with such bytes, or NULL. */
static const struct fact *not_utf8(const struct facts *facts)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL), before = uselocale(utf8);
	const struct fact *found = NULL;

	for (unsigned int i = 0; i < facts->n && !found; i++)
		if (mbstowcs(NULL, facts->fact[i].value, 0) == (size_t)-1)
			found = &facts->fact[i];
	uselocale(before);
	freelocale(utf8);
	return found;
}

static struct json_object *json_list(const char *value)
{
	struct json_object *list = json_object_new_array();

	while (*value) {
		size_t n = strcspn(value, " ");

		json_object_array_add(list, json_object_new_string_len(value, (int)n));
		value += n + (value[n] == ' ');
	}
	return list;
}

static struct json_object *json_value(const struct fact *f)
{
	if (f->kind == FACT_LIST)
		return json_list(f->value);
	if (f->kind == FACT_BOOL)
		return json_object_new_boolean(f->value[0] == '1');
	if (!f->value[0])
		return NULL;
	if (f->kind == FACT_NUMBER)
		return json_object_new_int64(strtoll(f->value, NULL, 10));
	return json_object_new_string(f->value);
}

static int print_json(const struct facts *facts)
{
	const struct fact *bad = not_utf8(facts);
	struct json_object *all;

	if (bad)
		return cli_error(
			EXIT_FAILURE, "%s is not UTF-8, JSON cannot hold it: use --sh", bad->key);
	all = json_object_new_object();
	for (unsigned int i = 0; i < facts->n; i++)
		json_object_object_add(all, facts->fact[i].key, json_value(&facts->fact[i]));
	json_print(all);
	return EXIT_SUCCESS;
}

/* Returns the length without the last newline, or a negative errno after saying what is wrong. */
static int read_file(const char *name, char text[static TEXT_BYTES_MAX])
{
	FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
	int error = 0;
	size_t n;

	if (!file)
		return cli_error(-errno, "cannot open %s", name);
	errno = 0;
	n = fread(text, 1, TEXT_BYTES_MAX, file);
	if (ferror(file))
		error = cli_error(-errno, "cannot read %s", name);
	else if (n == TEXT_BYTES_MAX)
		error = cli_error(
			-E2BIG, "%s: not a command line: %d bytes or more", name, TEXT_BYTES_MAX);
	if (file != stdin)
		fclose(file);
	if (error)
		return error;
	return (int)(n && text[n - 1] == '\n' ? n - 1 : n);
}

int xfnet_explain(void *options, char **arguments)
{
	const struct xfnet_options *o = options;
	static struct xf_cmdline cmdline;
	static char text[TEXT_BYTES_MAX];
	static struct facts facts;
	int length;

	if (o->cmdline && arguments[0])
		return cli_error(EXIT_USAGE, "explain: a text or --cmdline, not both");
	if (arguments[0])
		length = text_join(arguments, text);
	else
		length = read_file(o->cmdline ? o->cmdline : "/proc/cmdline", text);
	if (length < 0 || text_read(text, (size_t)length, &cmdline) < 0)
		return EXIT_FAILURE;
	facts_make(&cmdline, &facts);
	return o->json ? print_json(&facts) : o->sh ? print_sh(&facts) : print_table(&facts);
}
