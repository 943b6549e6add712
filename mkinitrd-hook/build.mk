PROGRAMS += xf-mkinitrd
xf-mkinitrd_PARTS := $(addprefix mkinitrd-hook/,blob.c cpio.c elf.c gzip.c image.c modules.c names.c table.c \
	table-check.c unpack.c unpack-xz.c unpack-zlib.c unpack-zstd.c) initrd/modtable.c
xf-mkinitrd_SRC  := $(addprefix mkinitrd-hook/,xf-mkinitrd.c build.c initrd.c programs.c report.c) \
	$(xf-mkinitrd_PARTS)
xf-mkinitrd_PKGS := libkmod zlib liblzma libzstd json-c
xf-mkinitrd_DIR  := $(PREFIX)/sbin

UNITS += mkinitrd_test
mkinitrd_test_SRC  := mkinitrd-hook/test/mkinitrd_test.c $(xf-mkinitrd_PARTS)
mkinitrd_test_PKGS := libkmod zlib liblzma libzstd cmocka

CHECKS += mkinitrd-hook/test/mkinitrd.test
MANS += docs/xf-mkinitrd.8
COMPLETIONS += mkinitrd-hook/completion/xf-mkinitrd.bash
