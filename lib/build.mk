# What agent, farm, hooks and initrd share.

UNITS += layout_test
KUNITS += k_layout_test
FUZZERS += fuzz_layout
layout_test_SRC := lib/layout.c lib/test/layout_test.c
k_layout_test_SRC := $(layout_test_SRC)
fuzz_layout_SRC := lib/layout.c lib/fuzz/fuzz_layout.c
fuzz_layout_CORPUS := lib/fuzz/layout
