# The fleet, as the server asks it: xenfarm status, conflicts, …
FARM_FLEET_SRC := farm/cmd-fleet.c $(addprefix farm/fleet/,ask.c conflicts.c conflicts-show.c exec.c harmless.c inbox.c inventory.c order.c preview.c reconcile.c round.c round-ssh.c seen.c servers.c ssh-config.c status.c status-command.c status-metrics.c status-page.c status-title.c verdict.c) $(FLEET_SRC)

$(B)/host/farm/fleet/status-page.o: farm/fleet/status.html

FLEET_CHECKS := $(addprefix farm/fleet/test/,conflicts.test page.test preview.test promote.test servers.test ssh.test status.test)
CHECKS += $(FLEET_CHECKS)
$(FLEET_CHECKS): $(B)/test/many-agents
MANS += docs/xenfarm-fleet.8

UNITS += ask_test
ask_test_SRC := farm/fleet/test/ask_test.c farm/fleet/ask.c lib/buf.c lib/cli.c
ask_test_PKGS := libtirpc cmocka
ask_test_LIBS := -pthread

# The page of `xenfarm status --html` in a browser, and its picture in docs/.
.PHONY: check-page
check-page: all $(B)/test/many-agents
	lib/test/install-deps browser
	B=$(abspath $(B)) farm/fleet/test/browser docs/status.png
SHELLS += farm/fleet/test/browser
SHELLS += farm/fleet/bench/fleet

bench: bench-fleet
.PHONY: bench-fleet
bench-fleet: all $(B)/test/many-agents
	B=$(abspath $(B)) farm/fleet/bench/fleet
