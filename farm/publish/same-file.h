/* What is made anew for each generation, but may come out as before. */
#ifndef FARM_SAME_FILE_H
#define FARM_SAME_FILE_H

/*
 * If path, a file in the tree `to`, has the content, owner, mode and attributes that it has in the
 * tree previous (-1: none), make it a hard link to that one, older times included. Returns 0 or
 * -errno.
 */
int same_file_link(int previous, int to, const char *path);

/* 1 if both fds, files at their beginning, hold the same bytes, 0 if not, or -errno. */
int same_file_bytes(int a, int b);

#endif
