# xf-agentd: answers the servers of the share. A program that serves the protocol names $(SERVICE_SRC) and $(FLEET_PKGS).
SERVICE_SRC := $(FLEET_SRC) agent/service/call.c agent/service/serve.c

HELPERS += fleet-call
fleet-call_SRC := $(FLEET_SRC) agent/service/test/fleet-call.c
fleet-call_PKGS := $(FLEET_PKGS)

AGENTD_SRC := $(SERVICE_SRC) $(addprefix agent/service/,agentd.c answers.c work.c work-message.c work-preview.c) \
	$(addprefix lib/,boot-record.c cli.c fsroot.c io.c publish.c rfc3339.c spawn.c value.c)
PROGRAMS += xf-agentd
xf-agentd_DIR := $(PREFIX)/sbin
xf-agentd_SRC := $(AGENTD_SRC) agent/service/main.c
xf-agentd_PKGS := $(FLEET_PKGS) json-c
CHECKS += agent/service/test/agentd.test agent/service/test/report.test
CHECK_NEEDS += xf-agentd
MANS += docs/xf-agentd.8
COMPLETIONS += agent/completion/xf-agentd.bash
CHECKS += agent/service/test/units.test agent/service/test/rpcbind.test
SHELLS += agent/completion/xf-agentd.bash agent/system/xf-agentd.init agent/system/xf-agentd-generator
INSTALLS += $(foreach u,xf-agentd.socket xf-agentd.service xf-agentd-work.path xf-agentd-work.service, \
	agent/system/$(u):$(SYSTEMDDIR)/system/$(u)) \
	agent/system/xf-agentd-generator:$(SYSTEMDDIR)/system-generators/xf-agentd-generator \
	agent/system/xf-agentd.tmpfiles:/usr/lib/tmpfiles.d/xf-agentd.conf \
	agent/system/xf-agentd.sysusers:/usr/lib/sysusers.d/xf-agentd.conf \
	agent/system/xf-agentd.init:$(SYSCONFDIR)/init.d/xf-agentd
FUZZERS += fuzz_call
fuzz_call_SRC := $(FLEET_SRC) agent/service/call.c agent/service/fuzz/fuzz_call.c
fuzz_call_PKGS := $(FLEET_PKGS)
fuzz_call_CORPUS := agent/service/fuzz/call
