/* xf-mkinitrd info: an initrd's segments, kernels and init. */
#include "lib/json.h"
#include "mkinitrd-hook/build/init-check.h"
#include "mkinitrd-hook/command.h"
#include "mkinitrd-hook/image/exchange.h"
#include "mkinitrd-hook/initrd-file.h"
#include "mkinitrd-hook/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *whose_init(const struct initrd_index *index)
{
	const struct index_file *init = index_find(index, "init");
	const struct blob content = init ? index_content(index, init) : (struct blob){ 0 };

	if (!init)
		return "none";
	if (!init_check_is_ours(&content))
		return "other";
	return index_find(index, "init" EXCHANGE_KEPT) ? "exchanged" : "xf-init";
}

static size_t entries_of(const struct initrd_file *source, size_t segment)
{
	size_t n = 0;

	for (size_t i = 0; i < source->index.n; i++)
		n += source->index.file[i].segment == segment;
	return n;
}

static const char *packed_by(const struct segment *segment)
{
	return segment->codec ? segment->codec->name : "none";
}

static void print_text(const char *path, const struct initrd_file *source)
{
	struct index_kernels kernels;

	printf("%s: %zu bytes, init: %s\n", path, source->image.size, whose_init(&source->index));
	printf("%10s %10s %-6s %10s %6s\n", "at byte", "bytes", "packed", "unpacked", "files");
	for (size_t i = 0; i < source->segments.n; i++) {
		const struct segment *s = &source->segments.segment[i];

		printf("%10zu %10zu %-6s %10zu %6zu\n", s->offset, s->size, packed_by(s),
			s->content.size, entries_of(source, i));
	}
	index_kernels(&source->index, &kernels);
	for (size_t i = 0; i < kernels.n; i++)
		printf("modules of kernel %s\n", kernels.version[i]);
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static void print_json(const char *path, const struct initrd_file *source)
{
	struct json_object *root = json_object_new_object();
	struct json_object *segments = json_object_new_array(), *versions = json_object_new_array();
	struct index_kernels kernels;

	for (size_t i = 0; i < source->segments.n; i++) {
		const struct segment *s = &source->segments.segment[i];
		struct json_object *segment = json_object_new_object();

		json_add_number(segment, "offset", s->offset);
		json_add_number(segment, "bytes", s->size);
		add_text(segment, "packed", packed_by(s));
		json_add_number(segment, "unpacked", s->content.size);
		json_add_number(segment, "files", entries_of(source, i));
		json_object_array_add(segments, segment);
	}
	index_kernels(&source->index, &kernels);
	for (size_t i = 0; i < kernels.n; i++)
		json_object_array_add(versions, json_object_new_string(kernels.version[i]));
	add_text(root, "path", path);
	json_add_number(root, "bytes", source->image.size);
	add_text(root, "init", whose_init(&source->index));
	json_object_object_add(root, "kernels", versions);
	json_object_object_add(root, "segments", segments);
	json_print(root);
}

int mkinitrd_info(void *options, char **arguments)
{
	const struct mkinitrd_options *o = options;
	struct initrd_file source;
	bool opened = !initrd_file_open(arguments[0], &source);

	if (opened)
		(o->json ? print_json : print_text)(arguments[0], &source);
	initrd_file_close(&source);
	return opened ? EXIT_SUCCESS : EXIT_FAILURE;
}
