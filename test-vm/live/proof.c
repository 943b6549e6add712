/*
 * Runs from the share until it is told to end (SIGTERM), and looks again and again whether all that
 * it has mapped and opened there is what it was at its start. Compiled once for each VERSION; the
 * library with LIBRARY defined. `xf-proof once` looks once.
 *
 * Prints the versions of program and library, and how often it looked. Exit status: 0, 3 if a page
 * shows another version, 4 if something could not be read; a mapping that is gone ends it by
 * SIGBUS.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STAMPS (32 * 4096 / sizeof(unsigned int)) /* 32 pages */

static const unsigned int stamps[STAMPS] = { [0 ... STAMPS - 1] = VERSION };

const unsigned int *library_stamps(void);

#ifdef LIBRARY
const unsigned int *library_stamps(void)
{
	return stamps;
}
#else

static volatile sig_atomic_t told;

static void tell(int signal)
{
	(void)signal;
	told = 1;
}

static void check_pages(const volatile unsigned int *at, unsigned int version, const char *what)
{
	for (size_t i = 0; i < STAMPS; i++)
		if (at[i] != version) {
			printf("%s %u shows %u at stamp %zu\n", what, version, at[i], i);
			exit(3);
		}
}

/* The whole pages of them: others of read-only data were relocated, and are not the file's any
 * more. */
static void let_stamps_go(const unsigned int *at)
{
	unsigned long from = ((unsigned long)at + 4095) & ~4095ul;
	unsigned long to = (unsigned long)(at + STAMPS) & ~4095ul;

	madvise((void *)from, to - from, MADV_DONTNEED);
}

/* What is mapped from files leaves this process, so that the next look asks the share for it. */
static void let_go(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[4352], mode[5];
	unsigned long from, to;

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) == 3 && mode[2] == 'x' &&
			strchr(line, '/'))
			madvise((void *)from, to - from, MADV_DONTNEED);
	if (maps)
		fclose(maps);
	let_stamps_go(stamps);
	let_stamps_go(library_stamps());
}

/* The open file's bytes as one number. */
static unsigned long read_all(int fd)
{
	static char bytes[1 << 16];
	unsigned long sum = 0;
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, bytes, sizeof(bytes), at)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			sum = sum * 31 + (unsigned char)bytes[i];
		at += n;
	}
	if (fd < 0 || n < 0) {
		printf("program %u: reading it: %s\n", VERSION, strerror(errno));
		exit(4);
	}
	return sum;
}

int main(int argc, char **argv)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	unsigned int library = *library_stamps(), looks = 0;
	unsigned long sum = read_all(fd);

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGTERM, tell);
	do {
		check_pages(stamps, VERSION, "program");
		check_pages(library_stamps(), library, "library");
		if (read_all(fd) != sum) {
			printf("program %u reads as another\n", VERSION);
			return 3;
		}
		looks++;
		if (argc > 1 && strcmp(argv[1], "once") == 0)
			break;
		let_go();
		usleep(200000);
	} while (!told);
	printf("%u %u", VERSION, library);
	if (argc == 1)
		printf(" %u", looks);
	return putchar('\n') == EOF;
}
#endif
