/*
 * A minimal initrd for one kernel: finds and reads its files, and packs them.
 */
#ifndef MKINITRD_HOOK_INITRD_H
#define MKINITRD_HOOK_INITRD_H

#include "mkinitrd-hook/build/kernel-modules.h"
#include "mkinitrd-hook/build/module-names.h"
#include "mkinitrd-hook/image/codec.h"
#include "mkinitrd-hook/image/cpio-tree.h"

#include <stdbool.h>
#include <stdint.h>

/* What was asked for. Paths are taken as they are; NULL: the default. */
struct initrd_options {
	const char *version;
	const char *root; /* the tree that holds lib/modules; "" for the machine's own */
	struct module_names wanted;
	const char *init, *shutdown, *busybox,
		*pub;              /* busybox "none": no shell; pub NULL: no key */
	const struct codec *codec; /* to pack with; NULL: not packed */
	int level;                 /* the codec's; 0: its own choice */
	uint32_t mtime;
	bool keep_compressed;
	const char *tree; /* more files; NULL: those of etc/xenfarm/initrd.d in the root, if any */
	bool firmware;    /* that the modules name */
};

struct initrd {
	struct kernel_modules modules;
	struct blob init, shutdown, busybox, pub, table;
	size_t nextra;
	struct blob *extra;    /* contents of files that were asked for */
	struct cpio_tree tree; /* borrows the contents above */
	size_t unpacked;       /* bytes of the archive */
	struct blob packed;    /* the result */
};

/*
 * Find and read all its files: sets everything except unpacked and packed. Returns 0, or
 * -errno after messages; initrd_free() in both cases.
 */
int initrd_collect(const struct initrd_options *options, struct initrd *initrd);

/* The same, then pack it. */
int initrd_make(const struct initrd_options *options, struct initrd *initrd);

/* Make path hold the result: blob_publish(). Returns 0, or -errno after a message. */
int initrd_publish(const struct initrd *initrd, const char *path, mode_t mode);

void initrd_free(struct initrd *initrd);

#endif
