# The protocol between server and clients. A program that speaks it names $(FLEET_SRC) and $(FLEET_PKGS).
FLEET_SRC := lib/buf.c lib/fleet/fleet.c lib/fleet/record.c $(B)/gen/fleet_xdr.c
FLEET_PKGS := libtirpc

RPCGEN ?= rpcgen
# rpcgen writes nothing over what exists. Its code includes lib/fleet/fleet.h, by the path of fleet.x.
$(B)/gen/fleet_xdr.h $(B)/gen/fleet_xdr.c: $(B)/gen/fleet_xdr.%: lib/fleet/fleet.x
	@mkdir -p $(@D)
	@rm -f $@
	$(call show,RPCGEN)$(RPCGEN) $(if $(filter h,$*),-h,-c) -o $@ $<
$(B)/host/$(B)/gen/fleet_xdr.o $(B)/fuzzobj/$(B)/gen/fleet_xdr.o: OBJ_CFLAGS += -Wno-unused-variable

UNITS += fleet_test
fleet_test_SRC := $(FLEET_SRC) lib/fleet/test/fleet_test.c
fleet_test_PKGS := $(FLEET_PKGS) cmocka
