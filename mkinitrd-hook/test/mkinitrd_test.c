/* The parts of xf-mkinitrd that do no I/O, and the files of blob.c. */
#include "mkinitrd-hook/build/elf.h"
#include "mkinitrd-hook/build/module-names.h"
#include "mkinitrd-hook/build/module-table.h"
#include "mkinitrd-hook/image/blob.h"
#include "mkinitrd-hook/image/codec.h"
#include "mkinitrd-hook/image/cpio-tree.h"
#include "mkinitrd-hook/image/cpio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct blob text_blob(const char *text)
{
	return (struct blob){ (unsigned char *)strdup(text), strlen(text) };
}

static void cpio_header_has_all_fields(void **state)
{
	const struct cpio_entry entry = { .name = "dev/console",
		.mode = 020600,
		.ino = 7,
		.nlink = 1,
		.mtime = 0x5fffffff,
		.rdev_major = 5,
		.rdev_minor = 1,
		.size = 0 };
	char header[CPIO_HEADER + 1];

	(void)state;
	assert_int_equal(cpio_header(&entry, header), 0);
	assert_string_equal(header, "070701"
				    "00000007"
				    "00002180"
				    "00000000"
				    "00000000"
				    "00000001"
				    "5FFFFFFF"
				    "00000000"
				    "00000000"
				    "00000000"
				    "00000005"
				    "00000001"
				    "0000000C"
				    "00000000");
}

static void cpio_header_keeps_to_the_limits(void **state)
{
	char header[CPIO_HEADER + 1], name[PATH_MAX + 1];

	(void)state;
	assert_int_equal(
		cpio_header(&(struct cpio_entry){ .name = "a", .size = UINT32_MAX }, header), 0);
	assert_int_equal(
		cpio_header(&(struct cpio_entry){ .name = "a", .size = 1ull << 32 }, header),
		-EFBIG);
	memset(name, 'n', sizeof(name));
	name[PATH_MAX] = '\0';
	assert_int_equal(cpio_header(&(struct cpio_entry){ .name = name }, header), -ENAMETOOLONG);
	name[PATH_MAX - 1] = '\0';
	assert_int_equal(cpio_header(&(struct cpio_entry){ .name = name }, header), 0);
}

static void cpio_write_tells_of_too_little_memory(void **state)
{
	struct buf out = { .failed = true };

	(void)state;
	assert_int_equal(cpio_write_end(&out), -ENOMEM);
}

/* Offsets by hand: headers of 110 bytes, names and contents padded to 4. */
static void image_is_sorted_padded_and_numbered(void **state)
{
	struct cpio_tree image = { 0 };
	BLOB archive = { 0 };
	const char *at;

	(void)state;
	assert_int_equal(cpio_tree_add(&image,
				 (struct cpio_entry){ .mode = 0100644, .data = "12345", .size = 5 },
				 "%s/b", "d"),
		0);
	assert_int_equal(cpio_tree_add(&image, (struct cpio_entry){ .mode = 040755 }, "d"), 0);
	assert_int_equal(cpio_tree_archive(&image, 9, &archive), 0);
	at = (const char *)archive.data;
	assert_int_equal(archive.size, 112 + (116 + 8) + 124);
	assert_memory_equal(at, "07070100000001", 14);
	assert_string_equal(at + 110, "d");
	assert_memory_equal(at + 112, "07070100000002", 14);
	assert_memory_equal(at + 112 + 6 + 5 * 8, "00000009", 8);
	assert_string_equal(at + 112 + 110, "d/b");
	assert_memory_equal(at + 112 + 116, "12345\0\0\0", 8);
	assert_string_equal(at + 112 + 124 + 110, "TRAILER!!!");
	cpio_tree_free(&image);
}

static void table_holds_the_set_and_its_aliases_only(void **state)
{
	struct kernel_module crc = { .name = (char *)"crc", .file = (char *)"crc.ko" };
	struct kernel_module nfs = { .name = (char *)"nfs", .file = (char *)"nfs.ko.xz" };
	struct kernel_module net = { .name = (char *)"xen_netfront",
		.file = (char *)"xen-netfront.ko" };
	struct kernel_module *deps[] = { &crc, &net };
	struct kernel_module *all[] = { &crc, &nfs, &net };
	struct kernel_modules set = {
		.n = 3, .module = all, .nbuiltin = 1, .builtin = { (char *)"ext4" }
	};
	BLOB aliases =
		text_blob("# Aliases\nalias fs-nfs nfs\nalias nf nf\nalias fs-nfsd nfsd\n"
			  "alias xen:vif xen_netfront\nalias with space nfs\nalias \nalias x\n"
			  "symbol:a b\n\nalias last-* crc");
	AUTO_BUF struct buf text = { 0 };

	(void)state;
	nfs.ndeps = 2;
	nfs.dep = deps;
	module_table_write(&text, "6.1.0", &set, &aliases);
	buf_add(&text, "", 1);
	assert_string_equal(text.data, "xenfarm-modules 1 6.1.0\n"
				       "module crc crc.ko -\n"
				       "module nfs nfs.ko.xz crc,xen_netfront\n"
				       "module xen_netfront xen-netfront.ko -\n"
				       "alias fs-nfs nfs\n"
				       "alias xen:vif xen_netfront\n"
				       "alias last-* crc\n"
				       "builtin ext4\n");
}

static void table_is_checked_by_its_reader(void **state)
{
	BLOB good = text_blob("xenfarm-modules 1 6.1\nmodule nfs nfs.ko -\nalias fs-nfs nfs\n");
	BLOB bad = text_blob("xenfarm-modules 1 6.1\nmodule nfs nfs.ko -\nalias fs-nfs other\n");
	unsigned int line = 0;
	AUTO_BUF struct buf text = { 0 };

	(void)state;
	assert_int_equal(module_table_check(&good, &line), 0);
	assert_int_equal(module_table_check(&bad, &line), -EINVAL);
	assert_int_equal(line, 3);
	buf_add(&text, good.data, good.size);
	for (int i = 0; i < 100000; i++)
		buf_printf(&text, "alias a%d nfs\n", i);
	assert_int_equal(
		module_table_check(&(struct blob){ (unsigned char *)text.data, text.size }, &line),
		-EINVAL);
}

static bool has(const struct module_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->name[i], name))
			return true;
	return false;
}

static void names_come_in_groups(void **state)
{
	struct module_names kvm = { 0 }, all = { 0 }, base = { 0 };

	(void)state;
	assert_int_equal(module_names_add_group(&kvm, MODULE_NAMES_PLATFORM, "kvm"), 0);
	assert_true(has(&kvm, "virtio_net") && !has(&kvm, "xen-netfront"));
	assert_int_equal(module_names_add_group(&all, MODULE_NAMES_PLATFORM, "all"), 0);
	assert_true(has(&all, "virtio_net") && has(&all, "xen-netfront") && !has(&all, "ext4"));
	assert_int_equal(module_names_add_group(&base, MODULE_NAMES_BASE, NULL), 0);
	assert_true(has(&base, "nfsv4") && !has(&base, "virtio_net"));
	assert_int_equal(module_names_add_group(&all, MODULE_NAMES_PLATFORM, "ext4"), -EINVAL);
	assert_int_equal(module_names_add_group(&all, MODULE_NAMES_FILESYSTEM, "all"), -EINVAL);
	assert_int_equal(module_names_add_group(&all, MODULE_NAMES_FILESYSTEM, ""), -EINVAL);
}

static void names_are_checked_and_bounded(void **state)
{
	static char word[MODULE_NAMES_MAX + 1][4];
	struct module_names names = { 0 };

	(void)state;
	assert_int_equal(module_names_add(&names, ""), -EINVAL);
	assert_int_equal(module_names_add(&names, "../x"), -EINVAL);
	assert_int_equal(module_names_add(&names, "a b"), -EINVAL);
	for (int i = 0; i < MODULE_NAMES_MAX; i++) {
		snprintf(word[i], sizeof(word[i]), "m%d", i);
		assert_int_equal(module_names_add(&names, word[i]), 0);
	}
	assert_int_equal(module_names_add(&names, "m0"), 0);
	assert_int_equal(module_names_add(&names, "more"), -E2BIG);
	assert_int_equal(names.n, MODULE_NAMES_MAX);
}

static void versions_are_no_paths(void **state)
{
	static const char *const bad[] = { "", ".", "..", "../6.1", "6.1/x", "-v", "6 1", "6.1\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(module_names_version_ok(bad[i]));
	assert_true(module_names_version_ok("6.1.0-56-cloud-amd64"));
	assert_true(module_names_version_ok("6.12.9+deb13_1~x"));
}

struct fake_elf {
	Elf64_Ehdr header;
	Elf64_Phdr segment[2];
};

static struct fake_elf fake_elf(void)
{
	return (struct fake_elf){
		.header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64,
				    __BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB },
			.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_phnum = 2,
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phoff = offsetof(struct fake_elf, segment) },
		.segment = { { .p_type = PT_LOAD }, { .p_type = PT_NOTE } },
	};
}

static int check_elf(struct fake_elf *elf, size_t size)
{
	const struct blob file = { (unsigned char *)elf, size };

	return elf_check_static(&file);
}

static void elf_static_is_told_from_others(void **state)
{
	struct fake_elf elf = fake_elf();

	(void)state;
	assert_int_equal(check_elf(&elf, sizeof(elf)), 0);
	assert_int_equal(check_elf(&elf, sizeof(elf) - 1), -ENOEXEC);
	assert_int_equal(check_elf(&elf, 10), -ENOEXEC);
	elf.segment[1].p_type = PT_INTERP;
	assert_int_equal(check_elf(&elf, sizeof(elf)), -ELIBACC);
	elf.header.e_type = ET_REL;
	assert_int_equal(check_elf(&elf, sizeof(elf)), -ENOEXEC);
	elf = fake_elf();
	elf.header.e_phoff = UINT64_MAX - 8;
	assert_int_equal(check_elf(&elf, sizeof(elf)), -ENOEXEC);
	elf = fake_elf();
	elf.header.e_ident[0] = '#';
	assert_int_equal(check_elf(&elf, sizeof(elf)), -ENOEXEC);
}

static void processors_are_told_apart(void **state)
{
	struct fake_elf elf = fake_elf();
	const struct blob file = { (unsigned char *)&elf, sizeof(elf) }, cut = { file.data, 30 };
	unsigned char *ident = elf.header.e_ident;
	uint32_t x86 = elf_processor(&file), ppc;
	char name[ELF_PROCESSOR_NAME];

	(void)state;
	assert_string_equal(elf_processor_name(x86, name), "x86-64");
	elf.header.e_type = ET_REL;
	assert_int_equal(elf_processor(&file), x86);
	elf.header.e_machine = EM_AARCH64;
	assert_string_equal(elf_processor_name(elf_processor(&file), name), "arm64");
	elf.header.e_machine = 0x1515; /* the same bytes in both orders */
	ppc = elf_processor(&file);
	ident[EI_DATA] = ident[EI_DATA] == ELFDATA2LSB ? ELFDATA2MSB : ELFDATA2LSB;
	assert_int_not_equal(elf_processor(&file), ppc);
	elf.header.e_machine = EM_X86_64 << 8; /* as the other order has it */
	assert_string_equal(elf_processor_name(elf_processor(&file), name), "x86-64");
	assert_int_equal(elf_processor(&cut), 0);
	ident[0] = '#';
	assert_int_equal(elf_processor(&file), 0);
	assert_string_equal(elf_processor_name(0x10007, name), "ELF machine 7");
}

#define UNPACKED 300000 /* bytes; packs to far less than a fourth, so the room must grow */

static struct blob plain(void)
{
	struct blob blob = { malloc(UNPACKED), UNPACKED };

	for (size_t i = 0; i < UNPACKED; i++)
		blob.data[i] = i % 251;
	return blob;
}

static const struct codec *const codecs[] = { &codec_gzip, &codec_xz, &codec_zstd, &codec_lz4 };

static struct blob packed_by(const struct codec *codec, const struct blob *from)
{
	struct blob to = { 0 };

	assert_int_equal(codec_pack(codec, from, 0, &to), 0);
	return to;
}

static struct blob packed_plain(const struct codec *codec)
{
	BLOB from = plain();

	return packed_by(codec, &from);
}

static void modules_are_unpacked_by_their_suffix(void **state)
{
	BLOB want = plain();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char name[16];
		BLOB blob = packed_plain(codecs[i]), cut = packed_plain(codecs[i]),
		     bad = packed_plain(codecs[i]), more = packed_plain(codecs[i]);

		snprintf(name, sizeof(name), "m.ko%s", codecs[i]->suffix);
		assert_int_equal(codec_stem(name), 4);
		assert_int_equal(codec_unpack_module(name, UNPACKED - 1, &blob), -EFBIG);
		assert_int_equal(codec_unpack_module(name, UNPACKED, &blob), 0);
		assert_int_equal(blob.size, UNPACKED);
		assert_memory_equal(blob.data, want.data, UNPACKED);
		cut.size /= 2;
		assert_int_equal(codec_unpack_module(name, 2 * UNPACKED, &cut), -EBADMSG);
		bad.data[0] ^= 0xff;
		assert_int_equal(codec_unpack_module(name, 2 * UNPACKED, &bad), -EBADMSG);
		more.data = realloc(more.data, more.size + 1);
		more.data[more.size++] = 0;
		assert_int_equal(codec_unpack_module(name, 2 * UNPACKED, &more), -EBADMSG);
	}
}

static void other_modules_are_left_alone(void **state)
{
	BLOB blob = text_blob("as it is");

	(void)state;
	assert_int_equal(codec_stem("m.ko"), 4);
	assert_int_equal(codec_stem(".xz"), 3);
	assert_int_equal(codec_unpack_module("m.ko", 1, &blob), 0);
	assert_int_equal(blob.size, 8);
}

/* More than lz4's block of 8 MiB, and not so regular that nothing is left of it. */
static struct blob long_plain(void)
{
	struct blob blob = { malloc(10 << 20), 10 << 20 };
	uint32_t x = 1;

	for (size_t i = 0; i < blob.size; i++) {
		x = x * 1664525 + 1013904223;
		blob.data[i] = i % 64 ? (unsigned char)i : x >> 24;
	}
	return blob;
}

static void streams_end_where_they_end(void **state)
{
	BLOB want = long_plain();

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct sink out = { .limit = want.size };
		BLOB in = { 0 };
		size_t used, whole;

		assert_int_equal(codec_pack(codecs[i], &want, 1, &in), 0);
		whole = in.size;
		in.data = realloc(in.data, whole + 8);
		memset(in.data + whole, 0, 8);
		in.size += 8;
		assert_ptr_equal(codec_at(&in), codecs[i]);
		assert_ptr_equal(codec_named(codecs[i]->name), codecs[i]);
		assert_int_equal(codecs[i]->unpack(&in, &out, &used), 0);
		assert_int_equal(used, whole);
		assert_int_equal(out.buf.size, want.size);
		assert_memory_equal(out.buf.data, want.data, want.size);
		buf_free(&out.buf);
		out = (struct sink){ .limit = want.size - 1 };
		assert_int_equal(codecs[i]->unpack(&in, &out, &used), -EFBIG);
		buf_free(&out.buf);
		out = (struct sink){ .limit = want.size };
		in.size = whole - 1;
		assert_int_equal(codecs[i]->unpack(&in, &out, &used), -EBADMSG);
		buf_free(&out.buf);
	}
}

static void gzip_header_has_no_time(void **state)
{
	BLOB from = plain(), packed = { 0 };

	(void)state;
	assert_int_equal(codec_pack(&codec_gzip, &from, 9, &packed), 0);
	assert_memory_equal(packed.data, "\x1f\x8b\x08\0\0\0\0\0\x02\x03", 10);
}

static char order[256];

int fsync(int fd)
{
	struct stat st;

	strcat(order, fstat(fd, &st) ? "?" : S_ISDIR(st.st_mode) ? "directory " : "file ");
	return (int)syscall(SYS_fsync, fd);
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
	strcat(order, "rename ");
	return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, 0);
}

/* A power cut leaves the old file or the new one, and after the end the new one. */
static void published_files_are_synced(void **state)
{
	char path[] = "/tmp/xf-mkinitrd-test.XXXXXX";
	BLOB text = text_blob("text");
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	order[0] = '\0';
	assert_int_equal(blob_publish(&text, path, 0600), 0);
	assert_string_equal(order, "file rename directory ");
	assert_int_equal(unlink(path), 0);
}

static void published_files_replace_whole(void **state)
{
	char directory[] = "/tmp/xf-mkinitrd-test.XXXXXX", path[64];
	BLOB first = text_blob("first"), second = text_blob("2nd"), got = { 0 };
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/image", directory);
	assert_int_equal(blob_publish(&first, path, 0600), 0);
	assert_int_equal(blob_publish(&second, path, 0644), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(blob_read(path, 2, &got), -EFBIG);
	assert_int_equal(blob_read(directory, 100, &got), -EINVAL);
	assert_int_equal(blob_read(path, 3, &got), 0);
	assert_memory_equal(got.data, "2nd", 3);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	assert_int_equal(blob_publish(&second, path, 0644), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(blob_publish(&second, path, 0644), -EISDIR);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(directory), 0); /* so no temporary file is left */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpio_header_has_all_fields),
		cmocka_unit_test(cpio_header_keeps_to_the_limits),
		cmocka_unit_test(cpio_write_tells_of_too_little_memory),
		cmocka_unit_test(image_is_sorted_padded_and_numbered),
		cmocka_unit_test(table_holds_the_set_and_its_aliases_only),
		cmocka_unit_test(table_is_checked_by_its_reader),
		cmocka_unit_test(names_come_in_groups),
		cmocka_unit_test(names_are_checked_and_bounded),
		cmocka_unit_test(versions_are_no_paths),
		cmocka_unit_test(elf_static_is_told_from_others),
		cmocka_unit_test(processors_are_told_apart),
		cmocka_unit_test(modules_are_unpacked_by_their_suffix),
		cmocka_unit_test(other_modules_are_left_alone),
		cmocka_unit_test(streams_end_where_they_end),
		cmocka_unit_test(gzip_header_has_no_time),
		cmocka_unit_test(published_files_replace_whole),
		cmocka_unit_test(published_files_are_synced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
