# libvirt: connection, records, domains' XML. A program that uses it names $(VIRT_SRC) and $(VIRT_PKGS).
VIRT_SRC := $(addprefix farm/virt/,virt.c record.c domain-xml.c domain-read.c kvm.c lock.c)
VIRT_PKGS := libvirt libxml-2.0

UNITS += virt_test
virt_test_SRC := farm/virt/test/virt_test.c farm/name.c kernel-cmdline/addr.c kernel-cmdline/scan.c lib/cli.c lib/spawn.c \
	lib/value.c lib/io.c lib/publish.c lib/rfc3339.c $(VIRT_SRC)
virt_test_PKGS := $(VIRT_PKGS) cmocka
virt_test_LIBS := -pthread

FUZZERS += fuzz_record
fuzz_record_SRC := farm/virt/fuzz/fuzz_record.c $(addprefix farm/virt/,record.c domain-xml.c domain-read.c) farm/name.c \
	kernel-cmdline/addr.c kernel-cmdline/scan.c lib/value.c
fuzz_record_PKGS := libxml-2.0
fuzz_record_CORPUS := farm/virt/fuzz/record
