/* Where a publish copies from: a directory, or a disk image that is mounted read-only. */
#ifndef FARM_ORIGIN_H
#define FARM_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct origin {
	char *path; /* absolute: of the tree to copy */
	int dir;    /* the same, open */
	/* For an image: */
	bool mounted; /* path is to be unmounted */
	bool writable;
	pid_t exporter; /* the program that exports a qcow2 image as a raw file, or 0 */
};

/*
 * Open from, a directory or an image. An image may be raw or qcow2, with one file system or with
 * partitions: then the partition-th (from 1) is used, or for 0 the first that holds an
 * installation. Mounts are made in a mount namespace of this process, so they end with it, however
 * it ends. Returns 0, or -errno after a message.
 */
int origin_open(const char *from, uint32_t partition, struct origin *source);

/* The same for an image whose root is to be changed: with its devices and set-user-ID programs. */
int origin_open_writable(const char *image, struct origin *source);

void origin_close(struct origin *source);
#define AUTO_ORIGIN __attribute__((cleanup(origin_close)))

#endif
