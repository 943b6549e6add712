# xf-agent: reconciles a client's writeable part with the share.

UNITS += plan_test policy_test
plan_test_SRC := $(LIB_SRC) agent/plan.c agent/plan-meta.c agent/policy.c agent/test/plan_test.c
plan_test_PKGS := $(LIB_PKGS) cmocka
plan_test_LIBS := -pthread
policy_test_SRC := lib/buf.c lib/vis.c agent/policy.c agent/test/policy_test.c
policy_test_PKGS := cmocka

FUZZERS += fuzz_policy
fuzz_policy_SRC := lib/buf.c lib/vis.c agent/policy.c agent/fuzz/fuzz_policy.c
fuzz_policy_CORPUS := agent/fuzz/policy
