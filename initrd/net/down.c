#include "initrd/net/down.h"

#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Indexes rise as interfaces are made, so this is more than there are: nothing is listed, as there
 * may be neither /sys nor /proc any more. */
#define INDEX_MAX 256

void down_all(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (int i = 1; fd >= 0 && i <= INDEX_MAX; i++) {
		struct ifreq r;

		memset(&r, 0, sizeof(r));
		r.ifr_ifindex = i;
		if (ioctl(fd, SIOCGIFNAME, &r) < 0 || ioctl(fd, SIOCGIFFLAGS, &r) < 0)
			continue;
		r.ifr_flags &= ~IFF_UP;
		ioctl(fd, SIOCSIFFLAGS, &r);
	}
	if (fd >= 0)
		close(fd);
}
