# Real machines. VM=PATTERN… chooses scenarios, JOBS how many are played at once.
SHELLS += test-vm/bench-boot test-vm/bench-clone test-vm/demo test-vm/record test-vm/here test-vm/image test-vm/image-disks \
	test-vm/one test-vm/prepare test-vm/run test-vm/guest/main test-vm/guest/checks \
	test-vm/server/init test-vm/server/initrd-init $(wildcard test-vm/live/*.sh) $(wildcard test-vm/scenario/*/*) $(wildcard test-vm/recipe/*) \
	test-vm/master/usr/lib/xf-scenario/run test-vm/master/usr/lib/xf-scenario/mark
JOBS ?= 2
# Clients that are not there.
HELPERS += many-agents
many-agents_SRC := $(SERVICE_SRC) test-vm/many-agents.c
many-agents_PKGS := $(FLEET_PKGS)
# Tests with guests of libvirt on this machine: here.sh.
VM_CHECKS += test-vm/channels.test test-vm/hostile.test
# No guests, but a whole server.
CHECKS += test-vm/second-server.test

.PHONY: vm-programs demo-shell
vm-programs: vm-packages
	$(MAKE) all $(B)/test/net_test
# Those of a list that VM chooses.
vm_chosen = $(strip $(if $(VM),$(foreach c,$(1),$(if $(strip $(foreach v,$(VM),$(findstring $(v),$(c)))),$(c))),$(1)))
check-vm: vm-programs
	$(if $(or $(call vm_chosen,$(notdir $(wildcard test-vm/scenario/*))),$(if $(call vm_chosen,$(VM_CHECKS)),,none)),\
		B=$(abspath $(B)) test-vm/run -j $(JOBS) $(VM))
	$(if $(call vm_chosen,$(VM_CHECKS)),B=$(abspath $(B)) TEST_TIMEOUT=2400 lib/test/tally $(call vm_chosen,$(VM_CHECKS)))
# Scenarios install packages, never the build tree. Their tests are run by `make deb`.
.PHONY: vm-packages
vm-packages:
	lib/test/install-deps check vm
	$(MAKE) DEB_BUILD_OPTIONS=nocheck deb
demo demo-shell: vm-packages
	B=$(abspath $(B)) test-vm/demo $(if $(filter demo-shell,$@),--shell) $(if $(RECORD),--record $(abspath $(RECORD)))
bench-boot: vm-programs
	B=$(abspath $(B)) test-vm/bench-boot
.PHONY: bench-clone
bench-clone: vm-packages
	B=$(abspath $(B)) test-vm/bench-clone

# `make check` on a fresh and minimal Debian; SUITE=trixie takes another one.
.PHONY: check-fresh
check-fresh:
	lib/test/install-deps fresh
	B=$(abspath $(B)) lib/test/check-fresh $(SUITE)
