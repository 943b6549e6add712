# The SSH authority of the farm.
SSH_SRC := farm/ssh/authority.c farm/ssh/keygen.c
UNITS += ssh_authority_test
ssh_authority_test_SRC  := farm/ssh/test/ssh_authority_test.c $(SSH_SRC) farm/operation.c farm/output.c farm/results.c lib/cli.c lib/io.c \
	lib/fsroot.c lib/json.c lib/publish.c lib/rfc3339.c lib/spawn.c lib/vis.c lib/buf.c
ssh_authority_test_PKGS := json-c cmocka
