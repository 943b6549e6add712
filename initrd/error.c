#include "initrd/error.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Those that mounts, disks, modules and the network give. */
/* clang-format off */
#define ERRORS(E) \
	E(EPERM) E(ENOENT) E(EIO) E(ENXIO) E(E2BIG) E(ENOEXEC) \
	E(ENOMEM) E(EACCES) E(EBUSY) E(EEXIST) E(EXDEV) E(ENODEV) \
	E(ENOTDIR) E(EISDIR) E(EINVAL) E(ENOSPC) E(EROFS) E(ELOOP) E(ENAMETOOLONG) \
	E(ENODATA) E(EPROTO) E(EUCLEAN) E(ENETDOWN) E(ENETUNREACH) E(ECONNREFUSED) \
	E(ECONNRESET) E(EHOSTUNREACH) E(EHOSTDOWN) E(ETIMEDOUT) E(ESTALE) E(EADDRINUSE) \
	E(EADDRNOTAVAIL) E(EOPNOTSUPP) E(EPROTONOSUPPORT) E(ENOKEY) E(EKEYREJECTED)
/* clang-format on */

#define NUMBER(e) e,
#define TEXT(e)   #e "\0"

static const uint8_t numbers[] = { ERRORS(NUMBER) };
static const char texts[] = ERRORS(TEXT); /* in the same order, each with its NUL */

const char *error_name(int error)
{
	static char number[16];
	const char *text = texts;

	if (error < 0)
		error = -error;
	for (unsigned int i = 0; i < sizeof(numbers); i++, text += strlen(text) + 1)
		if (numbers[i] == error)
			return text;
	snprintf(number, sizeof(number), "errno %d", error);
	return number;
}
