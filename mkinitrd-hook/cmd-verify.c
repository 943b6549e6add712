/* xf-mkinitrd verify: check that a client will boot with it */
#include "initrd/modtable.h"
#include "lib/cli.h"
#include "mkinitrd-hook/build/elf.h"
#include "mkinitrd-hook/build/init-check.h"
#include "mkinitrd-hook/command.h"
#include "mkinitrd-hook/initrd-file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OWN_DIRECTORY "lib/xenfarm/"

/* The check of one image; all its problems are reported. */
struct check {
	const char *path;
	const struct initrd_index *index;
	unsigned int problems;
};

static void __attribute__((format(printf, 2, 3))) problem(struct check *check, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", check->path);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	check->problems++;
}

static bool is_type(const struct index_file *file, mode_t type)
{
	return file && (file->entry.mode & S_IFMT) == type;
}

/* Its contents, or an empty blob after problem(). */
static struct blob find_program(struct check *check, const char *name)
{
	const struct index_file *file = index_find(check->index, name);

	if (!is_type(file, S_IFREG)) {
		problem(check, "/%s is not in it, or no regular file", name);
		return (struct blob){ 0 };
	}
	if (!(file->entry.mode & 0100))
		problem(check, "/%s may not be executed", name);
	return index_content(check->index, file);
}

static void check_programs(struct check *check)
{
	const struct blob init = find_program(check, "init"),
			  shutdown = find_program(check, "shutdown");
	char path[PATH_MAX];
	int rc;

	if (!init_check_is_ours(&init))
		problem(check, "/init is not xf-init: `xf-mkinitrd exchange` puts it in");
	else if ((rc = init_check_runs(&init)))
		problem(check, "/init does not run here: %s", strerror(-rc));
	if (shutdown.size && elf_check_static(&shutdown))
		problem(check, "/shutdown is no static program");
	if (index_resolve(check->index, "sbin/modprobe", true, path) || strcmp(path, "init"))
		problem(check, "/sbin/modprobe does not lead to /init: the kernel would not get "
			       "the modules that it asks for");
}

static void check_directories(struct check *check)
{
	static const char *const directories[] = { "dev", "mroot", "proc", "root", "run", "sys",
		"tmp", "tools" };

	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		if (!is_type(index_lookup(check->index, directories[i]), S_IFDIR))
			problem(check, "/%s is not in it, or no directory", directories[i]);
}

static void check_module(
	struct check *check, struct modtable *table, const struct modtable_module *module)
{
	char path[PATH_MAX], name[64];
	const struct index_file *file;

	if (module->builtin)
		return;
	snprintf(path, sizeof(path), OWN_DIRECTORY "%s", module->file);
	file = index_lookup(check->index, path);
	if (!is_type(file, S_IFREG) || !index_content(check->index, file).size)
		problem(check, "module %s: /%s is not in it, or empty", module->name, path);
	for (const char *p = module->deps; *p; p += *p == ',') {
		size_t n = strcspn(p, ",");

		snprintf(name, sizeof(name), "%.*s", (int)n, p);
		if (!modtable_find(table, name))
			problem(check, "module %s needs %s, which is not in it", module->name,
				name);
		p += n;
	}
}

static void check_modules(struct check *check)
{
	const struct index_file *file = index_lookup(check->index, OWN_DIRECTORY "modules");
	const struct blob content =
		is_type(file, S_IFREG) ? index_content(check->index, file) : (struct blob){ 0 };
	struct modtable *table = malloc(sizeof(*table));
	char *text = malloc(content.size + 1);
	unsigned int line;

	if (text && content.size)
		memcpy(text, content.data, content.size);
	if (!table || !text)
		problem(check, "no memory to look at its table of modules");
	else if (!content.size)
		problem(check, "it has no table of modules, /" OWN_DIRECTORY "modules");
	else if (modtable_parse(text, content.size, table, &line))
		problem(check, "/" OWN_DIRECTORY "modules, line %u: xf-init does not take it",
			line);
	else
		for (unsigned int i = 0; i < table->n_modules; i++)
			check_module(check, table, &table->module[i]);
	free(text);
	free(table);
}

static bool verify(const char *path)
{
	struct initrd_file source;
	struct check check = { .path = path, .index = &source.index };
	bool opened = !initrd_file_open(path, &source);

	if (opened) {
		check_programs(&check);
		check_directories(&check);
		check_modules(&check);
	}
	initrd_file_close(&source);
	return opened && !check.problems;
}

int mkinitrd_verify(void *options, char **arguments)
{
	(void)options;
	return verify(arguments[0]) ? EXIT_SUCCESS : EXIT_FAILURE;
}
