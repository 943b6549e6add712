/* A master's domain as it is for one run only: with one more disk and a longer command line. */
#ifndef FARM_MASTER_BOOT_ONCE_H
#define FARM_MASTER_BOOT_ONCE_H

/*
 * The device that one more disk of the domain in xml will be: "vdb", after the last of the same
 * kind as its first disk. Writes it to device. Returns 0, or -EINVAL: it has no disk, or too many.
 */
int boot_once_device(const char *xml, char device[static 8]);

/* The domain with that file, raw, as that device, and words at the end of its command line.
 * The caller's to free; NULL without memory, or if it has no command line. */
char *boot_once_xml(const char *xml, const char *file, const char *device, const char *words);

#endif
