# xenfarm, the server's tool.
xenfarm_PARTS := $(addprefix farm/,group.c name.c operation.c oplog.c output.c results.c settings.c table.c) \
	$(addprefix farm/share/,channel.c flip.c flip-apply.c in-use.c keys.c lock.c push.c receive.c store.c switch.c treelist.c treelist-link.c verify.c) \
	$(addprefix farm/publish/,boot-links.c copy.c copy-watch.c disk-image.c filter.c generation.c generation-describe.c image-id.c kernel-names.c kernels.c \
	layout-detect.c origin.c passwords.c same-file.c secrets.c subvolumes.c) \
	lib/cli.c lib/conf.c lib/json.c lib/layout.c lib/spawn.c lib/value.c lib/xattrs.c $(LIB_SRC)

PROGRAMS += xenfarm
xenfarm_SRC  := $(addprefix farm/,main.c context.c promotion.c cmd-log.c cmd-net.c cmd-net-init.c cmd-net-doctor.c cmd-share.c cmd-share-init.c cmd-share-publish.c \
	cmd-share-list.c cmd-share-promote.c cmd-share-channel.c cmd-share-diff.c cmd-share-verify.c cmd-share-rollback.c cmd-share-rekey.c cmd-share-gc.c cmd-share-push.c cmd-master.c) \
	$(xenfarm_PARTS) $(CLIENT_SRC) $(MASTER_SRC) $(NET_SRC) $(SSH_SRC) $(VIRT_SRC) $(FARM_FLEET_SRC)
xenfarm_PKGS := $(LIB_PKGS) $(VIRT_PKGS) $(FLEET_PKGS) blkid json-c smartcols
xenfarm_LIBS := -pthread
xenfarm_DIR  := $(PREFIX)/sbin
$(B)/host/farm/publish/filter.o: farm/publish/filter

UNITS += farm_test push_test flip_test name_test table_test operation_test
farm_test_SRC  := farm/test/farm_test.c $(xenfarm_PARTS)
farm_test_PKGS := $(LIB_PKGS) blkid json-c smartcols cmocka
farm_test_LIBS := -pthread
push_test_SRC  := farm/test/push_test.c $(xenfarm_PARTS)
push_test_PKGS := $(farm_test_PKGS)
push_test_LIBS := -pthread
flip_test_SRC  := farm/test/flip_test.c farm/share/flip.c farm/share/treelist.c lib/buf.c lib/xattrs.c
flip_test_PKGS := cmocka
name_test_SRC  := farm/test/name_test.c farm/name.c farm/group.c
name_test_PKGS := cmocka
table_test_SRC  := farm/test/table_test.c farm/table.c lib/cli.c lib/json.c lib/buf.c lib/rfc3339.c lib/vis.c
table_test_PKGS := smartcols json-c cmocka
operation_test_SRC  := farm/test/operation_test.c farm/operation.c farm/oplog.c farm/output.c farm/results.c $(addprefix lib/,cli.c fsroot.c io.c json.c publish.c buf.c \
	rfc3339.c vis.c)
operation_test_PKGS := json-c cmocka

CHECKS += $(addprefix farm/test/,share.test channel.test habits.test image-id.test log.test bench.test rekey.test secrets.test failures.test large.test push.test delta.test image.test rpm.test sync.test crash.test)
MANS += docs/xenfarm.8 docs/xenfarm.conf.5
COMPLETIONS += farm/completion/xenfarm.bash
INSTALLS += farm/xenfarm.conf:$(SYSCONFDIR)/xenfarm/xenfarm.conf

bench: bench-share
.PHONY: bench-share
bench-share: $(B)/bin/xenfarm
	B=$(abspath $(B)) farm/bench/share
SHELLS += farm/bench/share
