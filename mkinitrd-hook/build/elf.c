#include "mkinitrd-hook/build/elf.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define HOST_ORDER (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB)

/* The fields used here, from either class. */
struct headers {
	uint16_t type, phentsize, phnum;
	uint64_t phoff;
};

static int read_headers(const struct blob *file, struct headers *h)
{
	Elf64_Ehdr e64;
	Elf32_Ehdr e32;

	if (file->size < sizeof(e64) || memcmp(file->data, ELFMAG, SELFMAG) ||
		file->data[EI_DATA] != HOST_ORDER)
		return -ENOEXEC;
	/* Copied: the blob's alignment is not promised. */
	memcpy(&e64, file->data, sizeof(e64));
	memcpy(&e32, file->data, sizeof(e32));
	if (file->data[EI_CLASS] == ELFCLASS64)
		*h = (struct headers){ e64.e_type, e64.e_phentsize, e64.e_phnum, e64.e_phoff };
	else
		*h = (struct headers){ e32.e_type, e32.e_phentsize, e32.e_phnum, e32.e_phoff };
	return 0;
}

int elf_check_static(const struct blob *file)
{
	struct headers h;
	int rc = read_headers(file, &h);

	if (rc)
		return rc;
	if ((h.type != ET_EXEC && h.type != ET_DYN) || h.phentsize < sizeof(Elf32_Phdr) ||
		h.phoff > file->size || (uint64_t)h.phnum * h.phentsize > file->size - h.phoff)
		return -ENOEXEC;
	for (unsigned int i = 0; i < h.phnum; i++) {
		uint32_t type; /* the first field in both classes */

		memcpy(&type, file->data + h.phoff + (size_t)i * h.phentsize, sizeof(type));
		if (type == PT_INTERP)
			return -ELIBACC;
	}
	return 0;
}

uint32_t elf_processor(const struct blob *file)
{
	const unsigned char *at = file->data;
	const size_t machine = offsetof(Elf32_Ehdr, e_machine); /* the same in both classes */
	bool little;

	if (file->size < sizeof(Elf32_Ehdr) || memcmp(at, ELFMAG, SELFMAG))
		return 0;
	little = at[EI_DATA] == ELFDATA2LSB;
	return (uint32_t)at[EI_DATA] << 16 | at[machine + little] << 8 | at[machine + !little];
}

const char *elf_processor_name(uint32_t processor, char name[static ELF_PROCESSOR_NAME])
{
	static const struct {
		uint16_t machine;
		const char *name;
	} names[] = {
		{ EM_386, "i386" },
		{ EM_ARM, "arm" },
		{ EM_AARCH64, "arm64" },
		{ EM_PPC64, "ppc64" },
		{ EM_RISCV, "riscv" },
		{ EM_S390, "s390" },
		{ EM_X86_64, "x86-64" },
	};

	snprintf(name, ELF_PROCESSOR_NAME, "ELF machine %u", processor & 0xffff);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].machine == (processor & 0xffff))
			snprintf(name, ELF_PROCESSOR_NAME, "%s", names[i].name);
	return name;
}
