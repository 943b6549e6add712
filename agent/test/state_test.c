/* The records in the state directory: text in, struct out, and back. */
#include "agent/agent-config.h"
#include "agent/merge/conflicts.h"
#include "agent/merge/offers.h"
#include "agent/run/mounts.h"
#include "agent/run/state.h"
#include "agent/transaction/inode.h"
#include "agent/transaction/journal.h"
#include "agent/transaction/records.h"
#include "lib/cleanup.h"
#include "lib/publish.h"
#include "lib/test/scratch.h"
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static char *copy(const char *text)
{
	size_t n = strlen(text);
	char *c = malloc(n + 1);

	memcpy(c, text, n + 1);
	return c;
}

static void conflicts_there_and_back(void **state)
{
	struct conflicts c = { 0 }, back;
	struct conflict one = { CONFLICT_OFFER, (char *)"a b", (char *)"-", 7, 42, { { 1, 2, 3 } },
		{ { 0 } } };
	AUTO_BUF struct buf text = { 0 };

	(void)state;
	assert_true(conflicts_add(&c, &one));
	one.kind = CONFLICT_META;
	one.place = NULL;
	assert_true(conflicts_add(&c, &one));
	conflicts_format(&c, &text);
	assert_non_null(buf_room(&text, 1));
	assert_int_equal(conflicts_parse(text.data, text.size, &back), 0);
	assert_int_equal(back.n, 2);
	assert_string_equal(back.conflict[0].path, "a b");
	assert_string_equal(back.conflict[0].place, "-");
	assert_string_equal(back.conflict[1].place, "");
	assert_int_equal(back.conflict[0].generation, 7);
	assert_int_equal(back.conflict[0].since, 42);
	assert_true(fingerprint_same(&back.conflict[0].offered, &one.offered));
	assert_true(fingerprint_absent(&back.conflict[0].local));
	assert_int_equal(conflicts_waiting(&back), 2);
	back.conflict[0].kind = CONFLICT_DISMISSED;
	assert_int_equal(conflicts_waiting(&back), 1);
	back.conflict[1].kind = CONFLICT_RELOCATED;
	assert_int_equal(conflicts_waiting(&back), 0);
	conflicts_free(&c);
	conflicts_free(&back);
}

static void broken_conflicts(void **state)
{
	static const char *const bad[] = {
		"offer a b 1 2 -", "what a b 1 2 - -", "offer a b 1 x - -", "offer a\\9 b 1 2 - -",
		"offer a b 1 2 zz -", "offer a b 1 2 - - - -\nx",
		"offer a b 1 2 - 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *text = copy(bad[i]);
		struct conflicts c;

		assert_int_equal(conflicts_parse(text, strlen(text), &c), -EBADMSG);
		free(text);
	}
}

/* Of change 0 the entries know both sides: it is a replacement. */
static int parse_journal(const char *text)
{
	const struct manifest_entry root = { .path = "", .type = MANIFEST_DIR, .nlink = 1 };
	struct manifest_entry e = { .path = "00000000.after", .nlink = 1 };
	struct manifest *entries = manifest_new();
	struct journal j;
	int r;

	manifest_add(entries, &root);
	manifest_add(entries, &e);
	e.path = "00000000.before";
	manifest_add(entries, &e);
	assert_true(manifest_sort(entries));
	r = journal_parse(copy(text), strlen(text), entries, &j);
	journal_free(&j);
	return r;
}

static void broken_journals(void **state)
{
#define HEAD_LINE "xenfarm-journal 1 3 4\n"
	static const char *const bad[] = { "", "xenfarm-journal 1 3 4", "xenfarm-journal 2 3 4\n",
		HEAD_LINE "replace root 00000000 etc/f", HEAD_LINE "rename root 00000000 etc/f\n",
		HEAD_LINE "replace root x etc/f\n", HEAD_LINE "replace root 00000000 ../etc/f\n",
		HEAD_LINE "replace root 00000000 /etc/f\n",
		HEAD_LINE "replace root 00000000 etc/\\9\n", HEAD_LINE "replace root\n",
		HEAD_LINE "create root 00000000 etc/f\n", /* there is something before */
		HEAD_LINE "remove root 00000000 etc/f\n", /* and something after */
		HEAD_LINE "replace root 00000001 etc/f\n" };

	(void)state;
	assert_int_equal(parse_journal(HEAD_LINE), 0);
	assert_int_equal(parse_journal(HEAD_LINE "replace root 00000000 etc/f\n"), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse_journal(bad[i]) != -EBADMSG)
			fail_msg("%s", bad[i]);
}

static void journal_there_and_back(void **state)
{
	const struct manifest_entry link = { .path = "x", .type = MANIFEST_LINK, .link = "t" };
	struct journal head = { .from = 3, .to = 4, .undo = true, .undoes = 12 };
	AUTO_BUF struct buf text = { 0 }, encoded = { 0 };
	struct changes changes = { 0 };
	struct journal j;

	(void)state;
	assert_int_equal(journal_read(scratch, &j), -ENOENT);
	changes_add(&changes, &(struct change){ CHANGE_CREATE, .path = "etc/a b", .after = &link,
				      .within = CHANGE_NONE });
	changes_add(
		&changes, &(struct change){ CHANGE_CREATE, .path = "etc/a b/c", .after = &link });
	changes_add(
		&changes, &(struct change){ CHANGE_REPLACE, .pending = true, .path = "etc/r.xennew",
				  .before = &link, .after = &link, .within = CHANGE_NONE });
	changes_add(&changes, &(struct change){ CHANGE_REMOVE, .path = "etc/d", .before = &link,
				      .within = CHANGE_NONE });
	changes_add(
		&changes, &(struct change){ CHANGE_REPLACE, .path = "etc/group", .before = &link,
				  .after = &link, .group = 1, .within = CHANGE_NONE });
	assert_int_equal(journal_encode(&head, &changes, NULL, &text, &encoded), 0);
	assert_int_equal(head.n, 5);
	head.record[0].ino = 77;
	head.record[3].deferred = true;
	assert_int_equal(
		publish_file(scratch, "entries.mtree.gz", 0600, encoded.data, encoded.size), 0);
	assert_int_equal(publish_file(scratch, "journal", 0600, text.data, text.size), 0);
	assert_int_equal(journal_mark_staged(scratch, &head), 0);
	assert_int_equal(journal_read(scratch, &j), 0);
	assert_int_equal(j.from, 3);
	assert_int_equal(j.to, 4);
	assert_true(j.undo);
	assert_int_equal(j.undoes, 12);
	assert_int_equal(j.n, 5);
	assert_int_equal(j.record[0].ino, 77);
	assert_false(j.record[0].deferred);
	assert_true(j.record[3].deferred);
	assert_int_equal(j.record[4].group, 1);
	assert_string_equal(j.record[0].path, "etc/a b");
	assert_int_equal(j.record[1].inside, true);
	assert_true(j.record[2].pending);
	assert_string_equal(j.record[2].before->link, "t");
	assert_null(j.record[3].after);
	assert_int_equal(j.record[3].number, 3);
	journal_free(&j);
	assert_int_equal(unlinkat(scratch, "staged", 0), 0);
	scratch_write("journal", "xenfarm-journal 1 1 2\nreplace root 00000000 ../x\n");
	assert_int_equal(journal_read(scratch, &j), -EBADMSG);
	scratch_write("journal", "xenfarm-journal 1 1 2\nremove root 00000009 etc/d\n");
	assert_int_equal(journal_read(scratch, &j), -EBADMSG);
	scratch_write("journal", "xenfarm-journal 1 1 2\nremove ro");
	assert_int_equal(journal_read(scratch, &j), -EBADMSG);
	changes_free(&changes);
	journal_free(&head);
}

/* --- the base, less what was not made --- */

static struct manifest *list(const char *paths, uint32_t mode)
{
	struct manifest *m = manifest_new();
	char text[256], *path;

	snprintf(text, sizeof(text), "%s", paths);
	assert_non_null(manifest_add(
		m, &(struct manifest_entry){
			   .path = "", .type = MANIFEST_DIR, .mode = mode, .nlink = 1 }));
	for (path = strtok(text, " "); path; path = strtok(NULL, " ")) {
		size_t n = strlen(path);
		struct manifest_entry e = { .path = path, .mode = mode, .nlink = 1 };

		if (path[n - 1] == '/') {
			e.type = MANIFEST_DIR;
			path[n - 1] = '\0';
		}
		assert_non_null(manifest_add(m, &e));
	}
	assert_true(manifest_sort(m));
	return m;
}

static void base_of_what_was_made(void **state)
{
	/* next and old (modes 2 and 1); what was deferred; which paths the base has from which */
	static const struct {
		const char *next, *old;
		enum change_kind kind;
		const char *deferred, *base;
	} rows[] = {
		{ "a", "a", CHANGE_REPLACE, "a", "a1" },
		{ "a b", "a b", CHANGE_REPLACE, "a", "a1 b2" },
		{ "a", "", CHANGE_CREATE, "a", "" },
		{ "d/ d/f", "", CHANGE_CREATE, "d", "" },
		{ "d/ d-x d/f", "d", CHANGE_REPLACE, "d", "d1 d-x2" },
		{ "", "d/ d/f", CHANGE_REMOVE, "d", "d1 d/f1" },
		/* its directory is in the list, too */
		{ "", "d/ d/f d/g", CHANGE_REMOVE, "d/f", "d1 d/f1" },
		{ "d/ d/f", "d/ d/f", CHANGE_META, "d", "d1 d/f2" },
		{ "d/ d/f", "", CHANGE_META, "d", "d2 d/f2" },
		{ "d", "d/ d/f", CHANGE_REMOVE, "d/f", "d2" },
		/* of an offer, here one in pending, the base says nothing */
		{ "a", "", CHANGE_CREATE, "/a", "a2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		AUTO_MANIFEST struct manifest *next = list(rows[i].next, 2);
		AUTO_MANIFEST struct manifest *old = list(rows[i].old, 1), *base = NULL;
		struct journal_record record = { .kind = rows[i].kind,
			.pending = *rows[i].deferred == '/',
			.path = rows[i].deferred + (*rows[i].deferred == '/'),
			.deferred = true };
		const struct journal journal = { .record = &record, .n = 1 };
		struct next_base_undone undone[1];
		AUTO_BUF struct buf text = { 0 };

		base = next_base_without(next, old, undone, records_undone(&journal, undone));
		assert_non_null(base);
		for (size_t k = 1; k < base->n; k++)
			buf_printf(&text, "%s%s%u", k > 1 ? " " : "", base->entry[k]->path,
				base->entry[k]->mode);
		buf_add(&text, "", 1);
		assert_string_equal(text.data, rows[i].base);
	}
}

static void status_text(void **state)
{
	struct state_status s = { .share = "01-ab", .generation = 3, .conflicts = 4, .checked = 5 },
			    back;

	(void)state;
	assert_int_equal(state_status_read(scratch, &back), 0);
	assert_int_equal(back.generation, 0);
	assert_int_equal(state_status_write(scratch, &s), 0);
	assert_int_equal(state_status_read(scratch, &back), 0);
	assert_memory_equal(&s, &back, sizeof(s));
	state_status_parse("x\ngeneration=zz\nconflicts=7", 27, &back);
	assert_int_equal(back.generation, 0);
	assert_int_equal(back.conflicts, 7);
}

/* As a transaction does it. */
static void keep_content(const struct manifest_entry *e, const char *text)
{
	int dir, fd;

	assert_int_equal(mkdirat(scratch, "t", 0700), 0);
	assert_int_equal(mkdirat(scratch, "t/" STATE_CONTENTS, 0700), 0);
	dir = openat(scratch, "t", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = state_content_make(dir, e);
	assert_true(fd >= 0);
	assert_int_equal(state_content_make(dir, e), -EEXIST);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(state_contents_take(scratch, dir), 0);
	assert_int_equal(state_contents_take(scratch, dir), 0);
	close(dir);
	assert_int_equal(unlinkat(scratch, "t/" STATE_CONTENTS, AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(scratch, "t", AT_REMOVEDIR), 0);
}

static void contents(void **state)
{
	struct manifest_entry e = { .path = "etc/x", .size = 5, .nlink = 1 };
	AUTO_BUF struct buf out = { 0 };

	(void)state;
	e.digest = (struct digest){ DIGEST_SHA256,
		{ 0x2c, 0xf2, 0x4d, 0xba, 0x5f, 0xb0, 0xa3, 0x0e, 0x26, 0xe8, 0x3b, 0x2a, 0xc5,
			0xb9, 0xe2, 0x9e, 0x1b, 0x16, 0x1e, 0x5c, 0x1f, 0xa7, 0x42, 0x5e, 0x73,
			0x04, 0x33, 0x62, 0x93, 0x8b, 0x98, 0x24 },
		{ 0 } };
	assert_true(state_keeps(&e));
	assert_false(state_has_content(scratch, &e));
	keep_content(&e, "hello");
	assert_true(state_has_content(scratch, &e));
	assert_int_equal(state_content(scratch, &e, &out), 0);
	assert_memory_equal(out.data, "hello", 5);
	keep_content(&e, "hullo");
	out.size = 0;
	assert_int_equal(state_content(scratch, &e, &out), -ENOENT);
	struct manifest none = { 0 };
	state_contents_prune(scratch, &none);
	assert_false(state_has_content(scratch, &e));
	e.path = "var/x";
	assert_false(state_keeps(&e));
}

static void places(void **state)
{
	static const struct {
		const char *path;
		unsigned int number;
		const char *place;
	} rows[] = {
		{ "etc/a", 0, "etc/a.xennew" },
		{ "etc/a", 2, "etc/a.xennew.2" },
		{ "a", 0, "a.xennew" },
		{ "etc/cron.d/a", 0, "/etc/cron.d/a" },
		{ "etc/cron.daily/a", 1, "/etc/cron.daily/a.1" },
		{ "etc/profile.d/a", 0, "/etc/profile.d/a" },
		{ "usr/lib/systemd/system/x.service.d/a", 0,
			"/usr/lib/systemd/system/x.service.d/a" },
		{ "etc/.d/a", 0, "etc/.d/a.xennew" },
		{ "etc/sites-enabled/a", 0, "/etc/sites-enabled/a" },
		{ "etc/x.d/sub/a", 0, "etc/x.d/sub/a.xennew" },
		{ "etc/skel/a", 0, "/etc/skel/a" },
		{ "var/lib/alternatives/a", 0, "/var/lib/alternatives/a" },
	};
	char place[MANIFEST_PATH_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(offer_place(rows[i].path, rows[i].number, false, place));
		assert_string_equal(place, rows[i].place);
	}
	assert_true(offers_is_offer("etc/a.xennew"));
	assert_true(offers_is_offer("etc/a.xennew.12/b"));
	assert_false(offers_is_offer("etc/.xennew"));
	assert_false(offers_is_offer("etc/a.xennew.x"));
}

static int parse_config(const char *text, struct agent_config *c, struct conf_error *error)
{
	*c = (struct agent_config){ 0 };
	buf_puts(&c->text, text);
	buf_add(&c->text, "", 1);
	return agent_config_parse(c->text.data, c->text.size - 1, c, error);
}

static void configuration(void **state)
{
	struct agent_config c;
	struct conf_error error;

	(void)state;
	assert_int_equal(parse_config("# x\n\nsource=/a\nsource=/b", &c, &error), 0);
	assert_string_equal(c.source, "/b");
	assert_null(c.pub);
	agent_config_free(&c);
	assert_null(c.source);
	assert_int_equal(parse_config("pub=x\nfoo=y\n", &c, &error), -EINVAL);
	assert_int_equal(error.line, 2);
	assert_null(c.pub);
	agent_config_free(&c);
	assert_int_equal(parse_config("source", &c, &error), -EINVAL);
	agent_config_free(&c);
	assert_int_equal(parse_config("source=\n", &c, &error), -EINVAL);
	agent_config_free(&c);
}

static void local_mounts(void **state)
{
	static const char text[] = "1 0 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
				   "2 1 0:5 / /dev rw - devtmpfs udev rw\n"
				   "3 1 0:21 / /run rw shared:2 - tmpfs tmpfs rw\n"
				   "4 1 0:45 / /home rw - nfs4 server:/home rw\n"
				   "5 1 8:17 / /mnt rw - fuseblk /dev/sdb1 rw\n"
				   "6 1 0:33 /sub /srv rw master:1 - btrfs /dev/sdc rw\n"
				   "71 1 0:4 / /proc rw - proc proc rw\n";
	static const bool local[] = { false, true, false, true, false, false, true, false };

	(void)state;
	for (unsigned long i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		assert_int_equal(mounts_is_local(text, i), local[i]);
	assert_false(mounts_is_local(text, 71));
	assert_false(mounts_is_local("8 1 8:1 / / rw", 8));
}

static void wanted_mounts(void **state)
{
	struct mounts *m;

	(void)state;
	assert_int_equal(mkdirat(scratch, "etc", 0700), 0);
	assert_int_equal(mkdirat(scratch, "var", 0700), 0);
	scratch_write("etc/fstab",
		"# x\n/dev/a / ext4 defaults 0 1\n/dev/b /var/ ext4 defaults 0 2\n"
		"/dev/c none swap sw 0 0\n/dev/d /mnt ext4 noauto 0 0\n");
	m = mounts_read(scratch);
	assert_non_null(m);
	assert_int_equal(mounts_enter(m, "var", false), -ENODEV);
	assert_int_equal(mounts_enter(m, "mnt", false), 1);
	assert_int_equal(mounts_enter(m, "etc", false), 1);
	assert_string_equal(mounts_missing(m, "var/lib"), "var");
	assert_null(mounts_missing(m, "var"));
	assert_null(mounts_missing(m, "variable/x"));
	mounts_free(m);
}

/* Whoever opens the file while we look breaks a lease: that must not be the end of us. */
static void file_that_is_opened(void **state)
{
	AUTO_CLOSE int mine = openat(scratch, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	pid_t opener;
	int status;

	(void)state;
	assert_true(inode_is_written(scratch, "f"));
	cleanup_close(&mine);
	mine = -1;
	assert_false(inode_is_written(scratch, "f"));
	opener = fork();
	if (opener == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (opener == 0) {
		AUTO_CLOSE int fd =
			openat(scratch, "f", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	for (int i = 0; i < 20000; i++)
		inode_is_written(scratch, "f");
	kill(opener, SIGKILL);
	assert_int_equal(waitpid(opener, &status, 0), opener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conflicts_there_and_back),
		cmocka_unit_test(broken_conflicts),
		cmocka_unit_test(broken_journals),
		SCRATCH_TEST(journal_there_and_back),
		cmocka_unit_test(base_of_what_was_made),
		SCRATCH_TEST(status_text),
		SCRATCH_TEST(contents),
		SCRATCH_TEST(file_that_is_opened),
		cmocka_unit_test(local_mounts),
		SCRATCH_TEST(wanted_mounts),
		cmocka_unit_test(places),
		cmocka_unit_test(configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
