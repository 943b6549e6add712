# Masters: what is pure is tested by itself.
MASTER_TEXTS := $(addprefix farm/master/,boot-choice.c boot-once.c network.c os-release.c recipe.c update.c)
MASTER_SRC := $(MASTER_TEXTS) $(addprefix farm/master/,image-lock.c master.c)

UNITS += master_test
master_test_SRC := farm/master/test/master_test.c farm/name.c kernel-cmdline/addr.c kernel-cmdline/scan.c lib/cli.c lib/spawn.c \
	lib/value.c lib/publish.c lib/io.c lib/buf.c lib/rfc3339.c farm/master/image-lock.c $(MASTER_TEXTS) $(VIRT_SRC)
master_test_PKGS := $(VIRT_PKGS) cmocka
master_test_LIBS := -pthread
