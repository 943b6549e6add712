/* The filter that a new share gets: the text of farm/publish/filter, NUL-terminated. */
#ifndef FARM_FILTER_H
#define FARM_FILTER_H

extern const char filter_default[];

#endif
