/*
 * Reboot, power off, halt, kexec.
 */
#ifndef INITRD_POWER_H
#define INITRD_POWER_H

/* All interfaces down, and reboot(2) with how (RB_AUTOBOOT, RB_POWER_OFF, …). Returns if the kernel
 * does not do it. */
void power_end(int how);

#endif
