PROGRAMS += xf-mkinitrd
xf-mkinitrd_READER := $(addprefix mkinitrd-hook/,blob.c codec.c codec-gzip.c codec-lz4.c codec-xz.c \
	codec-zstd.c cpio.c cpio-read.c image.c merge.c segments.c tree.c)
xf-mkinitrd_CODECS := zlib liblzma libzstd liblz4
xf-mkinitrd_PARTS := $(addprefix mkinitrd-hook/,elf.c modules.c names.c run.c table.c table-check.c unpack.c) \
	$(xf-mkinitrd_READER) initrd/modtable.c lib/fsroot.c
xf-mkinitrd_SRC  := $(addprefix mkinitrd-hook/,xf-mkinitrd.c build.c exchange.c extract.c info.c initrd.c \
	list.c options.c programs.c report.c source.c verify.c) $(xf-mkinitrd_PARTS)
xf-mkinitrd_PKGS := libkmod $(xf-mkinitrd_CODECS) json-c
xf-mkinitrd_DIR  := $(PREFIX)/sbin

UNITS += mkinitrd_test
mkinitrd_test_SRC  := mkinitrd-hook/test/mkinitrd_test.c $(xf-mkinitrd_PARTS)
mkinitrd_test_PKGS := libkmod $(xf-mkinitrd_CODECS) cmocka

UNITS += initrd_test
initrd_test_SRC := mkinitrd-hook/test/initrd_test.c mkinitrd-hook/unpack.c lib/fsroot.c $(xf-mkinitrd_READER)
initrd_test_PKGS := $(xf-mkinitrd_CODECS) cmocka

FUZZERS += fuzz_initrd
fuzz_initrd_SRC := mkinitrd-hook/fuzz/fuzz_initrd.c $(xf-mkinitrd_READER)
fuzz_initrd_PKGS := $(xf-mkinitrd_CODECS)
fuzz_initrd_CORPUS := mkinitrd-hook/fuzz/initrd

CHECKS += mkinitrd-hook/test/mkinitrd.test mkinitrd-hook/test/exchange.test
MANS += docs/xf-mkinitrd.8
COMPLETIONS += mkinitrd-hook/completion/xf-mkinitrd.bash
