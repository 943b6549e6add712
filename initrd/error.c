#include "initrd/error.h"

#include <errno.h>
#include <stdio.h>

#define NAME(e)       \
	{             \
		e, #e \
	}

/* Those that mounts, disks, modules and the network give. */
static const struct {
	short error;
	char name[16];
} names[] = {
	NAME(EPERM),
	NAME(ENOENT),
	NAME(EIO),
	NAME(ENXIO),
	NAME(E2BIG),
	NAME(ENOEXEC),
	NAME(ENOMEM),
	NAME(EACCES),
	NAME(EBUSY),
	NAME(EEXIST),
	NAME(EXDEV),
	NAME(ENODEV),
	NAME(ENOTDIR),
	NAME(EISDIR),
	NAME(EINVAL),
	NAME(ENOSPC),
	NAME(EROFS),
	NAME(ELOOP),
	NAME(ENAMETOOLONG),
	NAME(ENODATA),
	NAME(EPROTO),
	NAME(EUCLEAN),
	NAME(ENETDOWN),
	NAME(ENETUNREACH),
	NAME(ECONNREFUSED),
	NAME(ECONNRESET),
	NAME(EHOSTUNREACH),
	NAME(EHOSTDOWN),
	NAME(ETIMEDOUT),
	NAME(ESTALE),
	NAME(EADDRINUSE),
	NAME(EADDRNOTAVAIL),
	NAME(EOPNOTSUPP),
	NAME(EPROTONOSUPPORT),
	NAME(ENOKEY),
	NAME(EKEYREJECTED),
};

const char *error_name(int error)
{
	static char number[16];

	if (error < 0)
		error = -error;
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].error == error)
			return names[i].name;
	snprintf(number, sizeof(number), "errno %d", error);
	return number;
}
