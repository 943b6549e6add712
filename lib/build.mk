# What agent, farm, hooks and initrd share.

UNITS += layout_test
KUNITS += k_layout_test
FUZZERS += fuzz_layout
layout_test_SRC := lib/layout.c lib/test/layout_test.c
k_layout_test_SRC := $(layout_test_SRC)
fuzz_layout_SRC := lib/layout.c lib/fuzz/fuzz_layout.c
fuzz_layout_CORPUS := lib/fuzz/layout

# The library: a program names $(LIB_SRC) among its sources and $(LIB_PKGS) among its packages.
LIB_SRC := lib/buf.c lib/digest.c lib/fsroot.c lib/hex.c lib/ids.c lib/io.c lib/keychain.c $(addprefix lib/manifest/manifest,.c -delta.c -keyword.c -line.c -read.c -write.c) \
	lib/publish.c lib/rfc3339.c lib/signature.c lib/sorted.c lib/statcache.c lib/treescan.c lib/treescan-entry.c lib/vis.c
LIB_PKGS := libcrypto zlib

UNITS += manifest_test delta_test files_test treescan_test keychain_test
keychain_test_SRC := $(LIB_SRC) lib/test/keychain_test.c
keychain_test_PKGS := $(LIB_PKGS) cmocka
keychain_test_LIBS := -pthread
manifest_test_SRC := $(LIB_SRC) lib/test/manifest_test.c
delta_test_SRC := $(LIB_SRC) lib/test/delta_test.c
files_test_SRC := $(LIB_SRC) lib/test/files_test.c
treescan_test_SRC := $(LIB_SRC) lib/test/treescan_test.c
manifest_test_PKGS := $(LIB_PKGS) cmocka
delta_test_PKGS := $(manifest_test_PKGS)
delta_test_LIBS := -pthread
files_test_PKGS := $(manifest_test_PKGS)
treescan_test_PKGS := $(manifest_test_PKGS)
manifest_test_LIBS := -pthread
files_test_LIBS := -pthread
# Its digester_fd() changes the file that was read.
treescan_test_LIBS := -pthread -Wl,--wrap=digester_fd
UNITS += parts_test
parts_test_SRC := $(LIB_SRC) lib/test/parts_test.c
parts_test_PKGS := $(manifest_test_PKGS)
parts_test_LIBS := -pthread
CHECKS += lib/test/sync.test
CHECK_NEEDS += xf-manifest
SHELLS += lib/test/sync-order

FUZZERS += fuzz_manifest
fuzz_manifest_SRC := $(LIB_SRC) lib/fuzz/fuzz_manifest.c
fuzz_manifest_CORPUS := lib/fuzz/manifest
fuzz_manifest_PKGS := $(LIB_PKGS)
fuzz_manifest_LIBS := -pthread

FUZZERS += fuzz_delta
fuzz_delta_SRC := $(LIB_SRC) lib/fuzz/fuzz_delta.c
fuzz_delta_CORPUS := lib/fuzz/delta
fuzz_delta_PKGS := $(LIB_PKGS)
fuzz_delta_LIBS := -pthread

FUZZERS += fuzz_keychain
fuzz_keychain_SRC := $(LIB_SRC) lib/fuzz/fuzz_keychain.c
fuzz_keychain_CORPUS := lib/fuzz/keychain
fuzz_keychain_PKGS := $(LIB_PKGS)
fuzz_keychain_LIBS := -pthread

BENCHES += manifest_bench
manifest_bench_SRC := $(LIB_SRC) lib/bench/manifest_bench.c
manifest_bench_PKGS := $(LIB_PKGS)
manifest_bench_LIBS := -pthread
bench: bench-manifest
.PHONY: bench-manifest
bench-manifest: bench-deps $(B)/bench/manifest_bench $(B)/bin/xf-manifest
	B=$(abspath $(B)) lib/bench/manifest 20000 100000
SHELLS += lib/bench/manifest

UNITS += cli_test
cli_test_SRC := lib/cli.c lib/value.c lib/test/cli_test.c
cli_test_PKGS := cmocka

UNITS += spawn_test
spawn_test_SRC := lib/spawn.c lib/test/spawn_test.c
spawn_test_PKGS := cmocka

UNITS += conf_test
conf_test_SRC := lib/conf.c lib/value.c lib/test/conf_test.c
conf_test_PKGS := cmocka
FUZZERS += fuzz_conf
fuzz_conf_SRC := lib/conf.c lib/value.c lib/fuzz/fuzz_conf.c
fuzz_conf_CORPUS := lib/fuzz/conf

include lib/manifest/tool/build.mk lib/fleet/build.mk
# What runs all tests.
CHECKS += $(addprefix lib/test/,check-mutants.test commands.test lint.test mutants.test tally.test tap.test)
SHELLS += $(addprefix lib/test/,check-fresh check-mutants check-names check-sources install-deps tally)
