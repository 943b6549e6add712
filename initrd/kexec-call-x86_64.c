#include "initrd/kexec-call.h"

#define KEXEC_FILE_LOAD 320 /* <asm/unistd_64.h> */

int kexec_call(int kernel, int initrd, const char *cmdline, size_t size)
{
	register const char *cmdline_register asm("r10") = cmdline;
	register unsigned long flags asm("r8") = 0;
	long rc = KEXEC_FILE_LOAD;

	asm volatile(
		"syscall"
		: "+a"(rc)
		: "D"((long)kernel), "S"((long)initrd), "d"(size), "r"(cmdline_register), "r"(flags)
		: "rcx", "r11", "memory");
	return (int)rc;
}
