# The clients' network: isolation, exports, `xenfarm init` and `xenfarm doctor`.
NET_TEXTS := $(addprefix farm/net/,net.c compose.c compose-rules.c) kernel-cmdline/addr.c kernel-cmdline/scan.c \
	lib/digest.c lib/buf.c lib/hex.c
NET_SRC := $(addprefix farm/net/,net.c compose.c compose-rules.c plan.c files.c rules.c network.c server.c init.c after.c doctor.c \
	doctor-host.c doctor-network.c doctor-nfs.c doctor-share.c doctor-servers.c) \
	kernel-cmdline/addr.c kernel-cmdline/scan.c

UNITS += net_test net_files_test
net_test_SRC  := farm/net/test/net_test.c $(NET_TEXTS)
net_test_PKGS := libxml-2.0 libcrypto cmocka
net_files_test_SRC  := farm/net/test/net_files_test.c farm/net/plan.c farm/net/files.c farm/net/network.c farm/virt/virt.c \
	lib/cli.c lib/value.c lib/publish.c lib/io.c lib/spawn.c $(NET_TEXTS)
net_files_test_PKGS := libvirt libxml-2.0 libcrypto cmocka
net_files_test_LIBS := -pthread
CHECKS += farm/net/test/isolation.test farm/net/test/init.test farm/net/test/doctor.test farm/net/test/kill.test
farm/net/test/isolation.test: $(B)/test/net_test $(B)/test/fleet-call $(B)/bin/xf-agentd
