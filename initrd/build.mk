# Early userspace: static programs of klibc.
KPROGRAMS += xf-init xf-shutdown

initrd_COMMON := initrd/clock.c initrd/log.c initrd/error.c initrd/file.c lib/io.c initrd/nfs/oncrpc.c initrd/power.c initrd/net/down.c \
	kernel-cmdline/addr.c kernel-cmdline/scan.c
# What xf-init and xf-attach do alike.
initrd_STEPS := initrd/boot.c initrd/early.c initrd/fail.c initrd/shell.c initrd/modules.c \
	initrd/modtable.c initrd/net/netlink.c initrd/net/interface.c initrd/nfs/nfs.c initrd/nfs/server.c \
	initrd/nfs/portmap.c initrd/nfs/mount.c initrd/superblock.c lib/hex.c initrd/root.c initrd/tools.c \
	initrd/reconcile.c initrd/firstboot.c initrd/hostname.c initrd/bind.c initrd/handover.c \
	kernel-cmdline/xfnet-parse.c kernel-cmdline/cmdline.c lib/layout.c \
	$(initrd_COMMON)
xf-init_SRC := initrd/init.c initrd/original.c initrd/switch.c $(initrd_STEPS)
xf-init_DIR := $(LIBEXECDIR)
# kexec_file_load(2): a file for each processor.
initrd_KEXEC_CALL := $(or $(wildcard initrd/kexec-call-$(firstword $(subst -, ,$(shell $(KLCC) -dumpmachine))).c), \
	initrd/kexec-call-other.c)
xf-shutdown_SRC := initrd/shutdown.c initrd/finish.c initrd/unmount.c initrd/guard.c initrd/kexec.c initrd/record.c \
	$(initrd_KEXEC_CALL) $(initrd_COMMON)
xf-shutdown_DIR := $(LIBEXECDIR)

# The same steps, called by initrds of other tools.
KPROGRAMS += xf-attach
xf-attach_SRC := initrd/attach.c initrd/switch.c $(initrd_STEPS)
xf-attach_DIR := $(LIBEXECDIR)

UNITS += superblock_test modtable_test
KUNITS += k_modtable_test
superblock_test_SRC := initrd/test/superblock_test.c initrd/superblock.c lib/hex.c
modtable_test_SRC := initrd/test/modtable_test.c initrd/modtable.c
k_modtable_test_SRC := $(modtable_test_SRC)
UNITS += hostname_test
KUNITS += k_hostname_test
hostname_test_SRC := initrd/test/hostname_test.c initrd/hostname.c initrd/file.c lib/io.c
k_hostname_test_SRC := $(hostname_test_SRC)
MANS += docs/xf-init.8 docs/xf-shutdown.8

# Interfaces, servers and the share. What they say and ask for is caught by initrd/test/fake.c.
UNITS += interface_test down_test server_test portmap_test share_test mount_test nfs_test
KUNITS += k_nfs_test
interface_test_SRC := $(addprefix initrd/test/,interface_test.c fake.c netns.c) initrd/net/interface.c \
	initrd/net/netlink.c $(XFNET_PARSER)
down_test_SRC := $(addprefix initrd/test/,down_test.c netns.c) initrd/net/down.c
server_test_SRC := $(addprefix initrd/test/,server_test.c fake.c netns.c) initrd/nfs/server.c \
	initrd/nfs/nfs.c initrd/nfs/oncrpc.c $(XFNET_PARSER)
portmap_test_SRC := $(addprefix initrd/test/,portmap_test.c fake.c netns.c) initrd/nfs/portmap.c \
	initrd/nfs/nfs.c initrd/nfs/oncrpc.c $(XFNET_PARSER)
share_test_SRC := $(addprefix initrd/test/,share_test.c fake.c) initrd/nfs/mount.c initrd/nfs/server.c \
	initrd/nfs/nfs.c initrd/nfs/oncrpc.c initrd/file.c lib/io.c lib/layout.c $(XFNET_PARSER)
mount_test_SRC := $(addprefix initrd/test/,mount_test.c fake.c netns.c) initrd/nfs/mount.c initrd/nfs/nfs.c \
	initrd/file.c lib/io.c lib/layout.c $(XFNET_PARSER)
nfs_test_SRC := initrd/test/nfs_test.c initrd/nfs/nfs.c $(XFNET_PARSER)
k_nfs_test_SRC := $(nfs_test_SRC)

# What knows the initramfs by its paths is tested in a root of the test's own.
SANDBOX := $(addprefix initrd/test/,fake.c sandbox.c)
UNITS += switch_test
switch_test_SRC := initrd/test/switch_test.c initrd/switch.c $(SANDBOX)
UNITS += root_test
root_test_SRC := initrd/test/root_test.c initrd/root.c initrd/superblock.c lib/hex.c initrd/file.c lib/io.c $(SANDBOX) $(XFNET_PARSER)
UNITS += reconcile_test
reconcile_test_SRC := initrd/test/reconcile_test.c initrd/reconcile.c initrd/firstboot.c initrd/hostname.c lib/hex.c initrd/error.c \
	initrd/file.c lib/io.c lib/layout.c $(SANDBOX) $(XFNET_PARSER)
UNITS += bind_test handover_test
bind_test_SRC := initrd/test/bind_test.c initrd/bind.c initrd/file.c lib/io.c lib/layout.c $(SANDBOX)
handover_test_SRC := initrd/test/handover_test.c initrd/handover.c initrd/nfs/nfs.c initrd/file.c lib/io.c $(SANDBOX) \
	$(XFNET_PARSER)
UNITS += early_test fail_test unmount_test guard_test kexec_test finish_test
finish_test_SRC := initrd/test/finish_test.c initrd/finish.c initrd/test/fake.c
kexec_test_SRC := initrd/test/kexec_test.c initrd/kexec.c initrd/record.c initrd/file.c lib/io.c initrd/error.c \
	$(SANDBOX)
early_test_SRC := initrd/test/early_test.c initrd/early.c initrd/file.c lib/io.c $(SANDBOX) $(XFNET_PARSER)
fail_test_SRC := initrd/test/fail_test.c initrd/fail.c initrd/error.c
unmount_test_SRC := initrd/test/unmount_test.c initrd/unmount.c initrd/file.c lib/io.c initrd/error.c $(SANDBOX)
guard_test_SRC := initrd/test/guard_test.c initrd/guard.c initrd/record.c initrd/file.c lib/io.c kernel-cmdline/addr.c kernel-cmdline/scan.c \
	$(SANDBOX)
UNITS += modules_test tools_test original_test
modules_test_SRC := initrd/test/modules_test.c initrd/modules.c initrd/modtable.c initrd/file.c lib/io.c initrd/error.c \
	initrd/test/sandbox.c initrd/test/fake.c
tools_test_SRC := initrd/test/tools_test.c initrd/tools.c initrd/bind.c initrd/file.c lib/io.c initrd/error.c lib/layout.c \
	$(SANDBOX)
original_test_SRC := initrd/test/original_test.c initrd/original.c initrd/test/sandbox.c
UNITS += boot_test log_test
boot_test_SRC := initrd/test/boot_test.c initrd/boot.c $(SANDBOX)
log_test_SRC := initrd/test/log_test.c initrd/log.c initrd/test/sandbox.c
CHECKS += initrd/test/contract.test
