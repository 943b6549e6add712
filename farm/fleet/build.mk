# The fleet, as the server asks it: xenfarm status, conflicts, …
FARM_FLEET_SRC := farm/cmd-fleet.c $(addprefix farm/fleet/,ask.c round.c seen.c status.c status-command.c status-metrics.c status-title.c) $(FLEET_SRC)

CHECKS += farm/fleet/test/status.test
MANS += docs/xenfarm-fleet.8

UNITS += ask_test
ask_test_SRC := farm/fleet/test/ask_test.c farm/fleet/ask.c lib/buf.c lib/cli.c
ask_test_PKGS := libtirpc cmocka
ask_test_LIBS := -pthread
