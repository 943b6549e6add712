# Xen Farming: the one Makefile. Every directory's build.mk adds to the lists below; nothing recurses.
#
#   make                       programs, in build/bin
#   make check                 tests that need neither root nor network; REQUIRE=1: what is skipped has failed
#   make check-mutants         breaks each promise that a test guards, and sees the test fail
#   make check-fresh           make check on a fresh and minimal Debian
#   make check-vm              boots machines        make demo    the main job, to look at
#   make install DESTDIR= PREFIX=
#   make SAN=address,undefined check      make COV=1 check coverage      V=1 shows commands
#
# A directory adds a program by its name, and says what it is made of:
#   PROGRAMS += xfnet          host program          xfnet_SRC := …  xfnet_LIBS := …  xfnet_PKGS := …
#   KPROGRAMS += xf-init       static klibc program  xf-init_SRC := …
#   UNITS += xfnet_test        test program (TAP or cmocka), host
#   KUNITS += k_xfnet_test     the same source under klibc
#   BENCHES += x_bench         program that measures, host, in $(B)/bench
#   FUZZERS += fuzz_xfnet      libFuzzer target; fuzz_xfnet_CORPUS := directory
#   HELPERS += x              program that tests run, host, in $(B)/test
#   CHECKS += dir/x.test       test script (TAP); CHECK_NEEDS += programs that it runs
# Sources are paths from the root, headers are included by such paths.

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all

VERSION := $(shell cat VERSION)
PREFIX  ?= /usr
SYSCONFDIR ?= /etc
LIBEXECDIR ?= $(PREFIX)/lib/xenfarm
MANDIR  ?= $(PREFIX)/share/man
COMPDIR ?= $(PREFIX)/share/bash-completion/completions
# Debian 12 has it in /lib.
SYSTEMDDIR ?= /usr/lib/systemd
B       ?= build$(if $(SAN),/san)$(if $(COV),/cov)
# B=$PWD/build is the same directory, and has to have the same name: rules and their dependencies are found by it.
override B := $(patsubst $(CURDIR)/%,%,$(B))

CC      ?= cc
CLANG   ?= clang
KLCC    ?= klcc
PKG     ?= pkg-config
INSTALL ?= install
CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla \
	   -Wwrite-strings -Wno-missing-field-initializers -Wno-format-truncation
DEFS     = -D_GNU_SOURCE -DXF_VERSION='"$(VERSION)"' -DXF_SYSCONFDIR='"$(SYSCONFDIR)"' \
	   -DXF_LIBEXECDIR='"$(LIBEXECDIR)"' -I. -I$(B)
HOST_CFLAGS = -std=gnu11 $(WARN) $(DEFS) -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE \
	   $(CFLAGS) $(CPPFLAGS)
HOST_LDFLAGS = -pie -Wl,-z,relro,-z,now $(LDFLAGS)
# klcc has settings of its own, and a distribution's CFLAGS break them: kept apart on purpose.
# Its headers shadow builtins, and its execve takes no literals: two warnings less.
KLIBC_CFLAGS ?= -std=gnu11 $(filter-out -Wshadow -Wwrite-strings,$(WARN)) $(DEFS) \
	   -ffunction-sections -fdata-sections
KLIBC_LDFLAGS ?= -static -Wl,--gc-sections -Wl,-z,noseparate-code

ifdef SAN
HOST_CFLAGS := $(filter-out -D_FORTIFY_SOURCE=2,$(HOST_CFLAGS)) -fsanitize=$(SAN) \
	   -fno-sanitize-recover=all -fno-omit-frame-pointer
HOST_LDFLAGS += -fsanitize=$(SAN)
endif
ifdef COV
HOST_CFLAGS += --coverage -O0
HOST_LDFLAGS += --coverage
endif

PROGRAMS :=
KPROGRAMS :=
UNITS :=
HELPERS :=
KUNITS :=
BENCHES :=
FUZZERS :=
CHECKS :=
CHECK_NEEDS :=
MANS :=
COMPLETIONS :=
INSTALLS :=
SHELLS :=

include kernel-cmdline/build.mk initrd/build.mk mkinitrd-hook/build.mk lib/build.mk agent/build.mk agent/client/build.mk agent/service/build.mk \
	farm/virt/build.mk farm/net/build.mk farm/ssh/build.mk farm/client/build.mk farm/master/build.mk farm/fleet/build.mk farm/build.mk test-vm/build.mk packaging/build.mk docs/build.mk

hobj = $(patsubst %.c,$(B)/host/%.o,$(filter %.c,$(1)))
kobj = $(patsubst %.c,$(B)/klibc/%.o,$(filter %.c,$(1)))
fobj = $(patsubst %.c,$(B)/fuzzobj/%.o,$(filter %.c,$(1)))
pkgcf = $(if $(1),$(shell $(PKG) --cflags $(1)))
pkgld = $(if $(1),$(shell $(PKG) --libs $(1)))

# $(call show,WHAT): before a command that is told by one word, unless V=1 asks for all of it.
show = $(if $(V),,@printf '  %-6s %s\n' $(1) $@;)

# $(call host_program,NAME,DIRECTORY)
define host_program
$(B)/$(2)/$(1): $(call hobj,$($(1)_SRC))
	@mkdir -p $$(@D)
	$$(call show,LD)$$(CC) $$(HOST_CFLAGS) $$(HOST_LDFLAGS) -o $$@ $$(filter %.o,$$^) $$(call pkgld,$($(1)_PKGS)) $($(1)_LIBS)
$(call hobj,$($(1)_SRC)): OBJ_CFLAGS += $$(call pkgcf,$($(1)_PKGS))
$(if $(filter libtirpc,$($(1)_PKGS)),$(call hobj,$($(1)_SRC)): | $(B)/gen/fleet_xdr.h)
-include $(patsubst %.o,%.d,$(call hobj,$($(1)_SRC)))
endef

# $(call klibc_program,NAME,DIRECTORY)
define klibc_program
$(B)/$(2)/$(1): $(call kobj,$($(1)_SRC))
	@mkdir -p $$(@D)
	$$(call show,KLD)$$(KLCC) $$(KLIBC_LDFLAGS) -o $$@ $$(filter %.o,$$^)
	@strip --strip-all -R .comment -R .note -R .note.gnu.property $$@
-include $(patsubst %.o,%.d,$(call kobj,$($(1)_SRC)))
endef

define fuzz_program
$(B)/fuzz/$(1): $(call fobj,$($(1)_SRC))
	@mkdir -p $$(@D)
	$$(call show,FUZZLD)$$(CLANG) -g -O1 -fsanitize=fuzzer,address,undefined -o $$@ $$(filter %.o,$$^) $$(call pkgld,$($(1)_PKGS)) $($(1)_LIBS)
$(call fobj,$($(1)_SRC)): OBJ_CFLAGS += $$(call pkgcf,$($(1)_PKGS))
$(if $(filter libtirpc,$($(1)_PKGS)),$(call fobj,$($(1)_SRC)): | $(B)/gen/fleet_xdr.h)
-include $(patsubst %.o,%.d,$(call fobj,$($(1)_SRC)))
endef

$(foreach p,$(PROGRAMS),$(eval $(call host_program,$(p),bin)))
$(foreach p,$(UNITS) $(HELPERS),$(eval $(call host_program,$(p),test)))
$(foreach p,$(BENCHES),$(eval $(call host_program,$(p),bench)))
$(foreach p,$(KPROGRAMS),$(eval $(call klibc_program,$(p),bin)))
$(foreach p,$(KUNITS),$(eval $(call klibc_program,$(p),test)))
$(foreach p,$(FUZZERS),$(eval $(call fuzz_program,$(p))))

$(B)/host/%.o: %.c
	@mkdir -p $(@D)
	$(call show,CC)$(CC) $(HOST_CFLAGS) $(OBJ_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/klibc/%.o: %.c
	@mkdir -p $(@D)
	$(call show,KLCC)$(KLCC) $(KLIBC_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c -o $@ $<
$(B)/fuzzobj/%.o: %.c
	@mkdir -p $(@D)
	$(call show,FUZZCC)$(CLANG) -g -O1 -std=gnu11 $(DEFS) $(OBJ_CFLAGS) -fsanitize=fuzzer-no-link,address,undefined \
		-fno-sanitize-recover=all -MMD -MP -c -o $@ $<

BIN   := $(addprefix $(B)/bin/,$(PROGRAMS) $(KPROGRAMS))
TESTS := $(addprefix $(B)/test/,$(UNITS) $(KUNITS))

.PHONY: all tests helpers fuzzers check fuzz check-vm demo bench bench-boot coverage lint format install list-installed \
	clean deps bench-deps
all: $(BIN)
tests: $(TESTS) helpers
helpers: $(addprefix $(B)/test/,$(HELPERS))
fuzzers: $(addprefix $(B)/fuzz/,$(FUZZERS))

# FUZZ_RUNS bounds each target in `make check`; `make fuzz FUZZ_RUNS=10000000` digs.
FUZZ_RUNS ?= 50000
fuzz_args = $(foreach f,$(FUZZERS),$(f):$($(f)_CORPUS))

deps:
	lib/test/install-deps check
bench-deps:
	lib/test/install-deps check bench
check: deps
	$(MAKE) check-only
.PHONY: check-only list-tests check-mutants
list-tests:
	@printf '%s\n' $(UNITS) $(KUNITS) $(CHECKS) $(addprefix fuzz:,$(fuzz_args))
check-only: all tests fuzzers $(CHECKS)
	B=$(abspath $(B)) FUZZ_RUNS=$(FUZZ_RUNS) lib/test/tally $(TESTS) $(CHECKS) $(addprefix fuzz:,$(fuzz_args))
fuzz: fuzzers
	B=$(abspath $(B)) FUZZ_RUNS=$(FUZZ_RUNS) lib/test/tally $(addprefix fuzz:,$(fuzz_args))
# MUTANTS=PATTERN picks some of them, JOBS=N tries N at once.
check-mutants: deps
	B=$(abspath $(B)) lib/test/check-mutants -j $(JOBS) $(if $(MUTANTS),'$(MUTANTS)')
coverage:
	lib/test/install-deps dev
	gcovr -r . --object-directory $(B) --print-summary

# cppcheck does not know the cleanup attribute; what leaks the sanitizers find.
lint:
	lib/test/install-deps dev
	clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')
	shellcheck -x -S warning $$(git ls-files '*.sh' '*.test') $(SHELLS)
	cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 \
		--suppress=missingIncludeSystem --suppress=memleak --suppress=resourceLeak -I. $$(git ls-files '*.c')
	mandoc -Tlint -Wwarning $(MANS)
	@mkdir -p $(B)
	@$(MAKE) -s --no-print-directory list-installed >$(B)/installed
	lib/test/check-sources $(B)/installed $$(git ls-files '*.c' '*.h' '*.md') $(MANS)
format:
	clang-format -i $$(git ls-files '*.c' '*.h')

compile_commands.json: Makefile $(wildcard */build.mk)
	lib/test/install-deps dev
	bear --output $@ -- $(MAKE) B=build/bear all tests

install: all
	$(foreach p,$(PROGRAMS) $(KPROGRAMS),$(INSTALL) -D -m 755 $(B)/bin/$(p) \
		$(DESTDIR)$(or $($(p)_DIR),$(PREFIX)/bin)/$(p)$(newline))
	$(foreach m,$(MANS),$(INSTALL) -D -m 644 $(m) \
		$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m))$(newline))
	$(foreach c,$(COMPLETIONS),$(INSTALL) -D -m 644 $(c) $(DESTDIR)$(COMPDIR)/$(notdir $(c:.bash=))$(newline))
	$(foreach i,$(INSTALLS),$(INSTALL) -D \
		-m $$(test -x $(firstword $(subst :, ,$(i))) && echo 755 || echo 644) $(firstword $(subst :, ,$(i))) \
		$(DESTDIR)$(word 2,$(subst :, ,$(i)))$(newline))
list-installed:
	@printf '%s\n' $(foreach p,$(PROGRAMS) $(KPROGRAMS),$(or $($(p)_DIR),$(PREFIX)/bin)/$(p)) \
		$(foreach m,$(MANS),$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m))) \
		$(foreach i,$(INSTALLS),$(word 2,$(subst :, ,$(i))))
clean:
	rm -rf $(B)/bin $(B)/test $(B)/host $(B)/klibc $(B)/fuzz $(B)/fuzzobj $(B)/gen

define newline


endef
