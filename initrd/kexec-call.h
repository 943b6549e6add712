/*
 * kexec_file_load(2), which klibc has not: a file for each processor.
 */
#ifndef INITRD_KEXEC_CALL_H
#define INITRD_KEXEC_CALL_H

#include <stddef.h>

/*
 * Load a kernel, its initrd and its command line, size bytes with the final NUL: what
 * reboot(LINUX_REBOOT_CMD_KEXEC) starts. Returns 0 or -errno; -ENOSYS if that is unknown here.
 */
int kexec_call(int kernel, int initrd, const char *cmdline, size_t size);

#endif
