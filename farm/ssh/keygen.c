#include "farm/ssh/keygen.h"

#include <errno.h>

#include "lib/cli.h"
#include "lib/spawn.h"

#define KEYGEN_LIMIT 30 /* seconds */

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
