/* The small parts of lib/ that everything is made of. */
#include <errno.h>
#include <malloc.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/array.h"
#include "lib/fsroot.h"
#include "lib/hex.h"
#include "lib/ids.h"
#include "lib/rfc3339.h"
#include "lib/test/scratch.h"

/* --- arrays --- */

static void arrays_grow(void **state)
{
	long *array = NULL;

	(void)state;
	for (size_t n = 0; n < 1000; n++) {
		assert_true(ARRAY_GROW(array, n));
		assert_in_range(malloc_usable_size(array), (n + 1) * sizeof(*array), SIZE_MAX);
		array[n] = (long)n;
	}
	for (size_t n = 0; n < 1000; n++)
		assert_int_equal(array[n], n);
	/* What was removed makes room for others. */
	for (size_t n = 513; n > 3; n--)
		assert_true(ARRAY_GROW(array, n));
	for (size_t n = 0; n < 3; n++)
		assert_int_equal(array[n], n);
	free(array);
}

static void arrays_stay_without_memory(void **state)
{
	struct {
		char bytes[1024];
	} *array = NULL, *before;

	(void)state;
	assert_true(ARRAY_GROW(array, 0));
	before = array;
	assert_false(ARRAY_GROW(array, (size_t)1 << 62));
	assert_ptr_equal(array, before);
	free(array);
}

/* --- hexadecimal --- */

static void digits_of_bytes(void **state)
{
	static const uint8_t bytes[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe,
		0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 };
	char text[HEX_SIZE(sizeof(bytes))], uuid[HEX_UUID_SIZE];

	(void)state;
	assert_string_equal(hex_text(text, bytes, 16), "0123456789abcdeffedcba9876543210");
	assert_string_equal(hex_text(text, bytes, 1), "01");
	assert_string_equal(hex_text(text, bytes, 0), "");
	assert_string_equal(hex_uuid(uuid, bytes), "01234567-89ab-cdef-fedc-ba9876543210");
}

/* --- times --- */

static void times_as_text(void **state)
{
	char text[RFC3339_SIZE];

	(void)state;
	setenv("TZ", "XST-3", 1);
	tzset();
	assert_string_equal(rfc3339_text(text, 0), "1970-01-01T00:00:00Z");
	assert_string_equal(rfc3339_text(text, 1767225599), "2025-12-31T23:59:59Z");
	assert_string_equal(rfc3339_text(text, -1), "1969-12-31T23:59:59Z");
	assert_string_equal(rfc3339_text(text, INT64_MAX), "@9223372036854775807");
	assert_string_equal(rfc3339_text(text, INT64_MIN), "@-9223372036854775808");
}

/* --- names and numbers of users and groups --- */

static const char passwd[] =
	"root:x:0:0:::\nshort\n:x:5:5:::\nbad:x:1x:0:::\nbob:x:7:7:::\n"
	"huge:x:4294967296:0:::\nsecond:x:7:7:::\n+nis:x:6:6:::\n-nis:x:6:6:::\n"
	"#off:x:4:4:::\nbob:x:3:3:::\nann:x:8:8:::";
static const char group[] = "www:x:33:\nbob:x:9:\nstaff:x:33:\nwww:x:34:\n";

/* By name, as the files have it; else the number that is given. */
static void numbers_of_names(void **state)
{
	struct ids *ids = ids_parse(passwd, strlen(passwd), group, strlen(group));
	static const struct {
		const char *name;
		uint32_t uid, gid;
	} rows[] = { { "root", 0, 1001 }, { "bob", 7, 9 }, { "ann", 8, 1001 }, { "www", 1000, 33 },
		{ "nobody", 1000, 1001 }, { "bad", 1000, 1001 }, { "huge", 1000, 1001 },
		{ "", 1000, 1001 }, { NULL, 1000, 1001 }, { "second", 7, 1001 },
		{ "+nis", 1000, 1001 }, { "-nis", 1000, 1001 }, { "#off", 1000, 1001 },
		{ "short", 1000, 1001 }, { "staff", 1000, 33 } };

	(void)state;
	assert_non_null(ids);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(ids_uid(ids, rows[i].name, 1000), rows[i].uid);
		assert_int_equal(ids_gid(ids, rows[i].name, 1001), rows[i].gid);
		assert_int_equal(ids_uid(NULL, rows[i].name, 1000), 1000);
		assert_int_equal(ids_gid(NULL, rows[i].name, 1001), 1001);
	}
	ids_free(ids);
}

static void names_of_numbers(void **state)
{
	struct ids *ids = ids_parse(passwd, strlen(passwd), group, strlen(group));

	(void)state;
	assert_non_null(ids);
	assert_string_equal(ids_user(ids, 0), "root");
	assert_string_equal(ids_user(ids, 7), "bob");
	assert_string_equal(ids_user(ids, 3), "bob");
	assert_string_equal(ids_user(ids, 8), "ann");
	assert_string_equal(ids_group(ids, 33), "www");
	assert_string_equal(ids_group(ids, 34), "www");
	for (uint32_t id = 4; id <= 6; id++)
		assert_null(ids_user(ids, id));
	assert_null(ids_user(ids, UINT32_MAX));
	assert_null(ids_group(ids, 7));
	assert_null(ids_user(NULL, 0));
	assert_null(ids_group(NULL, 33));
	ids_free(ids);
}

static void names_of_no_files(void **state)
{
	struct ids *ids;

	(void)state;
	assert_int_equal(ids_read(scratch, &ids), 0);
	assert_null(ids_user(ids, 0));
	assert_int_equal(ids_uid(ids, "root", 5), 5);
	ids_free(ids);
	assert_int_equal(mkdirat(scratch, "etc", 0755), 0);
	scratch_write("etc/passwd", "");
	scratch_write("etc/group", "a:x:5:\n");
	assert_int_equal(ids_read(scratch, &ids), 0);
	assert_string_equal(ids_group(ids, 5), "a");
	assert_null(ids_user(ids, 0));
	ids_free(ids);
	assert_int_equal(unlinkat(scratch, "etc/group", 0), 0);
	assert_int_equal(symlinkat("passwd", scratch, "etc/group"), 0);
	assert_int_equal(ids_read(scratch, &ids), -ELOOP);
	ids = ids_parse(NULL, 0, NULL, 0);
	assert_null(ids_user(ids, 0));
	ids_free(ids);
}

/* --- removing --- */

static void removes_trees(void **state)
{
	(void)state;
	scratch_write("outside", "x");
	assert_int_equal(mkdirat(scratch, "out", 0755), 0);
	scratch_write("out/f", "x");
	assert_int_equal(mkdirat(scratch, "d", 0755), 0);
	assert_int_equal(mkdirat(scratch, "d/e", 0755), 0);
	scratch_write("d/e/f", "x");
	assert_int_equal(symlinkat("../out", scratch, "d/link"), 0);
	assert_int_equal(linkat(scratch, "outside", scratch, "d/hard", 0), 0);
	assert_int_equal(fsroot_remove(scratch, "d"), 0);
	assert_int_equal(faccessat(scratch, "d", F_OK, 0), -1);
	assert_int_equal(faccessat(scratch, "out/f", F_OK, 0), 0);
	assert_int_equal(faccessat(scratch, "outside", F_OK, 0), 0);
	assert_int_equal(fsroot_remove(scratch, "d"), 0);
	assert_int_equal(symlinkat("out", scratch, "l"), 0);
	assert_int_equal(fsroot_remove(scratch, "l"), 0);
	assert_int_equal(faccessat(scratch, "out/f", F_OK, 0), 0);
}

/* Its owner is not root, and has taken its own permissions away. */
static int remove_as_owner(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit((geteuid() == 0 && setuid(65534) < 0) || fsroot_remove(scratch, "d") < 0);
	return pid < 0 || waitpid(pid, &status, 0) < 0 ? -1 : status;
}

static void removes_trees_without_permissions(void **state)
{
	static const char *const names[] = { "d/e/f", "d/e", "d/n", "d", "." };
	static const mode_t mode[] = { 0, 0500, 0, 0300, 0777 };

	(void)state;
	assert_int_equal(mkdirat(scratch, "d", 0755), 0);
	assert_int_equal(mkdirat(scratch, "d/e", 0755), 0);
	assert_int_equal(mkdirat(scratch, "d/n", 0755), 0);
	scratch_write("d/e/f", "x");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (geteuid() == 0)
			assert_int_equal(fchownat(scratch, names[i], 65534, 65534, 0), 0);
		assert_int_equal(fchmodat(scratch, names[i], mode[i], 0), 0);
	}
	assert_int_equal(remove_as_owner(), 0);
	assert_int_equal(faccessat(scratch, "d", F_OK, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrays_grow),
		cmocka_unit_test(arrays_stay_without_memory),
		cmocka_unit_test(digits_of_bytes),
		cmocka_unit_test(times_as_text),
		cmocka_unit_test(numbers_of_names),
		cmocka_unit_test(names_of_numbers),
		SCRATCH_TEST(names_of_no_files),
		SCRATCH_TEST(removes_trees),
		SCRATCH_TEST(removes_trees_without_permissions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
