/*
 * Groups of clients: what a [group NAME] section of xenfarm.conf lists, names and patterns with
 * commas or blanks between them. @NAME selects it. A group has no other groups in it. No I/O.
 */
#ifndef FARM_GROUP_H
#define FARM_GROUP_H

#include <stdbool.h>

#define GROUP_WORD_SIZE 160 /* bytes of a word, with its NUL */

/* The rule that a list breaks, as a static text that follows it in a sentence, or NULL. */
const char *group_check(const char *clients);

/* Take the next word of a list that was checked, and move *clients behind it. False: none is left.
 */
bool group_next(const char **clients, char word[static GROUP_WORD_SIZE]);

#endif
