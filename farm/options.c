#include "farm/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "farm/say.h"

/* Letters in lower case are short options, too. */
static const struct row {
	char letter;
	const char *name, *argument, *help;
	size_t offset; /* of a const char * if there is an argument, otherwise of a bool */
} rows[] = {
#define TEXT(member) offsetof(struct options, member)
	{ 's', "share", "DIR", "the share (xenfarm.conf: share)", TEXT(share) },
	{ 'k', "key", "FILE", "the private key that signs (xenfarm.conf: key)", TEXT(key) },
	{ 'c', "config", "FILE", "instead of " XF_SYSCONFDIR "/xenfarm/xenfarm.conf",
		TEXT(config) },
	{ 'f', "from", "DIR|IMAGE", "the master's tree, or its disk: raw or qcow2", TEXT(from) },
	{ 'P', "partition", "N", "the image's root is in its Nth partition", TEXT(partition) },
	{ 'm', "note", "TEXT", "a remark that `list` shows", TEXT(note) },
	{ 'L', "layout", "FILE", "use this layout instead of detecting one", TEXT(layout) },
	{ 'U', "in-use-kernel", "V,...", "kernels that clients run: keep their modules",
		TEXT(in_use_kernel) },
	{ 'I', "no-initrd", NULL, "make no initrds", TEXT(no_initrd) },
	{ 'C', "checksum", NULL, "compare contents where size and time are equal", TEXT(checksum) },
	{ 'S', "strict", NULL, "publish nothing if a file seems to hold a secret", TEXT(strict) },
	{ 'K', "keep", "N", "leave the newest N generations (xenfarm.conf: keep)", TEXT(keep) },
	{ 'u', "in-use", "N,...", "generations that clients run from", TEXT(in_use) },
	{ 'W', "new-key", "FILE", "the private key that signs from now on; made if not there",
		TEXT(new_key) },
	{ 'n', "dry-run", NULL, "say what would be done, and do nothing", TEXT(dry_run) },
	{ 'j', "json", NULL, "results as JSON", TEXT(json) },
	{ 'q', "quiet", NULL, "no results in words", TEXT(quiet) },
	{ 'h', "help", NULL, "this text", TEXT(help) },
#undef TEXT
};

#define ROWS (sizeof(rows) / sizeof(*rows))

static const struct row *row_of(int letter)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].letter == letter)
			return &rows[i];
	return NULL;
}

/* The tables of getopt_long(3), of those rows that the command takes. */
static void make_tables(const char *letters, struct option longs[static ROWS + 1], char *shorts)
{
	size_t n = 0;

	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];

		if (!strchr(letters, row->letter))
			continue;
		longs[n++] = (struct option){ row->name, row->argument != NULL, NULL, row->letter };
		if (row->letter < 'a')
			continue;
		*shorts++ = row->letter;
		if (row->argument)
			*shorts++ = ':';
	}
	longs[n] = (struct option){ 0 };
	*shorts = '\0';
}

/* getopt_long(3) takes --in-use for --in-use-kernel where a command has only that one. */
static bool is_whole(const char *word, const struct row *row)
{
	size_t n = strlen(row->name);

	return strncmp(word, "--", 2) != 0 || (strncmp(word + 2, row->name, n) == 0 &&
						      (word[n + 2] == '\0' || word[n + 2] == '='));
}

static void take(const struct row *row, struct options *options)
{
	if (row->argument)
		*(const char **)((char *)options + row->offset) = optarg;
	else
		*(bool *)((char *)options + row->offset) = true;
}

int options_read(int argc, char **argv, const char *letters, struct options *options)
{
	struct option longs[ROWS + 1];
	char shorts[2 * ROWS + 2] = "-"; /* arguments come by in order, as the letter 1 */
	int letter, at = 1, n = 0;

	make_tables(letters, longs, shorts + 1);
	for (optind = 0; (letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1;
		at = optind) {
		const struct row *row = row_of(letter);

		if (letter == 1) {
			argv[++n] = optarg;
			continue;
		}
		if (row && !is_whole(argv[at], row)) {
			warn_user("unrecognized option '%s'", argv[at]);
			return -1;
		}
		if (!row)
			return -1;
		take(row, options);
	}
	/* Behind "--" */
	while (optind < argc)
		argv[++n] = argv[optind++];
	argv[n + 1] = NULL;
	return n;
}

void options_help(const char *letters)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		char left[40];

		if (!strchr(letters, row->letter))
			continue;
		snprintf(left, sizeof(left), "--%s %s", row->name,
			row->argument ? row->argument : "");
		if (row->letter < 'a')
			printf("      %-24s %s\n", left, row->help);
		else
			printf("  -%c, %-24s %s\n", row->letter, left, row->help);
	}
}

uint32_t options_number(const char *text)
{
	uint32_t number = 0;

	for (; *text >= '0' && *text <= '9' && number < 100000000; text++)
		number = number * 10 + (uint32_t)(*text - '0');
	return *text ? 0 : number;
}
