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
	bool mounted;   /* path is to be unmounted */
	pid_t exporter; /* what shows a qcow2 image as a raw file, or 0 */
};

/*
 * Open from. An image may be raw or qcow2, its file system may fill it or be in a partition: the
 * one that holds an installation, or the partition-th (from 1; 0: find it). Mounts are made in a
 * mount namespace of this process alone, so they end with it, whatever ends it. Says what fails;
 * returns 0 or -errno.
 */
int origin_open(const char *from, uint32_t partition, struct origin *source);
void origin_close(struct origin *source);
#define AUTO_ORIGIN __attribute__((cleanup(origin_close)))

#endif
