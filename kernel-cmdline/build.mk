# The grammar of the kernel command line. XFNET_PARSER is what other programs (xf-init) take in.
XFNET_PARSER := $(addprefix kernel-cmdline/,addr.c cmdline.c scan.c xfnet-format.c xfnet-parse.c)

UNITS += addr_test xfnet_test
KUNITS += k_addr_test k_xfnet_test
addr_test_SRC := $(addprefix kernel-cmdline/,test/addr_test.c addr.c scan.c)
k_addr_test_SRC := $(addr_test_SRC)
xfnet_test_SRC := kernel-cmdline/test/xfnet_test.c $(XFNET_PARSER)
k_xfnet_test_SRC := $(xfnet_test_SRC)

FUZZERS += fuzz_xfnet
fuzz_xfnet_SRC := kernel-cmdline/fuzz/fuzz_xfnet.c $(XFNET_PARSER)
fuzz_xfnet_CORPUS := kernel-cmdline/fuzz/corpus

PROGRAMS += xfnet
xfnet_SRC := $(addprefix kernel-cmdline/tool/,main.c check.c compose.c explain.c facts.c text.c) lib/buf.c lib/cli.c lib/json.c lib/rfc3339.c lib/value.c lib/vis.c $(XFNET_PARSER)
xfnet_PKGS := json-c
CHECKS += kernel-cmdline/test/xfnet.test
CHECK_NEEDS += xfnet
COMPLETIONS += kernel-cmdline/completion/xfnet.bash
SHELLS += kernel-cmdline/completion/xfnet.bash
MANS += docs/xfnet.1
