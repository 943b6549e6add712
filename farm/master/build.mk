# Masters: what is pure is tested by itself.
MASTER_TEXTS := $(addprefix farm/master/,boot-choice.c boot-once.c network.c os-release.c recipe.c update.c)
MASTER_SRC := $(MASTER_TEXTS) $(addprefix farm/master/,boot.c chroot.c create.c define.c destroy.c disk.c image-lock.c \
	installer.c list.c master.c power.c publish.c source.c tree.c update-run.c) kernel-cmdline/addr.c kernel-cmdline/scan.c

# What a client needs of what is installed: `xenfarm master create` puts it into masters.
$(B)/client-files: Makefile $(wildcard */build.mk */*/build.mk)
	@mkdir -p $(@D)
	@$(MAKE) -s --no-print-directory list-installed | grep -v -e 'bin/xenfarm$$' -e '/xenfarm\.' -e '/xenfarm-.*\.8$$' -e /client-files >$@
all: $(B)/client-files
INSTALLS += $(B)/client-files:$(LIBEXECDIR)/client-files

UNITS += master_test
master_test_SRC := farm/master/test/master_test.c farm/name.c kernel-cmdline/addr.c kernel-cmdline/scan.c lib/cli.c lib/spawn.c \
	lib/value.c lib/publish.c lib/io.c lib/buf.c lib/rfc3339.c farm/master/image-lock.c $(MASTER_TEXTS) $(VIRT_SRC)
master_test_PKGS := $(VIRT_PKGS) cmocka
master_test_LIBS := -pthread

MANS += docs/xenfarm-master.8
CHECKS += farm/master/test/master.test farm/master/test/crash.test
VM_CHECKS += farm/master/test/update.test
