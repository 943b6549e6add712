/* A master's domain as it is for one run only: with one more disk and another command line. */
#ifndef FARM_MASTER_BOOT_ONCE_H
#define FARM_MASTER_BOOT_ONCE_H

/*
 * The device that one more disk of the domain in xml will be: "vdb", after the last of the same
 * kind as its first disk. Writes it to device. Returns 0, or -EINVAL: it has no disk, or too many.
 */
int boot_once_device(const char *xml, char device[static 8]);

struct boot_once {
	const char *file, *device;             /* one more disk, raw; NULL: none */
	const char *kernel, *initrd, *cmdline; /* in the place of what it boots otherwise */
};

/* The domain with these. The caller's to free; NULL without memory, or if it is not a domain's. */
char *boot_once_xml(const char *xml, const struct boot_once *once);

#endif
