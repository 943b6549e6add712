/*
 * How long a manifest of 50,000 entries takes to write and to read, by this process's own CPU time
 * (others may be busy): the best of several rounds, and the memory at its highest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "lib/manifest/manifest.h"

#define ENTRIES   50000
#define DIRECTORY 50 /* files in each */
#define ROUNDS    10

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Digests have to be incompressible, as real ones are. */
static void noise(void *bytes, size_t n)
{
	static uint64_t state = 88172645463325252u;
	uint8_t *to = bytes;

	for (size_t i = 0; i < n; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		to[i] = (uint8_t)state;
	}
}

static struct manifest *make(void)
{
	struct manifest *m = manifest_new();
	struct manifest_entry e = { .uname = "root", .gname = "root", .nlink = 1 };
	char path[64] = "";

	e.path = path;
	for (int i = 0; m && i < ENTRIES; i++) {
		bool dir = i == 0 || i % DIRECTORY == 1;
		int directory = (i - 1) / DIRECTORY * DIRECTORY + 1;

		if (i > 0)
			snprintf(path, sizeof(path),
				dir ? "directory-%05d" : "directory-%05d/some-file-%05d.conf",
				directory, i);
		e.type = dir ? MANIFEST_DIR : MANIFEST_FILE;
		e.mode = dir ? 0755 : 0644;
		e.size = dir ? 0 : (uint64_t)i * 17;
		e.mtime = (struct timespec){ 1700000000 + i, i * 1000 };
		noise(&e.digest, sizeof(e.digest));
		e.digest.has = dir ? 0 : DIGEST_SHA256 | DIGEST_MD5;
		if (!manifest_add(m, &e)) {
			manifest_free(m);
			return NULL;
		}
	}
	return m;
}

static double round_of(const struct buf *file)
{
	struct manifest_error error;
	struct manifest *m;
	double start = cpu_ms();

	if (manifest_decode(file->data, file->size, NULL, NULL, 0, &m, &error) < 0)
		exit(1);
	manifest_free(m);
	return cpu_ms() - start;
}

int main(int argc, char **argv)
{
	struct manifest_error error;
	struct buf file = { 0 };
	struct manifest *m = make();
	struct rusage usage;
	double start = cpu_ms(), best = 1e9;
	FILE *out;

	if (!m || manifest_encode(m, &file, &error) < 0)
		return 1;
	manifest_free(m);
	printf("manifest of %d entries, %zu bytes: write %.1f ms\n", ENTRIES, file.size,
		cpu_ms() - start);
	for (int i = 0; i < ROUNDS; i++) {
		double ms = round_of(&file);

		if (ms < best)
			best = ms;
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("read %.1f ms, %ld KiB resident at most\n", best, usage.ru_maxrss);
	out = argc > 1 ? fopen(argv[1], "w") : NULL;
	if (out && (fwrite(file.data, 1, file.size, out) != file.size || fclose(out) != 0))
		return 1;
	buf_free(&file);
	return 0;
}
