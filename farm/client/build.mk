# Clients: xenfarm client …
CLIENT_SRC := farm/cmd-client.c $(addprefix farm/client/,address.c batch.c boot-files.c change.c client.c cmdline.c connect.c console-log.c \
	create.c create-plan.c destroy.c disk.c doctor.c events.c host.c host-key.c list.c on-off.c pin.c power.c remote.c rename.c rules.c select.c \
	servers.c uses.c wait.c) \
	farm/net/net.c $(VIRT_SRC) $(XFNET_PARSER)

UNITS += client_test
client_test_SRC := farm/client/test/client_test.c $(addprefix farm/client/,address.c cmdline.c console-log.c disk.c servers.c) farm/net/net.c \
	$(XFNET_PARSER) lib/buf.c lib/cli.c lib/fsroot.c lib/hex.c lib/spawn.c lib/io.c lib/value.c farm/ssh/keygen.c farm/virt/record.c farm/name.c
client_test_PKGS := libxml-2.0 cmocka
CHECKS += $(addprefix farm/client/test/,client.test diff.test wait.test servers.test hosts.test channel.test crash.test here.test second-host.test json.test)

bench: bench-client
.PHONY: bench-client
bench-client: $(B)/bin/xenfarm
	B=$(abspath $(B)) farm/client/bench/client
SHELLS += farm/client/bench/client
