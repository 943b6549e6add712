PROGRAMS += xf-mkinitrd
xf-mkinitrd_READER := $(addprefix mkinitrd-hook/image/,blob.c codec.c codec-gzip.c codec-lz4.c codec-xz.c \
	codec-zstd.c cpio.c cpio-read.c cpio-tree.c exchange.c index.c segments.c) lib/buf.c lib/io.c lib/publish.c
xf-mkinitrd_CODECS := zlib liblzma libzstd liblz4
xf-mkinitrd_PARTS := $(addprefix mkinitrd-hook/build/,elf.c init-check.c kernel-modules.c module-names.c module-table.c) \
	mkinitrd-hook/image/unpack.c $(xf-mkinitrd_READER) initrd/modtable.c lib/cli.c lib/fsroot.c
xf-mkinitrd_SRC  := $(addprefix mkinitrd-hook/,main.c cmd-build.c cmd-exchange.c cmd-extract.c cmd-info.c cmd-list.c \
	cmd-verify.c options.c build-report.c initrd-file.c build/extra.c build/initrd.c build/processor.c build/programs.c) \
	lib/json.c lib/rfc3339.c lib/value.c lib/vis.c \
	$(xf-mkinitrd_PARTS)
xf-mkinitrd_PKGS := libkmod $(xf-mkinitrd_CODECS) json-c
xf-mkinitrd_DIR  := $(PREFIX)/sbin

UNITS += mkinitrd_test
mkinitrd_test_SRC  := mkinitrd-hook/test/mkinitrd_test.c $(xf-mkinitrd_PARTS)
mkinitrd_test_PKGS := libkmod $(xf-mkinitrd_CODECS) cmocka

UNITS += initrd_test
initrd_test_SRC := mkinitrd-hook/test/initrd_test.c mkinitrd-hook/image/unpack.c lib/fsroot.c $(xf-mkinitrd_READER)
initrd_test_PKGS := $(xf-mkinitrd_CODECS) cmocka

FUZZERS += fuzz_initrd
fuzz_initrd_SRC := mkinitrd-hook/fuzz/fuzz_initrd.c $(xf-mkinitrd_READER)
fuzz_initrd_PKGS := $(xf-mkinitrd_CODECS)
fuzz_initrd_CORPUS := mkinitrd-hook/fuzz/initrd

CHECKS += mkinitrd-hook/test/mkinitrd.test mkinitrd-hook/test/exchange.test \
	mkinitrd-hook/test/scripts.test mkinitrd-hook/test/hooks.test
MANS += docs/xf-mkinitrd.8
COMPLETIONS += mkinitrd-hook/completion/xf-mkinitrd.bash

MANS += docs/xf-hooks.8

HOOKS := dracut/95xenfarm/module-setup.sh dracut/95xenfarm/parse-xenfarm.sh dracut/95xenfarm/attach-xenfarm.sh \
	initramfs-tools/hook initramfs-tools/script kernel-install/kernel-hook kernel-install/60-xenfarm.install \
	kernel-install/postinst kernel-install/postrm suse-mkinitrd/setup-xenfarm.sh suse-mkinitrd/boot-xenfarm.sh
$(B)/hooks/%: mkinitrd-hook/%.in
	@mkdir -p $(@D)
	$(call show,GEN)sed -e 's|@LIBEXECDIR@|$(LIBEXECDIR)|g' -e 's|@SBINDIR@|$(PREFIX)/sbin|g' \
		-e 's|@SYSCONFDIR@|$(SYSCONFDIR)|g' $< >$@
	@chmod --reference=$< $@
all: $(HOOKS:%=$(B)/hooks/%)
SHELLS += $(HOOKS:%=mkinitrd-hook/%.in)

# Where each tool looks for its hooks, whatever our own prefix is.
INSTALLS += $(foreach f,$(filter dracut/%,$(HOOKS)),$(B)/hooks/$(f):/usr/lib/dracut/modules.d/$(f:dracut/%=%)) \
	$(B)/hooks/initramfs-tools/hook:/usr/share/initramfs-tools/hooks/xenfarm \
	$(B)/hooks/initramfs-tools/script:/usr/share/initramfs-tools/scripts/xenfarm \
	$(B)/hooks/kernel-install/kernel-hook:$(LIBEXECDIR)/kernel-hook \
	$(B)/hooks/kernel-install/60-xenfarm.install:/usr/lib/kernel/install.d/60-xenfarm.install \
	$(B)/hooks/kernel-install/postinst:/etc/kernel/postinst.d/zz-xenfarm \
	$(B)/hooks/kernel-install/postrm:/etc/kernel/postrm.d/zz-xenfarm \
	$(B)/hooks/suse-mkinitrd/setup-xenfarm.sh:/lib/mkinitrd/scripts/setup-xenfarm.sh \
	$(B)/hooks/suse-mkinitrd/boot-xenfarm.sh:/lib/mkinitrd/scripts/boot-xenfarm.sh
