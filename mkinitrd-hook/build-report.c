#include "mkinitrd-hook/build-report.h"
#include "lib/cli.h"

#include "lib/json.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define TOP 5

static int by_size(const void *a, const void *b)
{
	const struct cpio_entry *x = *(const struct cpio_entry *const *)a;
	const struct cpio_entry *y = *(const struct cpio_entry *const *)b;

	return (x->size < y->size) - (x->size > y->size);
}

static void print_row(const struct cpio_entry *entry)
{
	const struct blob content = { (unsigned char *)entry->data, entry->size };
	BLOB packed = { 0 };

	if (!codec_pack(&codec_gzip, &content, 0, &packed))
		printf("%10zu %10zu  /%s\n", entry->size, packed.size, entry->name);
}

static void print_top(const struct cpio_tree *tree)
{
	const struct cpio_entry **sorted = calloc(tree->n, sizeof(*sorted));

	if (!sorted)
		return;
	for (size_t i = 0; i < tree->n; i++)
		sorted[i] = &tree->entry[i];
	qsort(sorted, tree->n, sizeof(*sorted), by_size);
	printf("%10s %10s  %s\n", "unpacked", "gzip", "largest files");
	for (size_t i = 0; i < tree->n && i < TOP; i++)
		print_row(sorted[i]);
	free(sorted);
}

static void print_text(const char *path, const struct initrd *initrd, bool verbose)
{
	printf("%s: %zu bytes (%zu unpacked), %zu modules, %zu built in\n", path,
		initrd->packed.size, initrd->unpacked, initrd->modules.n, initrd->modules.nbuiltin);
	if (verbose)
		print_top(&initrd->tree);
}

static struct json_object *files_json(const struct cpio_tree *tree)
{
	struct json_object *files = json_object_new_array();

	for (size_t i = 0; i < tree->n; i++) {
		const struct cpio_entry *entry = &tree->entry[i];
		struct json_object *file;

		if (!S_ISREG(entry->mode))
			continue;
		file = json_object_new_object();
		json_object_object_add(file, "name", json_object_new_string(entry->name));
		json_add_number(file, "bytes", entry->size);
		json_object_array_add(files, file);
	}
	return files;
}

static struct json_object *initrd_json(
	const char *path, const char *version, const struct initrd *initrd)
{
	struct json_object *root = json_object_new_object();
	struct json_object *modules = json_object_new_array();
	struct json_object *builtin = json_object_new_array();

	for (size_t i = 0; i < initrd->modules.n; i++)
		json_object_array_add(
			modules, json_object_new_string(initrd->modules.module[i]->name));
	for (size_t i = 0; i < initrd->modules.nbuiltin; i++)
		json_object_array_add(builtin, json_object_new_string(initrd->modules.builtin[i]));
	json_object_object_add(root, "path", json_object_new_string(path));
	json_object_object_add(root, "kernel", json_object_new_string(version));
	json_add_number(root, "bytes", initrd->packed.size);
	json_add_number(root, "unpacked", initrd->unpacked);
	json_object_object_add(root, "modules", modules);
	json_object_object_add(root, "builtin", builtin);
	json_object_object_add(root, "files", files_json(&initrd->tree));
	return root;
}

void build_report(
	const struct mkinitrd_options *options, const char *path, const struct initrd *initrd)
{
	if (options->json)
		json_print(initrd_json(path, options->initrd.version, initrd));
	else if (!options->quiet)
		print_text(path, initrd, options->verbose);
}
