#include "farm/publish/filter.h"

/* The assembler includes the file as it is (the dependency is in farm/build.mk). */
__asm__(".pushsection .rodata\n"
	".global filter_default\n"
	"filter_default:\n"
	"	.incbin \"farm/publish/filter\"\n"
	"	.byte 0\n"
	".popsection\n");
