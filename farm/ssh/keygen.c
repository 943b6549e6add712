#include "farm/ssh/keygen.h"

#include <errno.h>

#include "lib/cli.h"
#include "lib/spawn.h"

/* Seconds. An RSA key takes as long as primes are looked for: more than 30 where processors are
 * emulated and busy. */
#define KEYGEN_LIMIT 300

int ssh_keygen(const char *const *argv)
{
	int status;
	int r = spawn_run(&(const struct spawn){ .argv = argv,
				  .out = -1,
				  .kept = -1,
				  .limit = KEYGEN_LIMIT,
				  .dies_with_parent = true },
		&status);

	if (r == -ENOENT)
		return cli_error(r, "ssh-keygen(1), which is in the package openssh-client");
	if (r < 0)
		return cli_error(r, "ssh-keygen(1)");
	return status ? -cli_error(EIO, "ssh-keygen(1) failed with status %d", status) : 0;
}
