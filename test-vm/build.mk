# Real machines. VM=PATTERN… chooses scenarios, JOBS how many are played at once.
SHELLS += test-vm/bench-boot test-vm/demo test-vm/demo-guest test-vm/here test-vm/image test-vm/image-disks \
	test-vm/one test-vm/prepare test-vm/run test-vm/guest/main test-vm/guest/checks \
	test-vm/server/init test-vm/server/initrd-init $(wildcard test-vm/live/*.sh) $(wildcard test-vm/scenario/*/*) $(wildcard test-vm/recipe/*) \
	test-vm/master/usr/lib/xf-scenario/run test-vm/master/usr/lib/xf-scenario/mark
JOBS ?= 2

.PHONY: vm-programs demo-shell
vm-programs:
	lib/test/install-deps check vm
	$(MAKE) all
check-vm: vm-programs
	B=$(abspath $(B)) test-vm/run -j $(JOBS) $(VM)
demo: vm-programs
	B=$(abspath $(B)) test-vm/demo
demo-shell: vm-programs
	B=$(abspath $(B)) test-vm/demo --shell
bench-boot: vm-programs
	B=$(abspath $(B)) test-vm/bench-boot

# `make check` on a fresh and minimal Debian; SUITE=trixie takes another one.
.PHONY: check-fresh
check-fresh:
	lib/test/install-deps fresh
	B=$(abspath $(B)) lib/test/check-fresh $(SUITE)
