# The clients' network: isolation, exports, `xenfarm init` and `xenfarm doctor`.
NET_TEXTS := $(addprefix farm/net/,net.c compose.c compose-rules.c) kernel-cmdline/addr.c kernel-cmdline/scan.c \
	lib/digest.c lib/buf.c lib/hex.c

UNITS += net_test
net_test_SRC  := farm/net/test/net_test.c $(NET_TEXTS)
net_test_PKGS := libxml-2.0 libcrypto cmocka
CHECKS += farm/net/test/isolation.test
farm/net/test/isolation.test: $(B)/test/net_test
