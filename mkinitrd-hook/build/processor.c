#include "mkinitrd-hook/build/processor.h"
#include "lib/cli.h"

#include "mkinitrd-hook/build/elf.h"
#include "mkinitrd-hook/build/kernel-modules.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

uint32_t processor_of_module(const char *name, const struct blob *content)
{
	BLOB unpacked = { malloc(content->size + 1), content->size };

	if (!unpacked.data)
		return 0;
	memcpy(unpacked.data, content->data, content->size);
	return codec_unpack_module(name, KERNEL_MODULE_BYTES_MAX, &unpacked)
		       ? 0
		       : elf_processor(&unpacked);
}

/* [usr/]lib/modules/…/NAME.ko[.xz] */
static bool is_module(const struct index_file *file)
{
	const char *path = file->path + (strncmp(file->path, "usr/", 4) ? 0 : 4);
	size_t n = codec_stem(file->path);

	return S_ISREG(file->entry.mode) && !strncmp(path, "lib/modules/", 12) && n > 3 &&
	       !strncmp(file->path + n - 3, ".ko", 3);
}

uint32_t processor_of_initrd(const struct initrd_index *index, const char **path)
{
	/* The shell where init is a script; in an exchanged initrd, first the former init. */
	static const char *const programs[] = { "init.orig", "bin/sh", "init" };
	uint32_t processor = 0;

	for (size_t i = 0; i < index->n && !processor; i++) {
		const struct index_file *file = &index->file[i];
		const struct blob content = index_content(index, file);

		*path = file->path;
		if (is_module(file))
			processor = processor_of_module(*path, &content);
	}
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs) && !processor; i++) {
		const struct index_file *file = index_lookup(index, programs[i]);
		const struct blob content = file ? index_content(index, file) : (struct blob){ 0 };

		*path = programs[i];
		processor = elf_processor(&content);
	}
	return processor;
}

bool processor_fits(const char *file, uint32_t processor, uint32_t init)
{
	char theirs[ELF_PROCESSOR_NAME], ours[ELF_PROCESSOR_NAME];

	if (!processor || processor == init)
		return true;
	cli_error(0,
		"%s is for %s, xf-init for %s; name programs for %s with --init and --shutdown",
		file, elf_processor_name(processor, theirs), elf_processor_name(init, ours),
		theirs);
	return false;
}
