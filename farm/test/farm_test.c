/* The parts of xenfarm that do no I/O, and those that look at a small tree. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "farm/publish/copy.h"
#include "farm/publish/image-id.h"
#include "farm/publish/kernel-names.h"
#include "farm/publish/layout-detect.h"
#include "farm/publish/passwords.h"
#include "farm/publish/secrets.h"
#include "farm/publish/subvolumes.h"
#include "farm/settings.h"
#include "farm/share/store.h"
#include "farm/share/treelist.h"
#include "lib/cleanup.h"
#include "lib/conf.h"
#include "lib/fsroot.h"
#include "lib/xattrs.h"

/* --- xenfarm.conf --- */

/* The text has room for one byte more. */
static int parse(const char *text, size_t n, struct farm_settings *config, struct conf_error *error)
{
	*config = (struct farm_settings){ 0 };
	buf_add(&config->text, text, n);
	assert_non_null(buf_room(&config->text, 1));
	return farm_settings_parse(config, error);
}

static void test_config_good(void **state)
{
	static const char text[] = "# remark\n\n  share=/srv/a b \nkey =\t/k\nkeep = 12\r\n"
				   "mkinitrd = --platform xen --fs ext4";
	struct farm_settings config;
	struct conf_error error;

	(void)state;
	assert_int_equal(parse("", 0, &config, &error), 0);
	assert_string_equal(config.share.path, "/srv/xenfarm/share");
	assert_string_equal(config.share.mkinitrd, "");
	assert_int_equal(config.share.keep, 5);
	farm_settings_free(&config);
	assert_int_equal(parse(text, strlen(text), &config, &error), 0);
	assert_string_equal(config.share.path, "/srv/a b");
	assert_string_equal(config.share.key, "/k");
	assert_int_equal(config.share.keep, 12);
	assert_string_equal(config.share.mkinitrd, "--platform xen --fs ext4");
	farm_settings_free(&config);
}

static void test_config_sections(void **state)
{
	static const char text[] =
		"keep = 9\nuri = xen:///system\n[share web]\npath = /srv/web\nkeep = 2\n"
		"[host far]\nuri = qemu+ssh://far/system\n[group front]\nclients = web*, "
		"db1\n[share mail]\npath = /srv/mail\n";
	const struct farm_share_settings *web, *mail;
	struct farm_settings config;
	struct conf_error error;

	(void)state;
	assert_int_equal(parse(text, strlen(text), &config, &error), 0);
	web = farm_settings_share(&config, "web");
	mail = farm_settings_share(&config, "mail");
	assert_string_equal(web->path, "/srv/web");
	assert_int_equal(web->keep, 2);
	assert_string_equal(mail->path, "/srv/mail");
	assert_int_equal(mail->keep, 9);
	assert_string_equal(mail->key, config.share.key);
	assert_null(farm_settings_share(&config, "we"));
	assert_string_equal(config.host.uri, "xen:///system");
	assert_int_equal(config.n_named_hosts, 1);
	assert_string_equal(config.named_host[0].name, "far");
	assert_string_equal(config.named_host[0].uri, "qemu+ssh://far/system");
	assert_string_equal(farm_settings_group(&config, "front")->clients, "web*, db1");
	farm_settings_free(&config);
}

static void test_config_bad(void **state)
{
	static const struct {
		const char *text, *what;
		size_t size;
	} bad[] = {
#define ROW(text, what) { text, what, sizeof(text) - 1 }
		ROW("\nshare", "is not of the form NAME = VALUE"),
		ROW("\nshares = /a", "is an unknown setting"),
		ROW("\nshar = /a", "is an unknown setting"),
		ROW("\n = /a", "is an unknown setting"),
		ROW("\nshare = a", "is not an absolute path"),
		ROW("\nkey = a", "is not an absolute path"),
		ROW("\nshare =", "has no value"),
		ROW("\nkey = /a\0b", "has a NUL byte"),
		ROW("\nkeep = 0", "is not a number from 1"),
		ROW("\nkeep =", "has no value"),
		ROW("\nkeep = 99999999999999999999", "is not a number from 1"),
		ROW("\nkeep = -1", "is not a number from 1"),
		ROW("\n[web]", "is an unknown section"),
		ROW("\n[share ../web]", "has other characters than a-z, 0-9 and -"),
		ROW("[share web]\nshare = /a", "is an unknown setting"),
		ROW("[share web]\n[share web]", "is the second share of this name"),
		ROW("[host web]\n[host web]", "is the second host of this name"),
		ROW("[group web]\n[group web]", "is the second group of this name"),
		ROW("\n[group @web]", "has other characters than a-z, 0-9 and -"),
		ROW("[group web]\nclients =", "has no value"),
		ROW("[group web]\nclients = a @web", "has a group in it: groups have clients only"),
		ROW("[group web]\n#", "the file has a group without clients"),
		ROW("[share web]\nkeep = 1", "the file has a share without a path"),
		ROW("\n[host local]", "is what the host of the first uri is called"),
		ROW("[host far]\n#", "the file has a host without a uri"),
#undef ROW
	};
	struct farm_settings config;
	struct conf_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(parse(bad[i].text, bad[i].size, &config, &error), -EINVAL);
		assert_int_equal(error.line, 2);
		assert_string_equal(error.what, bad[i].what);
		farm_settings_free(&config);
	}
}

static void test_config_long(void **state)
{
	struct farm_settings config;
	char text[PATH_MAX + 16];
	struct conf_error error;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "share=/", 7);
	assert_int_equal(parse(text, 6 + PATH_MAX - 1, &config, &error), 0);
	assert_int_equal(strlen(config.share.path), PATH_MAX - 1);
	farm_settings_free(&config);
	assert_int_equal(parse(text, 6 + PATH_MAX, &config, &error), -EINVAL);
	assert_string_equal(error.what, "is too long");
	farm_settings_free(&config);
}

/* --- passwords --- */

static void test_blank(void **state)
{
	static const char *const rows[][2] = {
		{ "root:$6$salt$hash:19000:0:99999:7:::\n", "root:*:19000:0:99999:7:::\n" },
		{ "root:x:0:0:root:/root:/bin/sh\n", "root:x:0:0:root:/root:/bin/sh\n" },
		{ "old:DEShash012345:0:0::/:/bin/sh\n", "old:*:0:0::/:/bin/sh\n" },
		{ "empty::1:\n", "empty:*:1:\n" },
		{ "none:*:1:\n", "none:*:1:\n" },
		{ "lock:!:1:\n", "lock:!:1:\n" },
		{ "never:!!:1:\n", "never:!!:1:\n" },
		{ "locked:!$6$h:1:\n", "locked:!*:1:\n" },
		{ "star:*$6$h:1:\n", "star:*:1:\n" },
		{ "star:**:1:\n", "star:*:1:\n" },
		{ "two:xx:1:\n", "two:*:1:\n" },
		{ "short:$1$h\n", "short:*\n" },
		{ "last:$1$h", "last:*" },
		{ "+::::::\n", "+::::::\n" },
		{ "# a:remark\n", "# a:remark\n" },
		{ "no colon\n", "no colon\n" },
		{ "\n", "\n" },
		{ "", "" },
	};
	AUTO_BUF struct buf all = { 0 }, wanted = { 0 }, got = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		AUTO_BUF struct buf out = { 0 };

		passwords_blank(rows[i][0], strlen(rows[i][0]), &out);
		buf_add(&out, "", 1);
		assert_string_equal(out.data, rows[i][1]);
	}
	/* Rows do not disturb each other. */
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_puts(&all, rows[i][0]);
		buf_puts(&wanted, rows[i][1]);
		if (!strchr(rows[i][0], '\n')) {
			buf_puts(&all, "\n");
			buf_puts(&wanted, "\n");
		}
	}
	passwords_blank(all.data, all.size, &got);
	assert_int_equal(got.size, wanted.size);
	assert_memory_equal(got.data, wanted.data, got.size);
}

/* --- parts --- */

static const char *found(const char *text)
{
	const char *what = secrets_find(text, strlen(text));

	return what ? what : "";
}

static void test_image_id(void **state)
{
	static const char *const rows[][2] = {
		{ "ID=debian\nVERSION_ID=\"12\"\n",
			"ID=debian\nVERSION_ID=\"12\"\nIMAGE_ID=xenfarm\nIMAGE_VERSION=7\n" },
		{ "ID=debian", "ID=debian\nIMAGE_ID=xenfarm\nIMAGE_VERSION=7\n" },
		{ "", "IMAGE_ID=xenfarm\nIMAGE_VERSION=7\n" },
		{ "IMAGE_VERSION=6\nIMAGE_ID=mine\nID=x\nMY_IMAGE_ID=y\n",
			"IMAGE_ID=mine\nID=x\nMY_IMAGE_ID=y\nIMAGE_VERSION=7\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		AUTO_BUF struct buf out = { 0 };

		image_id_set(rows[i][0], strlen(rows[i][0]), 7, &out);
		buf_add(&out, "", 1);
		assert_string_equal(out.data, rows[i][1]);
	}
}

static void test_secrets(void **state)
{
#define DATA "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF"
	static const char *const keys[] = { "-----BEGIN PRIVATE KEY-----\n" DATA
					    "\n-----END PRIVATE KEY-----\n",
		"x\r\n-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\n"
		"DEK-Info: AES-256-CBC,A0\r\n\r\n" DATA "\r\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" DATA,
		"-----BEGIN EC PRIVATE KEY-----\n" DATA,
		"-----BEGIN OPENSSH PRIVATE KEY-----\n" DATA,
		"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n" DATA,
		"{\"private_key\": \"-----BEGIN PRIVATE KEY-----\\n" DATA "\\n\"}",
		"key = \"-----BEGIN PRIVATE KEY-----\\n\" +\n  \"" DATA "\"",
		"    -----BEGIN PRIVATE KEY-----\n    " DATA };
	static const char *const hashes[] = { "root:$1$abcdefgh$u.h2Wrq1YsVvNrpKrVvSC1:1:::::\n",
		"me:$apr1$abcdefgh$JSUVpOs8bbPRRHk3u6cdQ0\n",
		"x $5$salt$Gcm6FsVtF/Qa77ZKD.iwsJlCVPY0XSMgLJL0Hnww/c1",
		"$6$rounds=5000$saltsalt$" DATA "abcdefghijklmnopqrstuv",
		"password: $6$rounds=656000$Q0b7$" DATA "abcdefghijklmnopqrstuv\n",
		"a:$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7:1",
		"$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
		"$2y$10$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcdeK",
		"$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b9Nww",
		"$gy$j9T$abcdefgh$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7" };
	static const char *const none[] = { "", "PRIVATE KEY", "-----BEGIN PRIVATE KEY-----\n...\n",
		"-----BEGIN PUBLIC KEY-----\n" DATA, "-----BEGIN CERTIFICATE-----\n" DATA,
		"grep -q 'BEGIN RSA PRIVATE KEY' \"$1\"",
		"if (strstr(line, \"-----BEGIN PRIVATE KEY-----\")) return key;",
		"root:*:19000::::::\nme:!:1::::::\n", "echo $1$2$3 >$6$name",
		"PATH=$1$PATH:$5$HOME", "$6$rounds=5000$salt$short", "$2b$ costs $12$",
		"sed 's/^$1$//'", "$$$$$$$$$$$$$$$$$$$$$$$$$$$$", "-----BEGIN PRIVATE KEY-----",
		"$1$", "$" };

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		assert_string_equal(found(keys[i]), "a private key");
	for (size_t i = 0; i < sizeof(hashes) / sizeof(*hashes); i++)
		assert_string_equal(found(hashes[i]), "a password hash");
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		assert_string_equal(found(none[i]), "");
	/* It ends where the file ends. */
	for (size_t n = 0; n < strlen(keys[0]); n++)
		secrets_find(keys[0], n);
	assert_null(secrets_find(keys[0], 30));
	assert_null(secrets_find(hashes[4] + 10, 40));
}

static void test_progress(void **state)
{
	uint64_t files, bytes;

	(void)state;
	assert_true(
		copy_progress("      5,242,880  12%   23.43MB/s    0:00:03 (xfr#8, to-chk=17/26)",
			&files, &bytes));
	assert_int_equal(files, 8);
	assert_int_equal(bytes, 5242880);
	assert_true(copy_progress("     1.234.567  99%    0.00kB/s    0:00:00  ", &files, &bytes));
	assert_int_equal(files, 0);
	assert_int_equal(bytes, 1234567);
	assert_false(copy_progress("skipping non-regular file \"5\"", &files, &bytes));
	assert_false(copy_progress("5 files", &files, &bytes));
	assert_false(copy_progress("", &files, &bytes));
}

/* --- layouts --- */

/* Paths divided by blanks: a directory, "FILE." a file, "LINK>TARGET" a link. */
static int make_tree(char directory[static 32], const char *paths)
{
	char *copy = strdup(paths), *rest = copy, *word, *mark;
	int root;

	strcpy(directory, "/tmp/farm_test.XXXXXX");
	assert_non_null(mkdtemp(directory));
	root = open(directory, O_RDONLY | O_DIRECTORY);
	assert_true(root >= 0);
	while ((word = strsep(&rest, " ")) != NULL) {
		if ((mark = strchr(word, '>')) != NULL) {
			*mark = '\0';
			assert_int_equal(symlinkat(mark + 1, root, word), 0);
		} else if (word[strlen(word) - 1] == '.') {
			close(openat(root, word, O_WRONLY | O_CREAT, 0644));
		} else {
			assert_int_equal(mkdirat(root, word, 0755), 0);
		}
	}
	free(copy);
	return root;
}

static void check_layout(const char *paths, const char *wanted)
{
	AUTO_BUF struct buf out = { 0 };
	char directory[32];
	AUTO_CLOSE int root = make_tree(directory, paths);
	struct layout layout;
	unsigned int line;
	const char *what;

	assert_int_equal(layout_detect(root, &out), 0);
	assert_int_equal(layout_parse(out.data, out.size, &layout, &line, &what), 0);
	buf_add(&out, "", 1);
	assert_string_equal(out.data, wanted);
	assert_int_equal(fsroot_remove(AT_FDCWD, directory), 0);
}

static void test_detect(void **state)
{
	(void)state;
	check_layout("usr usr/bin usr/lib usr/local bin>usr/bin lib>/usr/lib boot boot/vmlinuz. "
		     "opt etc var "
		     "var/lib var/lib/dpkg var/lib/dpkg/status.",
		"# xenfarm layout 1\nbind usr\nlink bin usr/bin\nlink lib usr/lib\nbind boot\n"
		"bind var/lib/dpkg\nwriteable usr/local\n");
	check_layout("usr usr/lib usr/local bin bin/sh. sbin lib lib/libc. lib64>lib boot opt "
		     "opt/app var var/lib "
		     "var/lib/rpm var/lib/rpm/Packages.",
		"# xenfarm layout 1\nbind usr\nbind bin\nbind lib\nlink lib64 lib\nbind opt\n"
		"bind var/lib/rpm\nwriteable usr/local\n");
	check_layout("etc", "# xenfarm layout 1\n");
}

/* The package database is in /usr, and /var/lib/rpm a link to it; what dnf and zypper remember of
 * the packages belongs to them. */
static void test_detect_rpm(void **state)
{
	(void)state;
	check_layout(
		"usr usr/bin usr/sbin>bin usr/lib usr/lib/sysimage usr/lib/sysimage/rpm "
		"usr/lib/sysimage/rpm/rpmdb.sqlite. usr/local bin>usr/bin sbin>usr/sbin "
		"lib>usr/lib boot boot/loader. var var/lib "
		"var/lib/rpm>../../usr/lib/sysimage/rpm var/lib/dnf var/lib/dnf/history.sqlite.",
		"# xenfarm layout 1\nbind usr\nlink bin usr/bin\nlink sbin usr/sbin\n"
		"link lib usr/lib\nbind boot\nbind var/lib/dnf\nwriteable usr/local\n");
	check_layout("usr usr/etc usr/etc/services. usr/lib bin>usr/bin sbin>usr/sbin lib>usr/lib "
		     "var var/lib var/lib/zypp var/lib/zypp/AutoInstalled. .snapshots",
		"# xenfarm layout 1\nbind usr\nlink bin usr/bin\nlink sbin usr/sbin\n"
		"link lib usr/lib\nbind var/lib/zypp\n");
}

static void test_subvolumes(void **state)
{
	static const char fstab[] =
		"# comment\n"
		"UUID=aa-BB / btrfs defaults 0 0\n"
		"UUID=aa-bb /var btrfs subvol=/@/var 0 0\n"
		"UUID=aa-bb\t/usr/local\tbtrfs\tnoatime,subvol=/@/usr/local,x 0 0\n"
		"UUID=aa-bb /.snapshots btrfs subvol=/@/.snapshots 0 0\n"
		"UUID=cc-dd /srv btrfs subvol=/@/srv 0 0\n"
		"/dev/vda2 /opt btrfs subvol=/@/opt 0 0\n"
		"UUID=aa-bb /boot/efi vfat utf8 0 0\n"
		"UUID=aa-bb swap btrfs subvol=x 0 0\n"
		"UUID=aa-bb /root btrfs nosubvol=x,defaults 0 0\n"
		"UUID=aa-bb /home btrfs subvol= 0 0\n"
		"UUID=aa-bb /tmp\n";
	struct subvolume s[8];

	(void)state;
	assert_int_equal(subvolumes_parse(fstab, strlen(fstab), "aa-bb", s, 8), 2);
	assert_string_equal(s[0].directory, "var");
	assert_string_equal(s[0].name, "/@/var");
	assert_string_equal(s[1].directory, "usr/local");
	assert_string_equal(s[1].name, "/@/usr/local");
	assert_int_equal(subvolumes_parse(fstab, strlen(fstab), "aa-bb", s, 1), 1);
	assert_int_equal(subvolumes_parse("", 0, "aa-bb", s, 8), 0);
}

/* --- trees and attributes --- */

static void put(int at, const char *path, const char *text)
{
	AUTO_CLOSE int fd = openat(at, path, O_WRONLY | O_CREAT, 0644);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Whichever way a distribution names its kernel, it is boot/vmlinuz-V, as a file, afterwards. */
static void test_kernel_names(void **state)
{
	char directory[32];
	AUTO_CLOSE int root = make_tree(directory,
		"boot boot/vmlinuz-1>../usr/lib/modules/1/vmlinuz usr usr/lib usr/lib/modules "
		"usr/lib/modules/1 usr/lib/modules/2 usr/lib/modules/3 usr/lib/modules/4");
	AUTO_TREELIST struct treelist list = { 0 };
	AUTO_FREE char *where = NULL;
	struct stat kernel, name;

	(void)state;
	put(root, "usr/lib/modules/1/vmlinuz", "1");
	put(root, "usr/lib/modules/2/vmlinuz", "2");
	put(root, "usr/lib/modules/3/vmlinuz", "3");
	put(root, "boot/vmlinuz-3", "3");
	assert_int_equal(treelist_read(root, &list, &where), 0);
	assert_non_null(treelist_find(&list, "boot/vmlinuz-1", 14));
	assert_int_equal(kernel_names_make(root, &list), 0);
	assert_null(treelist_find(&list, "boot/vmlinuz-1", 14));
	for (int v = 1; v <= 2; v++) {
		char path[64];

		snprintf(path, sizeof(path), "usr/lib/modules/%d/vmlinuz", v);
		assert_int_equal(fstatat(root, path, &kernel, 0), 0);
		snprintf(path, sizeof(path), "boot/vmlinuz-%d", v);
		assert_int_equal(fstatat(root, path, &name, AT_SYMLINK_NOFOLLOW), 0);
		assert_int_equal(kernel.st_ino, name.st_ino);
	}
	assert_int_equal(fstatat(root, "usr/lib/modules/3/vmlinuz", &kernel, 0), 0);
	assert_int_equal(fstatat(root, "boot/vmlinuz-3", &name, 0), 0);
	assert_int_not_equal(kernel.st_ino, name.st_ino);
	assert_int_equal(faccessat(root, "boot/vmlinuz-4", F_OK, 0), -1);
	assert_int_equal(kernel_names_make(root, &list), 0);
	assert_int_equal(fsroot_remove(AT_FDCWD, directory), 0);
}

static void test_tree(void **state)
{
	char directory[32];
	AUTO_CLOSE int root = make_tree(directory, "b a a/x a/x/f. a-b a/l>x");
	AUTO_TREELIST struct treelist tree = { 0 };
	AUTO_FREE char *where = NULL;
	static const char *const wanted[] = { "", "a", "a-b", "a/l", "a/x", "a/x/f.", "b" };

	(void)state;
	assert_int_equal(treelist_read(root, &tree, &where), 0);
	assert_int_equal(tree.n, sizeof(wanted) / sizeof(*wanted));
	for (size_t i = 0; i < tree.n; i++) {
		assert_string_equal(tree.entry[i].path, wanted[i]);
		assert_ptr_equal(
			treelist_find(&tree, wanted[i], strlen(wanted[i])), &tree.entry[i]);
	}
	assert_null(treelist_find(&tree, "a/y", 3));
	assert_ptr_equal(treelist_find(&tree, "a/x/f.", 3), &tree.entry[4]);
	assert_int_equal(treelist_parent("a/x/f."), 3);
	assert_int_equal(treelist_parent("a"), 0);
	assert_int_equal(fsroot_remove(AT_FDCWD, directory), 0);
	assert_int_equal(fsroot_remove(AT_FDCWD, directory), 0);
	assert_int_equal(access(directory, F_OK), -1);
}

static void test_tree_new(void **state)
{
	char directory[32];
	AUTO_CLOSE int root = make_tree(directory, "a a/x boot boot/k. lib>a");
	AUTO_TREELIST struct treelist tree = { 0 };
	AUTO_FREE char *where = NULL;
	static const char *const wanted[] = { "", "a", "a/x", "boot", "boot/i", "boot/k.", "boot/m",
		"boot/m/f", "lib" };

	(void)state;
	assert_int_equal(treelist_read(root, &tree, &where), 0);
	put(root, "boot/i", "initrd");
	assert_int_equal(mkdirat(root, "boot/m", 0700), 0);
	put(root, "boot/m/f", "module");
	put(root, "a/y", "elsewhere");
	assert_int_equal(treelist_read_new(root, "boot", &tree, &where), 0);
	assert_int_equal(treelist_read_new(root, "lib", &tree, &where), 0);
	assert_int_equal(treelist_read_new(root, "etc", &tree, &where), 0);
	assert_int_equal(tree.n, sizeof(wanted) / sizeof(*wanted));
	for (size_t i = 0; i < tree.n; i++)
		assert_string_equal(tree.entry[i].path, wanted[i]);
	assert_int_equal(tree.entry[4].size, 6);
	treelist_drop(&tree, 4);
	assert_null(treelist_find(&tree, "boot/i", 6));
	assert_non_null(treelist_find(&tree, "lib", 3));
	assert_int_equal(fsroot_remove(AT_FDCWD, directory), 0);
}

static void test_link(void **state)
{
	char directory[32];
	AUTO_CLOSE int root = make_tree(directory, "a a/x a/x/f. a-b a/l>x");
	AUTO_TREELIST struct treelist tree = { 0 }, linked = { 0 };
	AUTO_FREE char *where = NULL, *no = NULL;
	static const char *const wanted[] = { "new", "new/l", "new/x", "new/x/f." };

	(void)state;
	assert_int_equal(treelist_read(root, &tree, &where), 0);
	assert_int_equal(treelist_link(&tree, treelist_find(&tree, "a", 1), root, root, "new"), 0);
	assert_int_equal(treelist_read(root, &linked, &no), 0);
	assert_int_equal(linked.n, tree.n + 4);
	for (size_t i = 0; i < 4; i++)
		assert_non_null(treelist_find(&linked, wanted[i], strlen(wanted[i])));
	assert_true(treelist_same_inode(
		treelist_find(&linked, "a/x/f.", 6), treelist_find(&linked, "new/x/f.", 8)));
	assert_int_equal(treelist_link(&tree, &tree.entry[0], root, root, "a"), -EEXIST);
	assert_int_equal(fsroot_remove(AT_FDCWD, directory), 0);
}

/* A share that was cut off between etc/flip and gen/1. */
static int make_pending_share(char directory[32])
{
	int root = make_tree(
		directory, "gen gen/1.partial gen/1.partial/etc gen/2.partial manifest live etc");

	put(root, "manifest/1.layout", "# xenfarm layout 1\n");
	put(root, "etc/uuid", "5bd0f0a0-7a7f-4d6c-8f0e-000000000000\n");
	put(root, "etc/flip", "1\n");
	return root;
}

static void test_pending(void **state)
{
	char directory[32];
	AUTO_CLOSE int root = make_pending_share(directory);
	AUTO_SHARE struct share_store share;

	(void)state;
	assert_int_equal(share_open(directory, &share), 0);
	assert_int_equal(share_lock(&share, "test"), 0);
	assert_int_equal(share.pending.generation, 1);
	assert_int_equal(faccessat(root, "gen/1", F_OK, 0), -1);
	assert_int_equal(faccessat(root, "gen/2.partial", F_OK, 0), 0);
	assert_int_equal(share_resume(&share), 0);
	assert_int_equal(share.pending.generation, 0);
	assert_int_equal(share.current, 1);
	assert_int_equal(faccessat(root, "live/etc", F_OK, 0), 0);
	assert_int_equal(faccessat(root, "etc/flip", F_OK, 0), -1);
	assert_int_equal(faccessat(root, "gen/2.partial", F_OK, 0), -1);
	assert_int_equal(fsroot_remove(AT_FDCWD, directory), 0);
}

static void test_xattrs(void **state)
{
	char directory[32];
	AUTO_CLOSE int root = make_tree(directory, "a b");
	AUTO_CLOSE int a = openat(root, "a", O_RDONLY), b = openat(root, "b", O_RDONLY);
	AUTO_BUF struct buf x = { 0 }, y = { 0 };

	(void)state;
	if (fsetxattr(a, "user.one", "1", 1, 0) < 0) {
		fsroot_remove(AT_FDCWD, directory);
		skip();
	}
	assert_int_equal(fsetxattr(a, "user.two", "", 0, 0), 0);
	assert_int_equal(fsetxattr(b, "user.two", "other", 5, 0), 0);
	assert_int_equal(fsetxattr(b, "user.three", "3", 1, 0), 0);
	assert_int_equal(xattrs_copy(a, b), 0);
	assert_int_equal(xattrs_read(a, &x), 0);
	assert_int_equal(xattrs_read(b, &y), 0);
	assert_true(x.size > 0);
	assert_int_equal(x.size, y.size);
	assert_memory_equal(x.data, y.data, x.size);
	assert_int_equal(fgetxattr(b, "user.three", NULL, 0), -1);
	assert_int_equal(fsroot_remove(AT_FDCWD, directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_good),
		cmocka_unit_test(test_config_sections),
		cmocka_unit_test(test_config_bad),
		cmocka_unit_test(test_config_long),
		cmocka_unit_test(test_blank),
		cmocka_unit_test(test_image_id),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_detect),
		cmocka_unit_test(test_detect_rpm),
		cmocka_unit_test(test_subvolumes),
		cmocka_unit_test(test_kernel_names),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_tree_new),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_xattrs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
