/* Files that are made again for each generation, but may be equal to those before. */
#ifndef FARM_SAME_FILE_H
#define FARM_SAME_FILE_H

/*
 * If the file path in the tree `to` has the same content, owner, mode and attributes as in the tree
 * previous (-1: none), replace it by a hard link to that one, whose times it then has. Returns 0 or
 * -errno.
 */
int same_file_link(int previous, int to, const char *path);

/* 1 if two files, read from their beginning, hold the same bytes, 0 if not, or -errno. */
int same_file_bytes(int a, int b);

#endif
