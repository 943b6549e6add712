/* Values of options and settings, from their text. */
#ifndef LIB_VALUE_H
#define LIB_VALUE_H

/*
 * Put a value where it belongs. text is NULL for what takes none (a flag), and otherwise lives as
 * long as what it came from: argv, or the file's text. Returns NULL, or what is wrong with the
 * text, as a static text that follows it in a sentence: "is not a number from 1".
 */
typedef const char *value_set_fn(void *to, const char *text);

value_set_fn value_flag;     /* bool: true */
value_set_fn value_text;     /* const char *: the text itself */
value_set_fn value_absolute; /* const char *: a path that begins with a slash and fits PATH_MAX */
value_set_fn value_number;   /* uint32_t: decimal digits, from 1 */

#endif
