# xenfarm, the server's tool.
xenfarm_PARTS := $(addprefix farm/,config.c copy.c copy-watch.c describe.c detect.c filter.c flip.c flip-apply.c generation.c \
	image.c kernels.c keys.c private.c same.c say.c secrets.c share.c share-lock.c share-switch.c \
	source.c tree.c tree-link.c) lib/cli.c lib/conf.c lib/layout.c lib/spawn.c lib/value.c lib/xattrs.c \
	$(LIB_SRC)

PROGRAMS += xenfarm
xenfarm_SRC  := $(addprefix farm/,xenfarm.c context.c share-init.c share-publish.c share-list.c share-diff.c \
	share-verify.c share-rollback.c share-rekey.c share-gc.c) lib/json.c $(xenfarm_PARTS)
xenfarm_PKGS := $(LIB_PKGS) blkid json-c
xenfarm_LIBS := -pthread
xenfarm_DIR  := $(PREFIX)/sbin
$(B)/host/farm/filter.o: farm/filter

UNITS += farm_test flip_test
farm_test_SRC  := farm/test/farm_test.c $(xenfarm_PARTS)
farm_test_PKGS := $(LIB_PKGS) blkid cmocka
farm_test_LIBS := -pthread
flip_test_SRC  := farm/test/flip_test.c farm/flip.c farm/tree.c lib/buf.c lib/xattrs.c
flip_test_PKGS := cmocka

CHECKS += $(addprefix farm/test/,share.test bench.test rekey.test secrets.test failures.test large.test image.test sync.test crash.test)
MANS += docs/xenfarm.8 docs/xenfarm.conf.5
COMPLETIONS += farm/completion/xenfarm.bash
INSTALLS += farm/xenfarm.conf:$(SYSCONFDIR)/xenfarm/xenfarm.conf

bench: bench-share
.PHONY: bench-share
bench-share: $(B)/bin/xenfarm
	B=$(abspath $(B)) farm/bench/share
SHELLS += farm/bench/share
