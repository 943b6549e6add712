/* Account files merged by rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/merge/account-entries.h"

static char clashes[1024];

static void remember(enum account_file kind, const char *sentence, void *arg)
{
	size_t n = strlen(clashes);

	(void)arg;
	snprintf(clashes + n, sizeof(clashes) - n, "%s: %s\n", account_file_path(kind), sentence);
}

static struct account_text text(const char *s)
{
	return (struct account_text){ s, s ? strlen(s) : 0 };
}

/* Merge files of several kinds at once; kinds that a test does not name are absent. */
struct side {
	const char *base, *local, *new, *want;
};

static void merge(const struct side side[static ACCOUNT_FILES], const char *want_clashes)
{
	struct account_input in = { .clash = remember };
	struct buf out[ACCOUNT_FILES] = { 0 };

	clashes[0] = '\0';
	for (int k = 0; k < ACCOUNT_FILES; k++) {
		in.base[k] = text(side[k].base);
		in.local[k] = text(side[k].local);
		in.new[k] = text(side[k].new);
	}
	assert_int_equal(account_entries_merge(&in, out), 0);
	for (int k = 0; k < ACCOUNT_FILES; k++) {
		buf_add(&out[k], "", 1);
		assert_string_equal(out[k].data, side[k].want ? side[k].want : "");
		buf_free(&out[k]);
	}
	assert_string_equal(clashes, want_clashes);
}

#define ROOT "root:x:0:0:root:/root:/bin/sh\n"
#define ANN  "ann:x:1001:1001:Ann:/home/ann:/bin/zsh\n"
#define DBUS "dbus:x:101:101::/run/dbus:/bin/false\n"

static void a_new_system_user(void **state)
{
	const struct side side[ACCOUNT_FILES] = {
		[ACCOUNT_GROUP] = { "root:x:0:\n", "root:x:0:ann\nann:x:1001:\n",
			"root:x:0:\ndbus:x:101:\n", "root:x:0:ann\nann:x:1001:\ndbus:x:101:\n" },
		[ACCOUNT_PASSWD] = { ROOT, ROOT ANN, ROOT DBUS, ROOT ANN DBUS },
		[ACCOUNT_SHADOW] = { "root:*:1::::::\n",
			"root:$y$secret:9::::::\nann:$y$a:9::::::\n",
			"root:*:1::::::\ndbus:$y$theirs:2::::::\n",
			"root:$y$secret:9::::::\nann:$y$a:9::::::\ndbus:!*:2::::::\n" },
		[ACCOUNT_GSHADOW] = { "root:*::\n", "root:*::\n", "root:*::\ndbus:!::\n",
			"root:*::\ndbus:!*::\n" },
	};

	(void)state;
	merge(side, "");
}

static void what_the_administrator_did_stays(void **state)
{
	const struct side side[ACCOUNT_FILES] = {
		[ACCOUNT_GROUP] = { "wheel:x:10:root,old\n", "wheel:x:10:root,old,ann\n",
			"wheel:x:10:root,new\n", "wheel:x:10:root,ann,new\n" },
		/* shell changed here, gecos there; games was removed here, news there */
		[ACCOUNT_PASSWD] = { ROOT "games:x:5:60:::\nnews:x:9:9:::\n",
			"root:x:0:0:root:/root:/bin/zsh\nnews:x:9:9:::\n",
			"root:x:0:0:Charlie:/root:/bin/sh\ngames:x:5:60:::\n",
			"root:x:0:0:Charlie:/root:/bin/zsh\nnews:x:9:9:::\n" },
		/* nor does a password come where there is none of the administrator's */
		[ACCOUNT_SHADOW] = { "root:*:1:0::::\nnews:*:1:0::::\n",
			"root:$y$own:1:0::::\nnews:*:1:0::::\n",
			"root:$y$theirs:1:7::::\nnews:$y$theirs:1:0::::\n",
			"root:$y$own:1:7::::\nnews:*:1:0::::\n" },
	};

	(void)state;
	merge(side, "");
}

static void numbers_that_clash(void **state)
{
	const struct side side[ACCOUNT_FILES] = {
		[ACCOUNT_GROUP] = { "", "mine:x:101:\nsame:x:7:\n", "dbus:x:101:\nsame:x:8:\n",
			"mine:x:101:\nsame:x:7:\n" },
		[ACCOUNT_PASSWD] = { "svc:x:30:0:::\n", ROOT "mine:x:102:0:::\nsvc:x:30:0:::\n",
			ROOT DBUS "tss:x:102:0:::\nsvc:x:31:0:::\n",
			ROOT "mine:x:102:0:::\nsvc:x:30:0:::\n" },
		[ACCOUNT_SHADOW] = { "", "root:*::::::\n", "root:*::::::\ndbus:*::::::\n",
			"root:*::::::\n" },
		[ACCOUNT_SUBUID] = { "", "ann:100000:65536\n", "root:165535:10\n",
			"ann:100000:65536\n" },
	};

	(void)state;
	merge(side, "etc/group: same has number 7 here and 8 on the master\n"
		    "etc/group: dbus is not added: its number 101 is mine here\n"
		    "etc/passwd: svc has number 30 here and 31 on the master\n"
		    "etc/passwd: dbus is not added: its group 101 is another one here\n"
		    "etc/passwd: tss is not added: its number 102 is mine here\n"
		    "etc/subuid: root is not added: its range overlaps that of ann\n");
}

static void odd_texts(void **state)
{
	const struct side side[ACCOUNT_FILES] = {
		/* no newline at the end, NIS, comments, people of the master, rows too short */
		[ACCOUNT_PASSWD] = { "", "# mine\nshort\n\nroot:x:0:0:::\n+::::::",
			"root:x:0:0:::\nbob:x:1000:1000:::\nlp:x:7:7:::",
			"# mine\nshort\n\nroot:x:0:0:::\nlp:x:7:7:::\n+::::::\n" },
		[ACCOUNT_SUBUID] = { "", "", "lp:5:5\nbob:50:5\n", "lp:5:5\n" },
	};
	const struct side absent[ACCOUNT_FILES] = {
		[ACCOUNT_PASSWD] = { NULL, ROOT, NULL, ROOT },
		[ACCOUNT_GROUP] = { NULL, NULL, "root:x:0:\n", NULL },
	};

	(void)state;
	merge(side, "");
	merge(absent, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_system_user),
		cmocka_unit_test(what_the_administrator_did_stays),
		cmocka_unit_test(numbers_that_clash),
		cmocka_unit_test(odd_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
