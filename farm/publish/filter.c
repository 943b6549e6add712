#include "farm/publish/filter.h"

/* The assembler takes the file in as it is (farm/build.mk knows that this depends on it). */
__asm__(".pushsection .rodata\n"
	".global filter_default\n"
	"filter_default:\n"
	"	.incbin \"farm/publish/filter\"\n"
	"	.byte 0\n"
	".popsection\n");
