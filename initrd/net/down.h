/* The end of the network. */
#ifndef INITRD_NET_DOWN_H
#define INITRD_NET_DOWN_H

/*
 * Set all interfaces down, before the machine ends: when the kernel then shuts its devices down,
 * none may still be sending. (virtio_net waits for ever for a queue that was broken under it: seen
 * with Debian's 6.1.192, where the last packets of NFS were on their way.) What fails is ignored.
 */
void down_all(void);

#endif
