#include "mkinitrd-hook/elf.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#define HOST_ORDER (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB)

/* The fields used here, from either class. */
struct headers {
	uint16_t type, machine, phentsize, phnum;
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
		*h = (struct headers){ e64.e_type, e64.e_machine, e64.e_phentsize, e64.e_phnum,
			e64.e_phoff };
	else
		*h = (struct headers){ e32.e_type, e32.e_machine, e32.e_phentsize, e32.e_phnum,
			e32.e_phoff };
	return 0;
}

int elf_check_static(const struct blob *file, uint16_t *machine)
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
	*machine = h.machine;
	return 0;
}
