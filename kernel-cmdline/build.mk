# The grammar of the kernel command line. XFNET_PARSER is what other programs (xf-init) take in.
XFNET_PARSER := $(addprefix kernel-cmdline/,addr.c cmdline.c scan.c xfnet.c)
