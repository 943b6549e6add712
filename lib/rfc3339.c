#include "lib/rfc3339.h"

#include <stdio.h>
#include <time.h>

const char *rfc3339_text(char text[static RFC3339_SIZE], int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(text, RFC3339_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(text, RFC3339_SIZE, "@%jd", (intmax_t)seconds);
	return text;
}
