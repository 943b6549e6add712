#include "initrd/power.h"

#include "initrd/net/down.h"

#include <stddef.h>
#include <sys/reboot.h>

void power_end(int how)
{
	down_all();
	reboot(how, NULL);
}
