# The fleet, as the server asks it: xenfarm status, conflicts, …
FARM_FLEET_SRC := $(addprefix farm/fleet/,ask.c)

UNITS += ask_test
ask_test_SRC := farm/fleet/test/ask_test.c farm/fleet/ask.c lib/buf.c lib/cli.c
ask_test_PKGS := libtirpc cmocka
ask_test_LIBS := -pthread
