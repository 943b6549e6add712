/* Deltas: what they hold, that they lead where they should, and what a reader refuses. */
#include <errno.h>

#include "lib/array.h"
#include "lib/manifest/manifest-delta.h"
#include "lib/test/scratch.h"

/* --- texts --- */

#define SHARE "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"
#define HEAD_OF(share, generation, n)                                                       \
	"#mtree v2.0\n# xenfarm: generation=" generation " share=" share " published=2026-" \
	"01-31T12:00:00Z entries=" n "\n"
#define HEAD(generation, n) HEAD_OF(SHARE, generation, n)
#define OWNER               " mode=0755 uid=0 gid=0 time=1.000000000"
#define ROOT                ". type=dir" OWNER "\n"
#define DIR_(path)          "./" path " type=dir" OWNER "\n"
#define SHA                 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define FILE_(path)         "./" path " type=file" OWNER " size=0 sha256digest=" SHA "\n"
#define LINKED_IN(path, group)                                                                   \
	"./" path " type=file" OWNER " size=0 nlink=2 sha256digest=" SHA " tags=hardlink." group \
	"\n"
#define LINKED(path) LINKED_IN(path, "1")

static const struct bad {
	const char *name, *text;
	unsigned long line;
	const char *rule;
} bad[] = {
	{ "nothing", "", 1, "the head is missing" },
	{ "one list", HEAD("1", "1") ROOT, 4, "fewer lists" },
	{ "one list and a half", HEAD("1", "1") ROOT "#mtree v2.0\n", 5, "the head is missing" },
	{ "the second is cut off", HEAD("1", "0") HEAD("2", "1"), 5, "fewer entries" },
	{ "a third one", HEAD("1", "0") HEAD("2", "0") HEAD("3", "0"), 5, "more entries" },
	{ "more in the first than it says", HEAD("1", "1") ROOT FILE_("a") HEAD("2", "0"), 4,
		"the first line is not" },
	{ "out of order", HEAD("1", "0") HEAD("2", "3") ROOT FILE_("b") FILE_("a"), 7,
		"not sorted" },
	{ "a path twice", HEAD("1", "0") HEAD("2", "3") ROOT FILE_("a") FILE_("a"), 7,
		"a duplicate" },
	{ "..", HEAD("1", "0") HEAD("2", "2") ROOT FILE_(".."), 6, "\".\" or \"..\"" },
	{ "an offer", HEAD("1", "2") ROOT FILE_("a.xennew") HEAD("2", "0"), 4, "offer" },
	{ "no directory", HEAD("1", "0") HEAD("2", "2") ROOT FILE_("a/b"), 6, "is not listed" },
	{ "below a file", HEAD("1", "0") HEAD("2", "3") ROOT FILE_("a") FILE_("a/b"), 7,
		"not a directory" },
	{ "a group in halves", HEAD("1", "2") ROOT LINKED("a") HEAD("2", "2") ROOT LINKED("b"), 5,
		"fewer members" },
	{ "entries over the limit", HEAD("1", "0") HEAD("2", "2097153"), 4, "within the limit" },
	{ "the same generation", HEAD("2", "0") HEAD("2", "0"), 0, "the older one first" },
	{ "backwards", HEAD("3", "0") HEAD("2", "0"), 0, "the older one first" },
	{ "of no share", "#mtree v2.0\n# xenfarm: entries=0\n" HEAD("2", "0"), 0, "of one share" },
	{ "of two shares", HEAD("1", "0") HEAD_OF("00000000-7dec-41d0-a765-00a0c91e6bf6", "2", "0"),
		0, "of one share" },
};

static int decode(const char *text, struct manifest_delta *delta, struct manifest_error *error)
{
	return manifest_delta_decode(text, strlen(text), NULL, NULL, 0, delta, error);
}

static void test_refused(void **state)
{
	struct manifest_error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO_MANIFEST_DELTA struct manifest_delta delta = { 0 };

		print_message("%s\n", bad[i].name);
		assert_int_equal(decode(bad[i].text, &delta, &error), -EBADMSG);
		assert_non_null(strstr(error.rule, bad[i].rule));
		assert_int_equal(error.line, bad[i].line);
		assert_null(delta.from);
		assert_null(delta.to);
	}
}

static void test_not_written(void **state)
{
	AUTO_MANIFEST_DELTA struct manifest_delta delta = { 0 };
	AUTO_BUF struct buf out = { 0 };
	struct manifest_error error;

	(void)state;
	assert_int_equal(decode(HEAD("1", "0") HEAD("2", "0"), &delta, &error), 0);
	delta.to->head.generation = 1;
	assert_int_equal(manifest_delta_encode(&delta, &out, &error), -EBADMSG);
	assert_non_null(strstr(error.rule, "the older one first"));
}

/* --- what does not fit --- */

#define LISTED HEAD("1", "3") ROOT DIR_("d") FILE_("d/a")

static const struct stale {
	const char *name, *list, *delta;
} stale[] = {
	{ "of another generation", HEAD("2", "1") ROOT, HEAD("1", "0") HEAD("2", "0") },
	{ "it differs", LISTED,
		HEAD("1", "2") ROOT
		"./d type=dir mode=0700 uid=0 gid=0 time=1.000000000\n" HEAD("2", "1") ROOT },
	{ "it is missing", LISTED,
		HEAD("1", "3") ROOT DIR_("d") FILE_("d/b") HEAD("2", "2") ROOT DIR_("d") },
	{ "it is there", LISTED,
		HEAD("1", "2") ROOT DIR_("d") HEAD("2", "3") ROOT DIR_("d") FILE_("d/a") },
	{ "something is left below", LISTED, HEAD("1", "2") ROOT DIR_("d") HEAD("2", "1") ROOT },
	{ "a group", HEAD("1", "3") ROOT LINKED("a") LINKED("b"),
		HEAD("1", "2") ROOT FILE_("a") HEAD("2", "1") ROOT },
};

static void test_stale(void **state)
{
	struct manifest_error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stale); i++) {
		AUTO_MANIFEST_DELTA struct manifest_delta delta = { 0 };
		AUTO_MANIFEST struct manifest *list = NULL;
		const char *text = stale[i].list;

		print_message("%s\n", stale[i].name);
		assert_int_equal(
			manifest_decode(text, strlen(text), NULL, NULL, 0, &list, &error), 0);
		assert_int_equal(decode(stale[i].delta, &delta, &error), 0);
		assert_int_equal(manifest_delta_apply(&delta, list), -ESTALE);
	}
}

/* A number was used twice: the time of publication tells. */
static void test_another_history(void **state)
{
	AUTO_MANIFEST_DELTA struct manifest_delta delta = { 0 };
	AUTO_MANIFEST struct manifest *list = NULL;
	struct manifest_error error;
	const char *text = HEAD("1", "1") ROOT;

	(void)state;
	assert_int_equal(manifest_decode(text, strlen(text), NULL, NULL, 0, &list, &error), 0);
	assert_int_equal(decode(HEAD("1", "0") HEAD("2", "0"), &delta, &error), 0);
	list->head.published++;
	assert_int_equal(manifest_delta_apply(&delta, list), -ESTALE);
	list->head.published--;
	assert_int_equal(manifest_delta_apply(&delta, list), 0);
	assert_int_equal(list->head.generation, 2);
}

/* --- random trees --- */

#define GENERATIONS 6
#define ROUNDS      3000
#define GROUPS      3

/* In any order but for directories, which come before what they hold. "a.b" is between "a" and
 * "a/b". */
static const char *const paths[] = { "", "a", "a.b", "a/b", "a/b/c", "a/b/c/d", "a/b/e", "a/f",
	"a/g", "b", "b/h", "b/i", "b/j", "c", "d" };
#define PATHS ARRAY_SIZE(paths)

struct node {
	enum { ABSENT, DIRECTORY, PLAIN, SYMLINK } kind;
	unsigned int what;  /* its content and mode */
	unsigned int group; /* of a plain file; 0: none */
};

static unsigned int random_below(unsigned int n)
{
	return (unsigned int)(random() % (long)n);
}

static void change(struct node *node)
{
	switch (random_below(4)) {
	case 0:
		node->kind = random_below(4);
		break;
	case 1:
		node->kind = DIRECTORY;
		break;
	case 2:
		node->group = random_below(GROUPS + 1);
		break;
	default:
		node->what = random_below(6);
	}
}

static size_t parent_of(size_t i)
{
	const char *slash = strrchr(paths[i], '/');
	size_t n = slash ? (size_t)(slash - paths[i]) : 0, p = 0;

	while (strlen(paths[p]) != n || memcmp(paths[p], paths[i], n) != 0)
		p++;
	return p;
}

/* What the nodes are, as a list. Names of a group are one file: they have the group's content. */
static struct manifest *list_of(
	const struct node *nodes, const unsigned int *of_group, uint32_t generation)
{
	struct manifest *m = manifest_new();
	bool exists[PATHS] = { true };

	for (size_t i = 0; i < PATHS; i++) {
		const struct node *n = &nodes[i];
		unsigned int what = n->kind == PLAIN && n->group ? of_group[n->group] : n->what;
		struct manifest_entry e = {
			.path = paths[i], .mode = 0600 + what % 2, .nlink = 1, .type = MANIFEST_DIR
		};
		size_t p = parent_of(i);

		if (i > 0) {
			exists[i] = n->kind != ABSENT && exists[p] &&
				    (p == 0 || nodes[p].kind == DIRECTORY);
			e.type = n->kind == PLAIN     ? MANIFEST_FILE
				 : n->kind == SYMLINK ? MANIFEST_LINK
						      : MANIFEST_DIR;
		}
		if (!exists[i])
			continue;
		if (e.type == MANIFEST_LINK)
			e.link = what < 3 ? "x" : "y";
		if (e.type == MANIFEST_FILE) {
			e.digest.has = DIGEST_SHA256;
			e.digest.sha256[0] = (uint8_t)what;
			e.group = n->group;
			e.nlink = n->group ? 2 : 1; /* to be counted */
		}
		assert_non_null(manifest_add(m, &e));
	}
	assert_true(manifest_sort(m));
	m->head = (struct manifest_head){ .generation = generation, .published = generation };
	memcpy(m->head.share, SHARE, sizeof(SHARE));
	return m;
}

static void assert_same(const struct manifest *a, const struct manifest *b)
{
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->head.generation, b->head.generation);
	for (size_t i = 0; i < a->n; i++) {
		assert_string_equal(a->entry[i]->path, b->entry[i]->path);
		assert_true(manifest_identical(a->entry[i], b->entry[i]));
		assert_int_equal(a->entry[i]->group, b->entry[i]->group);
		assert_int_equal(a->entry[i]->nlink, b->entry[i]->nlink);
	}
}

/* Written and read, which checks all rules. */
static void through_the_file(struct manifest_delta *delta)
{
	AUTO_BUF struct buf file = { 0 };
	struct manifest_error error = { 0 };
	struct manifest_delta again;
	int r = manifest_delta_encode(delta, &file, &error);

	if (r < 0)
		print_message("%lu: %s\n", error.line, error.rule);
	assert_int_equal(r, 0);
	assert_int_equal(
		manifest_delta_decode(file.data, file.size, NULL, NULL, 0, &again, &error), 0);
	assert_same(delta->from, again.from);
	assert_same(delta->to, again.to);
	manifest_delta_free(delta);
	*delta = again;
}

struct world {
	struct manifest *list[GENERATIONS];
	struct manifest_delta delta[GENERATIONS]; /* from the one before */
};

static void populate(struct world *w)
{
	struct node node[PATHS] = { 0 };
	unsigned int of_group[GROUPS + 1] = { 0 };

	for (size_t i = 0; i < PATHS; i++)
		node[i] = (struct node){ i % 3 ? PLAIN : DIRECTORY, random_below(6),
			random_below(GROUPS + 1) };
	for (uint32_t g = 0; g < GENERATIONS; g++) {
		for (unsigned int n = random_below(4); n > 0; n--)
			change(&node[1 + random_below(PATHS - 1)]);
		of_group[1 + random_below(GROUPS)] = random_below(6);
		w->list[g] = list_of(node, of_group, g + 1);
		if (g == 0)
			continue;
		assert_int_equal(manifest_delta_make(w->list[g - 1], w->list[g], &w->delta[g]), 0);
		through_the_file(&w->delta[g]);
	}
}

static struct manifest *copy_of(const struct manifest *m)
{
	struct manifest *copy = manifest_new();

	for (size_t i = 0; i < m->n; i++)
		assert_non_null(manifest_add(copy, m->entry[i]));
	copy->head = m->head;
	return copy;
}

/* Step by step, each delta leads to its generation. */
static void check_steps(const struct world *w)
{
	AUTO_MANIFEST struct manifest *list = copy_of(w->list[0]);

	for (size_t g = 1; g < GENERATIONS; g++) {
		assert_int_equal(manifest_delta_apply(&w->delta[g], list), 0);
		assert_same(list, w->list[g]);
	}
}

/* Several in one lead there, too; and less what was changed and changed back, they are the delta
 * between the two. */
static void check_appended(const struct world *w)
{
	AUTO_MANIFEST_DELTA struct manifest_delta all = { 0 };

	assert_int_equal(manifest_delta_make(w->list[0], w->list[1], &all), 0);
	for (size_t g = 1; g < GENERATIONS; g++) {
		AUTO_MANIFEST struct manifest *list = copy_of(w->list[0]);
		AUTO_MANIFEST_DELTA struct manifest_delta direct = { 0 }, reduced = { 0 };

		if (g > 1)
			assert_int_equal(manifest_delta_append(&all, &w->delta[g]), 0);
		through_the_file(&all);
		assert_int_equal(manifest_delta_apply(&all, list), 0);
		assert_same(list, w->list[g]);
		assert_int_equal(manifest_delta_make(w->list[0], w->list[g], &direct), 0);
		assert_int_equal(manifest_delta_make(all.from, all.to, &reduced), 0);
		assert_same(reduced.from, direct.from);
		assert_same(reduced.to, direct.to);
	}
}

static void test_random(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < ROUNDS; seed++) {
		struct world w = { 0 };

		srandom(seed);
		populate(&w);
		check_steps(&w);
		check_appended(&w);
		for (size_t g = 0; g < GENERATIONS; g++) {
			manifest_free(w.list[g]);
			manifest_delta_free(&w.delta[g]);
		}
	}
}

/* Only what differs, with its directories, and the names of its group. */
static void test_small(void **state)
{
	AUTO_MANIFEST struct manifest *from = NULL, *to = NULL;
	AUTO_MANIFEST_DELTA struct manifest_delta delta = { 0 };
	struct manifest_error error;
	const char *before =
		HEAD("1", "6") ROOT DIR_("d") LINKED("d/a") FILE_("d/b") LINKED("d/c") FILE_("e"),
		   *after = HEAD("2", "5") ROOT DIR_("d") FILE_("d/a") FILE_("d/b") FILE_("e");

	(void)state;
	assert_int_equal(manifest_decode(before, strlen(before), NULL, NULL, 0, &from, &error), 0);
	assert_int_equal(manifest_decode(after, strlen(after), NULL, NULL, 0, &to, &error), 0);
	assert_int_equal(manifest_delta_make(from, to, &delta), 0);
	assert_int_equal(delta.from->n, 4);
	assert_int_equal(delta.to->n, 3);
	assert_null(manifest_find(delta.to, "d/b"));
	assert_int_equal(manifest_find(delta.from, "d/a")->nlink, 2);
}

/* The same files, otherwise linked. */
static void test_linked_otherwise(void **state)
{
	AUTO_MANIFEST struct manifest *from = NULL, *to = NULL;
	AUTO_MANIFEST_DELTA struct manifest_delta delta = { 0 };
	struct manifest_error error;
	const char *before =
		HEAD("1", "5") ROOT LINKED("a") LINKED("b") LINKED_IN("c", "2") LINKED_IN("d", "2"),
		   *after = HEAD("2", "5") ROOT LINKED("a") LINKED_IN("b", "2") LINKED("c")
			   LINKED_IN("d", "2");

	(void)state;
	assert_int_equal(manifest_decode(before, strlen(before), NULL, NULL, 0, &from, &error), 0);
	assert_int_equal(manifest_decode(after, strlen(after), NULL, NULL, 0, &to, &error), 0);
	assert_int_equal(manifest_delta_make(from, to, &delta), 0);
	assert_int_equal(manifest_delta_apply(&delta, from), 0);
	assert_same(from, to);
}

/* A signature is checked before a byte is parsed. */
static void test_signed(void **state)
{
	AUTO_MANIFEST_DELTA struct manifest_delta delta = { 0 };
	AUTO_BUF struct buf file = { 0 };
	struct manifest_error error;
	struct signature_key *key;
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/key", scratch_path);
	assert_int_equal(signature_keygen(path), 0);
	assert_int_equal(signature_read_private(path, &key), 0);
	assert_int_equal(decode(HEAD("1", "0") HEAD("2", "0"), &delta, &error), 0);
	assert_int_equal(manifest_delta_encode(&delta, &file, &error), 0);
	manifest_delta_free(&delta);
	assert_int_equal(manifest_publish(scratch, "2.delta.gz", &file, key), 0);
	assert_int_equal(manifest_delta_load(scratch, "2.delta.gz", key, &delta, &error), 0);
	assert_int_equal(delta.to->head.generation, 2);
	manifest_delta_free(&delta);
	scratch_write("2.delta.gz", "x");
	assert_int_equal(manifest_delta_load(scratch, "2.delta.gz", key, &delta, &error), -EBADMSG);
	assert_string_equal(error.rule, "the signature is not that of the key");
	signature_key_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_not_written),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_another_history),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_linked_otherwise),
		SCRATCH_TEST(test_signed),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
