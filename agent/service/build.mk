# xf-agentd: answers the servers of the share. A program that serves the protocol names $(SERVICE_SRC) and $(FLEET_PKGS).
SERVICE_SRC := $(FLEET_SRC) agent/service/call.c agent/service/serve.c

HELPERS += fleet-call
fleet-call_SRC := $(FLEET_SRC) agent/service/test/fleet-call.c
fleet-call_PKGS := $(FLEET_PKGS)
