# xf-agent: reconciles a client's writeable part with the share.

UNITS += plan_test outcome_test policy_test
PLAN_SRC := $(addprefix agent/plan/,choose.c decide.c metadata.c next-base.c outcome.c plan.c policy.c)
plan_test_SRC := $(LIB_SRC) $(PLAN_SRC) agent/test/plan_test.c
plan_test_PKGS := $(LIB_PKGS) cmocka
plan_test_LIBS := -pthread
outcome_test_SRC := $(LIB_SRC) $(PLAN_SRC) agent/test/outcome_test.c
outcome_test_PKGS := $(LIB_PKGS) cmocka
outcome_test_LIBS := -pthread
policy_test_SRC := lib/buf.c lib/vis.c agent/plan/policy.c agent/test/policy_test.c
policy_test_PKGS := cmocka

FUZZERS += fuzz_policy
fuzz_policy_SRC := lib/buf.c lib/vis.c agent/plan/policy.c agent/fuzz/fuzz_policy.c
fuzz_policy_CORPUS := agent/fuzz/policy

UNITS += account_entries_test
account_entries_test_SRC := lib/buf.c agent/merge/account-entries.c agent/test/account_entries_test.c
account_entries_test_PKGS := cmocka

FETCH_COMMON := agent/fetch/url.c agent/fetch/window.c
AGENT_LIB_SRC := $(LIB_SRC) $(filter-out lib/buf.c,$(FLEET_SRC)) $(addprefix lib/,boot-record.c cli.c conf.c json.c spawn.c value.c) $(FETCH_COMMON) \
	$(addprefix agent/,agent-config.c document.c fleet-report.c monitor.c report.c) \
	$(addprefix agent/run/,accounts.c apply.c changes.c content.c deltas.c former-links.c hooks.c links.c load.c mounts.c policies.c \
		restarts.c restarts-batch.c run.c scan.c state.c triggers.c undo.c) \
	$(PLAN_SRC) \
	$(addprefix agent/merge/,account-entries.c conflicts.c fingerprint.c merge-edit.c merge-text.c offers.c) \
	$(addprefix agent/transaction/,change.c commit.c inode.c journal.c pwd-lock.c records.c recover.c \
		stage.c stage-content.c stage-kept.c stage-space.c transaction.c trash.c volume.c) \
	$(addprefix agent/share/,share-directory.c share-nfs.c share-reader.c trust.c)

PROGRAMS += xf-agent
xf-agent_DIR := $(PREFIX)/sbin
xf-agent_SRC := $(AGENT_LIB_SRC) $(addprefix agent/,cmd-diff.c cmd-reconcile.c \
	cmd-resolve.c cmd-restarts.c cmd-rollback.c cmd-status.c cmd-verify.c main.c)
xf-agent_PKGS := $(LIB_PKGS) $(FLEET_PKGS) json-c
xf-agent_LIBS := -pthread

# The network side, with libraries that the rest does without.
PROGRAMS += xf-fetch
xf-fetch_DIR := $(LIBEXECDIR)
xf-fetch_SRC := $(addprefix agent/fetch/,client.c confine.c main.c url.c)
xf-fetch_PKGS := libnfs libseccomp

UNITS += confine_test window_test
window_test_SRC := agent/fetch/window.c agent/test/window_test.c
window_test_PKGS := cmocka
confine_test_SRC := agent/fetch/confine.c agent/test/confine_test.c
confine_test_PKGS := libseccomp cmocka

FUZZERS += fuzz_fetch
fuzz_fetch_SRC := agent/fetch/window.c agent/fuzz/fuzz_fetch.c
fuzz_fetch_CORPUS := agent/fuzz/fetch

UNITS += cases_test
cases_test_SRC := agent/test/cases_test.c
cases_test_PKGS := json-c
CHECKS += $(addprefix agent/test/,accounts.test agent.test crash.test delta.test disk.test hooks.test json.test large.test links.test nfs.test pin.test race.test resolve.test restarts.test rollback.test running.test sequence.test share.test)
CHECKS += agent/test/sync.test
CHECKS += agent/test/transaction.test agent/test/volumes.test
CHECKS += agent/test/boot.test
CHECKS += agent/test/transaction.test
CHECK_NEEDS += xf-manifest xf-agent xf-fetch

UNITS += state_test
state_test_SRC := $(AGENT_LIB_SRC) agent/test/state_test.c
state_test_PKGS := $(LIB_PKGS) $(FLEET_PKGS) json-c cmocka
state_test_LIBS := -pthread

bench: bench-agent
.PHONY: bench-agent
bench-agent: $(addprefix $(B)/bin/,xf-agent xf-fetch xf-manifest)
	B=$(abspath $(B)) agent/bench/agent 20000 200000

MANS += docs/xf-agent.8 docs/xf-agent.conf.5 docs/xf-policy.5
COMPLETIONS += agent/completion/xf-agent.bash
SHELLS += agent/bench/agent agent/system/xf-agent.init agent/completion/xf-agent.bash
INSTALLS += agent/system/xf-agent.service:$(SYSTEMDDIR)/system/xf-agent.service \
	agent/system/xf-agent.timer:$(SYSTEMDDIR)/system/xf-agent.timer \
	agent/system/xf-agent.init:$(SYSCONFDIR)/init.d/xf-agent

UNITS += inode_test derive_test restarts_test monitor_test
monitor_test_SRC := lib/buf.c agent/monitor.c agent/test/monitor_test.c
monitor_test_PKGS := cmocka
restarts_test_SRC := lib/buf.c agent/run/restarts.c agent/run/restarts-batch.c agent/test/restarts_test.c
restarts_test_PKGS := cmocka
inode_test_SRC := $(LIB_SRC) agent/transaction/inode.c agent/test/inode_test.c
inode_test_PKGS := $(LIB_PKGS) cmocka
inode_test_LIBS := -pthread
# Its spawn_run() notes what it is asked for.
derive_test_SRC := $(AGENT_LIB_SRC) agent/test/derive_test.c
derive_test_PKGS := $(LIB_PKGS) $(FLEET_PKGS) json-c cmocka
derive_test_LIBS := -pthread -Wl,--wrap=spawn_run
