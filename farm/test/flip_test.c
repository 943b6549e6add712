/* flip_plan(), by hand-made pairs of trees and by many random ones, played on a model of live. */
#include "farm/share/flip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "lib/array.h"

enum {
	DIR_MODE = S_IFDIR | 0755,
	FILE_MODE = S_IFREG | 0644,
	EXEC = S_IFREG | 0755,
	LINK = S_IFLNK | 0777
};

static void put(struct treelist *t, const char *path, mode_t mode, ino_t ino)
{
	assert_true(ARRAY_GROW(t->entry, t->n));
	t->entry[t->n++] =
		(struct treelist_entry){ .path = strdup(path), .mode = mode, .ino = ino };
}

/* The operations as one text, such as "place usr/lib/a.so|directory usr/lib". */
static void expect(struct treelist *live, struct treelist *gen, const char *wanted)
{
	AUTO_FLIP struct flip flip = { 0 };
	char got[1024] = "";

	assert_int_equal(flip_plan(live, gen, &flip), 0);
	for (size_t i = 0; i < flip.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s %s", i ? "|" : "",
			flip_kind_name(flip.op[i].kind), flip.op[i].path);
	assert_string_equal(got, wanted);
	treelist_free(live);
	treelist_free(gen);
}

static void test_equal(void **state)
{
	struct treelist a = { 0 }, b = { 0 };

	(void)state;
	put(&a, "", DIR_MODE, 1);
	put(&a, "f", FILE_MODE, 10);
	put(&b, "", DIR_MODE, 2);
	put(&b, "f", FILE_MODE, 10);
	expect(&a, &b, "");
}

static void test_order(void **state)
{
	struct treelist a = { 0 }, b = { 0 };

	(void)state;
	put(&a, "", DIR_MODE, 1);
	put(&a, "bin", DIR_MODE, 2);
	put(&a, "bin/gone", EXEC, 10);
	put(&a, "bin/prog", EXEC, 11);
	put(&a, "lib", DIR_MODE, 3);
	put(&a, "lib/data", FILE_MODE, 12);
	put(&a, "lib/gone.so", EXEC, 13);
	put(&a, "lib/x.so", LINK, 14);
	put(&a, "lib/x.so.1", EXEC, 15);
	put(&b, "", DIR_MODE, 101);
	put(&b, "bin", DIR_MODE, 102);
	put(&b, "bin/prog", EXEC, 111);
	put(&b, "lib", DIR_MODE, 103);
	put(&b, "lib/data", FILE_MODE, 112);
	put(&b, "lib/private", DIR_MODE, 104);
	put(&b, "lib/private/y.so", EXEC, 116);
	put(&b, "lib/x.so", LINK, 114);
	put(&b, "lib/x.so.1", EXEC, 115);
	put(&b, "lib/x.so.2", EXEC, 117);
	expect(&a, &b,
		"place lib/private|place lib/x.so.2|place lib/x.so.1|place lib/x.so|place lib/data|"
		"place bin/prog|remove bin/gone|remove lib/gone.so|time bin|time lib");
}

static void test_types(void **state)
{
	struct treelist a = { 0 }, b = { 0 };

	(void)state;
	put(&a, "", DIR_MODE, 1);
	put(&a, "dir", DIR_MODE, 2);
	put(&a, "dir-b", FILE_MODE, 11);
	put(&a, "dir/f", FILE_MODE, 10);
	put(&a, "link", LINK, 12);
	put(&b, "", DIR_MODE, 101);
	put(&b, "dir", LINK, 110);
	put(&b, "dir-b", FILE_MODE, 11);
	put(&b, "link", DIR_MODE, 102);
	put(&b, "link/f", FILE_MODE, 112);
	expect(&a, &b, "exchange dir|exchange link|time ");
}

static void test_directories(void **state)
{
	struct treelist a = { 0 }, b = { 0 };

	(void)state;
	put(&a, "", DIR_MODE, 1);
	put(&a, "acl", DIR_MODE, 2);
	put(&a, "mode", DIR_MODE, 3);
	put(&a, "same", DIR_MODE, 4);
	put(&b, "", DIR_MODE, 101);
	put(&b, "acl", DIR_MODE, 102);
	b.entry[1].xattrs = strdup("x");
	b.entry[1].n_xattrs = 1;
	put(&b, "mode", S_IFDIR | 0700, 103);
	put(&b, "same", DIR_MODE, 104);
	expect(&a, &b, "directory acl|directory mode");
}

/* --- random trees --- */

static unsigned int seed;

static unsigned int roll(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(
		((const struct treelist_entry *)a)->path, ((const struct treelist_entry *)b)->path);
}

static void grow(struct treelist *t, const char *directory, int depth, ino_t side)
{
	static const char *const names[] = { "a", "a-b", "b.so", "bin", "c" };
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s%s%s", directory, *directory ? "/" : "", names[i]);
		switch (roll(depth < 3 ? 6 : 4)) {
		case 0:
			break;
		case 1: /* the same in both trees */
		case 2:
			put(t, path, FILE_MODE, 1000);
			break;
		case 3:
			put(t, path, roll(2) ? LINK : EXEC, side);
			break;
		default:
			put(t, path, DIR_MODE, side);
			grow(t, path, depth + 1, side);
		}
	}
}

static void random_tree(struct treelist *t, ino_t side)
{
	put(t, "", DIR_MODE, side);
	grow(t, "", 0, side);
	qsort(t->entry, t->n, sizeof(*t->entry), by_path);
}

static bool at_or_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strncmp(path, top, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static void take_away(struct treelist *live, const char *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < live->n; i++)
		if (at_or_below(live->entry[i].path, path))
			free(live->entry[i].path);
		else
			live->entry[kept++] = live->entry[i];
	live->n = kept;
}

/* What the kernel would do: a rename over a directory, or of one over a file, is refused. */
static void play(struct treelist *live, const struct treelist *gen, const struct flip_op *op)
{
	const struct treelist_entry *old = treelist_find(live, op->path, strlen(op->path));
	const struct treelist_entry *parent =
		treelist_find(live, op->path, treelist_parent(op->path));

	assert_non_null(parent);
	assert_true(S_ISDIR(parent->mode));
	if (op->kind == FLIP_DIR || op->kind == FLIP_TIME) {
		assert_true(old && S_ISDIR(old->mode));
		return;
	}
	if (op->kind == FLIP_PLACE)
		assert_true(!old || (!op->tree && !S_ISDIR(old->mode)));
	else
		assert_non_null(old);
	if (op->kind == FLIP_REMOVE)
		assert_false(S_ISDIR(old->mode));
	take_away(live, op->path);
	if (op->kind == FLIP_PLACE || op->kind == FLIP_EXCHANGE)
		for (size_t i = 0; i < gen->n; i++)
			if (at_or_below(gen->entry[i].path, op->path))
				put(live, gen->entry[i].path, gen->entry[i].mode,
					gen->entry[i].ino);
	qsort(live->entry, live->n, sizeof(*live->entry), by_path);
}

static void assert_no_common_name_absent(
	const struct treelist *old, const struct treelist *gen, const struct treelist *live)
{
	for (size_t i = 0; i < gen->n; i++) {
		const char *path = gen->entry[i].path;
		size_t n = strlen(path);

		if (treelist_find(old, path, n))
			assert_non_null(treelist_find(live, path, n));
	}
}

static void assert_equal(const struct treelist *live, const struct treelist *gen)
{
	assert_int_equal(live->n, gen->n);
	for (size_t i = 0; i < gen->n; i++) {
		assert_string_equal(live->entry[i].path, gen->entry[i].path);
		assert_int_equal(live->entry[i].mode, gen->entry[i].mode);
		if (!S_ISDIR(gen->entry[i].mode))
			assert_int_equal(live->entry[i].ino, gen->entry[i].ino);
	}
}

static void copy_tree_to(const struct treelist *from, struct treelist *to)
{
	for (size_t i = 0; i < from->n; i++)
		put(to, from->entry[i].path, from->entry[i].mode, from->entry[i].ino);
}

/* Play a plan up to a random operation; then a new plan must complete the work. */
static void play_interrupted(const struct treelist *old, const struct treelist *gen)
{
	AUTO_TREELIST struct treelist live = { 0 };

	copy_tree_to(old, &live);
	for (int round = 0; round < 2; round++) {
		AUTO_FLIP struct flip flip = { 0 };
		AUTO_TREELIST struct treelist planned = { 0 };
		size_t end;

		/* A plan borrows paths from what it was made for. */
		copy_tree_to(&live, &planned);
		assert_int_equal(flip_plan(&planned, gen, &flip), 0);
		end = round == 0 ? roll((unsigned int)flip.n + 1) : flip.n;
		for (size_t i = 0; i < end; i++) {
			play(&live, gen, &flip.op[i]);
			assert_no_common_name_absent(old, gen, &live);
		}
	}
	assert_equal(&live, gen);
}

static void test_random(void **state)
{
	(void)state;
	for (seed = 1; seed < 4000000000u; seed += 1000003) {
		AUTO_TREELIST struct treelist old = { 0 }, gen = { 0 };
		unsigned int start = seed;

		random_tree(&old, 1);
		random_tree(&gen, 2);
		play_interrupted(&old, &gen);
		seed = start;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_directories),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
