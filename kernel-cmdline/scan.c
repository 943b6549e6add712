#include "kernel-cmdline/scan.h"

#include <string.h>

void scan_problem(const struct scan *scan, enum xf_problem_kind kind, struct span where,
	const char *field, const char *what, const char *expected)
{
	struct xf_problems *list = scan->problems;

	if (kind == XF_ERROR)
		list->errors++;
	if (list->n == XF_PROBLEMS_MAX) {
		list->dropped++;
		return;
	}
	list->problem[list->n++] = (struct xf_problem){
		.kind = kind,
		.at = (size_t)(where.p - scan->text),
		.length = where.n,
		.field = field,
		.what = what,
		.expected = expected,
	};
}

bool scan_error(const struct scan *scan, struct span where, const char *field, const char *what,
	const char *expected)
{
	scan_problem(scan, XF_ERROR, where, field, what, expected);
	return false;
}

bool span_starts(struct span span, const char *prefix)
{
	size_t n = strlen(prefix);

	return span.n >= n && memcmp(span.p, prefix, n) == 0;
}

bool span_is(struct span span, const char *word)
{
	return span.n == strlen(word) && span_starts(span, word);
}

struct span span_from(struct span span, size_t n)
{
	return (struct span){ span.p + n, span.n - n };
}

bool span_cut(struct span *list, char separator, struct span *item)
{
	const char *end;

	if (!list->p)
		return false;
	*item = *list;
	end = memchr(list->p, separator, list->n);
	if (end) {
		item->n = (size_t)(end - list->p);
		*list = span_from(*list, item->n + 1);
	} else {
		*list = (struct span){ NULL, 0 };
	}
	return true;
}

bool span_number(struct span span, uint32_t min, uint32_t max, uint32_t *value)
{
	uint64_t v = 0;

	if (span.n == 0 || span.n > 10 || (span.n > 1 && span.p[0] == '0'))
		return false;
	for (size_t i = 0; i < span.n; i++) {
		if (span.p[i] < '0' || span.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(span.p[i] - '0');
	}
	if (v < min || v > max)
		return false;
	*value = (uint32_t)v;
	return true;
}

int scan_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
