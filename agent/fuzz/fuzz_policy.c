/* A policy file, and a path after its first NUL byte. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/plan/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data, *nul = memchr(text, 0, n), *what = NULL;
	struct policies *p = policies_new();
	char path[256] = "etc/x";
	unsigned int line;

	if (!p)
		return 0;
	if (nul) {
		size_t rest = n - (size_t)(nul + 1 - text);

		rest = rest < sizeof(path) ? rest : sizeof(path) - 1;
		memcpy(path, nul + 1, rest);
		path[rest] = '\0';
		n = (size_t)(nul - text);
	}
	if (policies_add(p, text, n, &line, &what) == -22 && (!what || line == 0))
		abort();
	policies_find(p, path, n % 2);
	policies_free(p);
	return 0;
}
