/* The decision table, row by row, and what comes of rows together. */
#include "agent/test/trees.h"

struct row {
	const char *name, *base, *local, *new, *policy;
	const char *expect; /* path:LABEL of all that is not NOP */
	const char *rest;   /* the next base, NULL: not looked at */
};

static bool is_passwd(const char *path)
{
	return strcmp(path, "passwd") == 0;
}

static bool undo; /* the rows are a rollback's */

static void run(const struct row *row)
{
	struct manifest *base = row->base ? tree(row->base) : manifest_new();
	struct manifest *local = tree(row->local), *new = tree(row->new), *rest;
	struct policies *policies = policies_new();
	struct plan_input in = { base, local, new, policies, is_passwd, undo };
	struct plan *plan;
	char text[1024];
	const char *what;
	unsigned int line;

	if (row->policy)
		assert_int_equal(
			policies_add(policies, row->policy, strlen(row->policy), &line, &what), 0);
	assert_int_equal(plan_make(&in, &plan), 0);
	describe(plan, text, sizeof(text));
	if (strcmp(text, row->expect) != 0)
		fail_msg("%s:\n got  %s\n want %s", row->name, text, row->expect);
	rest = next_base(plan, &new->head);
	if (row->rest && !same_base(rest, row->rest))
		fail_msg("%s: next base is not %s", row->name, row->rest);
	manifest_free(rest);
	plan_free(plan);
	policies_free(policies);
	manifest_free(base);
	manifest_free(local);
	manifest_free(new);
}

#define RUN(rows)                                                   \
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) \
	run(&rows[i])

static void the_table(void **state)
{
	static const struct row rows[] = {
		{ "– – N", "", "", "f=N", 0, "f:INSTALL", "f=N" },
		{ "– N N", "", "f=N", "f=N", 0, "f:ADOPT", "f=N" },
		{ "– L N", "", "f=L", "f=N", 0, "f:SIDE", "" },
		{ "– L –", "", "f=L", "", 0, "f:IGNORE-LOCAL", "" },
		{ "A A A", "f=A", "f=A", "f=A", 0, "", "f=A" },
		{ "A A B", "f=A", "f=A", "f=B", 0, "f:INSTALL", "f=B" },
		{ "A B B", "f=A", "f=B", "f=B", 0, "f:ADOPT", "f=B" },
		{ "A A –", "f=A", "f=A", "", 0, "f:REMOVE", "" },
		{ "A L –", "f=A", "f=L", "", 0, "f:KEEP-ORPHAN", "" },
		{ "mode changed, –", "f=A:644", "f=A:600", "", 0, "f:KEEP-ORPHAN", "" },
		{ "owner changed, –", "f=A^ann", "f=A^bob", "", 0, "f:KEEP-ORPHAN", "" },
		{ "attribute changed, –", "f=A", "f=A+k=v", "", 0, "f:KEEP-ORPHAN", "" },
		{ "directory's mode changed, –", "d/:755 d/f=A", "d/:700 d/f=A", "", 0,
			"d:KEEP-ORPHAN d/f:REMOVE", "" },
		{ "a link has no mode, –", "l>a:777", "l>a:755", "", 0, "l:REMOVE", "" },
		{ "A – A", "f=A", "", "f=A", 0, "f:KEEP-DEL", "f=A" },
		{ "A – B", "f=A", "", "f=B", 0, "f:SIDE-DEL", "f=A" },
		{ "A – –", "f=A", "", "", 0, "f:DROP-BASE", "" },
		{ "A L A", "f=A", "f=L", "f=A", 0, "f:KEEP", "f=A" },
		{ "A L B", "f=A", "f=L", "f=B", 0, "f:SIDE", "f=A" },
		{ "links", "l>a m>a", "l>a m>l", "l>b m>b", 0, "l:INSTALL m:SIDE", "l>b m>a" },
		{ "fifo, device", "p| c#1", "p| c#1", "p| c#2", 0, "c:INSTALL", "p| c#2" },
		{ "socket", "f=A", "f~", "f=B", 0, "f:SIDE", "f=A" },
		{ "order of bytes", "d/ d-e=A d/f=A", "d/ d-e=A d/f=A", "d/ d-e=B d/f=B", 0,
			"d-e:INSTALL d/f:INSTALL", NULL },
	};

	(void)state;
	RUN(rows);
}

static void types_and_subtrees(void **state)
{
	static const struct row rows[] = {
		{ "new tree", "", "", "d/ d/e/ d/e/f=N", 0,
			"d:INSTALL (d/e:INSTALL) (d/e/f:INSTALL)", "d/ d/e/ d/e/f=N" },
		{ "directory over unmodified file", "d=A", "d=A", "d/ d/f=B", 0,
			"d:INSTALL (d/f:INSTALL)", "d/ d/f=B" },
		{ "directory over modified file", "d=A", "d=L", "d/ d/f=B", 0,
			"d:SIDE-TREE (d/f:SIDE-TREE)", "d=A" },
		{ "directory over own fifo", "", "d|", "d/ d/f=B", 0, "d:SIDE-TREE (d/f:SIDE-TREE)",
			"" },
		{ "file over unmodified directory", "d/ d/f=A", "d/ d/f=A", "d=B", 0,
			"d:INSTALL (d/f:REMOVE)", "d=B" },
		{ "file over unmodified directories", "d/ d/e/ d/e/f=A", "d/ d/e/ d/e/f=A", "d=B",
			0, "d:INSTALL (d/e:REMOVE) (d/e/f:REMOVE)", "d=B" },
		{ "file over directory with an edit", "d/ d/f=A", "d/ d/f=L", "d=B", 0,
			"d:SIDE-TREE (d/f:SIDE-TREE)", "d/ d/f=A" },
		{ "file over directory with an addition", "d/", "d/ d/x=L", "d=B", 0,
			"d:SIDE-TREE (d/x:SIDE-TREE)", "d/" },
		{ "file over directory with a chmod inside", "d/ d/f=A", "d/ d/f=A:600", "d=B", 0,
			"d:SIDE-TREE (d/f:SIDE-TREE)", "d/ d/f=A" },
		{ "file over directory with a mount inside", "d/ d/m/", "d/ d/m/@m", "d=B", 0,
			"d:SIDE-TREE (d/m:SIDE-TREE)", "d/ d/m/" },
		{ "file over directory partly deleted", "d/ d/f=A d/g=A", "d/ d/g=A", "d=B", 0,
			"d:INSTALL (d/f:DROP-BASE) (d/g:REMOVE)", "d=B" },
		{ "own directory where a file was", "f=A", "f/ f/x=L", "f=A", 0,
			"f:KEEP f/x:IGNORE-LOCAL", "f=A" },
		{ "own directory, master changed the file", "f=A", "f/ f/x=L", "f=B", 0,
			"f:SIDE f/x:IGNORE-LOCAL", "f=A" },
		{ "empty directories go", "d/ d/e/ d/e/f=A", "d/ d/e/ d/e/f=A", "", 0,
			"d:REMOVE (d/e:REMOVE) (d/e/f:REMOVE)", "" },
		{ "a directory that holds something stays", "d/ d/e/ d/f=A",
			"d/ d/e/ d/e/x=L d/f=A", "", 0,
			"d:KEEP-ORPHAN d/e:KEEP-ORPHAN d/e/x:IGNORE-LOCAL d/f:REMOVE", "" },
		{ "a directory with an edit stays", "d/ d/f=A d/g/", "d/ d/f=L d/g/", "", 0,
			"d:KEEP-ORPHAN d/f:KEEP-ORPHAN d/g:REMOVE", "" },
		{ "a deleted directory stays deleted", "d/ d/f=A", "", "d/ d/f=B d/g=N", 0,
			"d:KEEP-DEL (d/f:KEEP-DEL) (d/g:KEEP-DEL)", "d/ d/f=B d/g=N" },
		{ "own directory adopted, contents apart", "", "d/ d/x=L", "d/ d/y=N", 0,
			"d:ADOPT d/x:IGNORE-LOCAL d/y:INSTALL", "d/ d/y=N" },
		{ "own link for a directory", "d/ d/f=A", "d>/srv/d", "d/ d/f=B d/g=N", 0,
			"d:RELOCATED-DIR (d/f:RELOCATED-DIR) (d/g:RELOCATED-DIR)", "d/ d/f=A" },
		{ "own link for a new directory", "", "d>/srv/d", "d/ d/f=B", 0,
			"d:RELOCATED-DIR (d/f:RELOCATED-DIR)", "" },
		{ "the master's link becomes a directory", "d>x", "d>x", "d/ d/f=B", 0,
			"d:INSTALL (d/f:INSTALL)", "d/ d/f=B" },
		{ "a changed link becomes a directory", "d>x", "d>y", "d/ d/f=B", 0,
			"d:SIDE-TREE (d/f:SIDE-TREE)", "d>x" },
		{ "directory becomes link", "d/ d/f=A", "d/ d/f=A", "d>e", 0,
			"d:INSTALL (d/f:REMOVE)", "d>e" },
		{ "both turned the directory into the file", "d/ d/f=A", "d=B", "d=B", 0,
			"d:ADOPT d/f:DROP-BASE", "d=B" },
		{ "directory deleted here, a file now", "d/ d/f=A", "", "d=B", 0,
			"d:SIDE-DEL d/f:DROP-BASE", "d/" },
		{ "file deleted here, a directory now", "d=A", "", "d/ d/f=B", 0,
			"d:SIDE-DEL (d/f:SIDE-DEL)", "d=A" },
		{ "names beside a directory", "d/ d/f=A d-=A d0=A", "d/ d/f=A d-=A d0=A",
			"d=B d-=A d0=A", 0, "d:INSTALL (d/f:REMOVE)", "d=B d-=A d0=A" },
		{ "into a directory that is held", "", "", "d/ d/f=N", "hold d/\n",
			"d:HELD d/f:DEFER", NULL },
		{ "into a directory that is not there", "", "", "d/f=N", 0, "d/f:INSTALL", NULL },
	};

	(void)state;
	RUN(rows);
}

static void what_is_unknown(void **state)
{
	static const struct row rows[] = {
		{ "mount point, no news", "d/ d/f=A", "d/@m", "d/ d/f=A", 0, "", "d/ d/f=A" },
		{ "mount point that the master has, too, now", "", "d/@m", "d/", 0, "d:ADOPT",
			"d/" },
		{ "mount point, news below", "d/ d/f=A", "d/@m", "d/ d/f=B", 0, "(d/f:DEFER)",
			"d/ d/f=A" },
		{ "bind-mounted file", "f=A", "f=A@m", "f=B", 0, "f:DEFER", "f=A" },
		{ "unreadable file, no news", "f=A", "f=A@e", "f=A", 0, "", "f=A" },
		{ "unreadable file, news", "f=A", "f=A@e", "f=B", 0, "f:DEFER", "f=A" },
		{ "unreadable file, dropped", "f=A", "f=A@e", "", 0, "f:DEFER", "f=A" },
		{ "unreadable directory is not an empty one", "d/ d/f=A", "d/@e", "d/ d/f=B", 0,
			"(d/f:DEFER)", "d/ d/f=A" },
		{ "unreadable stranger holds a directory", "d/", "d/ d/x=L@e", "", 0,
			"d:KEEP-ORPHAN", "" },
		{ "mount point holds a dropped directory", "d/ d/m/", "d/ d/m/@m", "", 0,
			"d:KEEP-ORPHAN d/m:DEFER", "d/ d/m/" },
	};

	(void)state;
	RUN(rows);
}

static void policies(void **state)
{
	static const struct row rows[] = {
		{ "ignore", "f=A", "f=A", "", "ignore f\n", "f:EXCLUDED", "f=A" },
		{ "ignore below", "d/ d/f=A", "d/ d/f=A", "d/ d/f=B", "ignore d\n",
			"d:EXCLUDED d/f:EXCLUDED", NULL },
		{ "ignore, but a client begins with it", NULL, "", "f=A", "ignore f\n",
			":ADOPT f:INSTALL", NULL },
		{ "ignored and unreadable", "f=A", "f=A@e", "f=B", "ignore f\n", "f:EXCLUDED",
			"f=A" },
		{ "directories only", "", "", "d/ d/e/ d/f=N", "ignore d\nauto d/\nauto d/**/\n",
			"d:INSTALL (d/e:INSTALL) d/f:EXCLUDED", "d/ d/e/" },
		{ "hold", "f=A", "f=A", "f=B", "hold f\n", "f:HELD", "f=A" },
		{ "hold what is not there", "", "", "f=B", "hold f\n", "f:HELD", "" },
		{ "keep", "f=A g=A h=A", "f=L h=A", "f=B g=B h=B", "keep ?\n",
			"f:KEEP g:KEEP-DEL h:INSTALL", "f=B g=B h=B" },
		{ "replace", "f=A g=A h=A i=A", "f=L h=L i=L", "f=B g=B h=A", "replace *\n",
			"f:INSTALL g:INSTALL h:INSTALL i:KEEP-ORPHAN", "f=B g=B h=A" },
		{ "replace loses no directory", "d/", "d/ d/x=L", "d=B", "replace **\n",
			"d:SIDE-TREE (d/x:SIDE-TREE)", "d/" },
		{ "merge", "f=A g=A", "f=L g>x", "f=B g=B", "merge *\n", "f:MERGE g:SIDE", NULL },
		{ "the last match wins", "f=A", "f=A", "f=A", "hold *\nauto f\n", "", "f=A" },
		{ "account files", "passwd=A", "passwd=L", "passwd=B", 0, "passwd:MERGE-ROWS",
			"passwd=B" },
		{ "account files, no news", "passwd=A", "passwd=L", "passwd=A", 0, "passwd:KEEP",
			"passwd=A" },
		{ "account files under a policy", "passwd=A", "passwd=L", "passwd=B",
			"keep passwd\n", "passwd:KEEP", NULL },
	};

	(void)state;
	RUN(rows);
}

static void metadata(void **state)
{
	static const struct row rows[] = {
		{ "changed here", "f=A:644", "f=A:600", "f=A:644", 0, "f:KEEP-META", "f=A:644" },
		{ "changed there", "f=A:644", "f=A:644", "f=A:755", 0, "f:TAKE-META", "f=A:755" },
		{ "changed both ways", "f=A:644", "f=A:600", "f=A:755", 0, "f:META-CONFLICT",
			"f=A:644" },
		{ "changed alike", "f=A:644", "f=A:600", "f=A:600", 0, "", "f=A:600" },
		{ "conflict without a base", "", "f=A:600", "f=A:644", 0, "f:META-CONFLICT", "" },
		{ "conflict with a base of another type", "f>x", "f=A:600", "f=A:644", 0,
			"f:META-CONFLICT", "f>x" },
		{ "a directory's, for the next time", "d>x", "d/:700 d/f=A", "d/:755 d/f=A", 0,
			"d:META-CONFLICT d/f:ADOPT", "d/:0 d/f=A" },
		{ "the same without a base", "", "d/:700 d/f=A", "d/:755 d/f=A", 0,
			"d:META-CONFLICT d/f:ADOPT", "d/:0 d/f=A" },
		{ "and that time", "d/:0 d/f=A", "d/:700 d/f=A", "d/:755 d/f=A", 0,
			"d:META-CONFLICT", "d/:0 d/f=A" },
		{ "owner, directory without a base", "", "d/^ann d/f=A", "d/^bob d/f=A", 0,
			"d:META-CONFLICT d/f:ADOPT", NULL },
		{ "owner changed here", "f=A^ann", "f=A^bob", "f=A^ann", 0, "f:KEEP-META",
			"f=A^ann" },
		{ "the same owner by another number", "f=A^ann,1", "f=A^ann,2", "f=A^ann,3", 0, "",
			NULL },
		{ "group changed here", "f=A&ann", "f=A&bob", "f=A&ann", 0, "f:KEEP-META",
			"f=A&ann" },
		{ "attribute added there", "f=A", "f=A", "f=A+k=v", 0, "f:TAKE-META", "f=A+k=v" },
		{ "attribute removed here", "f=A+k=v", "f=A", "f=A+k=v", 0, "f:KEEP-META",
			"f=A+k=v" },
		{ "attribute changed both ways", "f=A+k=v", "f=A+k=w", "f=A+k=x", 0,
			"f:META-CONFLICT", "f=A+k=v" },
		{ "directory", "d/:755", "d/:700", "d/:755", 0, "d:KEEP-META", "d/:755" },
		{ "an edited file takes a mode", "f=A:644", "f=L:644", "f=A:600", 0, "f:KEEP",
			"f=A:600" },
		{ "content taken, conflict stays", "f=A:644", "f=A:600", "f=B:755", 0, "f:INSTALL",
			"f=B:644" },
		{ "links have no mode", "l>a:777", "l>a:755", "l>a:777", 0, "", NULL },
	};

	(void)state;
	RUN(rows);
}

/* The metadata that INSTALL gives. */
static void installed_metadata(void **state)
{
	static const struct {
		const char *base, *local, *new;
		uint32_t mode, xattrs;
		const char *uname, *gname;
	} rows[] = {
		{ "f=A:644", "f=A:600", "f=B:644", 0600, 0 },
		{ "f=A:644", "f=A:644", "f=B:755", 0755, 0 },
		{ "f=A:4755", "f=A:4711", "f=B:755", 0711, 0 }, /* set-uid dropped by the master */
		{ "f=A:755", "f=A:4755", "f=B:755", 04755, 0 }, /* the administrator's own */
		{ "f=A+K=1", "f=A+K=2", "f=B", 0644, 0 },       /* capabilities dropped */
		{ "f=A", "f=A+K=2", "f=B", 0644, 1 },
		{ "f=A+k=1", "f=A", "f=B+k=1", 0644, 0 },
		{ "f=A", "f=A", "f=B+k=1", 0644, 1 },
		{ "f=A^ann", "f=A^bob", "f=B^ann", 0644, 0, "bob" },
		{ "f=A^ann", "f=A^ann", "f=B^bob", 0644, 0, "bob" },
		{ "f=A&ann", "f=A&bob", "f=B&ann", 0644, 0, NULL, "bob" },
		{ "f=A&ann", "f=A&ann", "f=B&bob", 0644, 0, NULL, "bob" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct manifest *base = tree(rows[i].base), *local = tree(rows[i].local),
				*new = tree(rows[i].new);
		struct policies *policies = policies_new();
		struct plan_input in = { base, local, new, policies, NULL };
		struct plan *plan;
		const struct plan_op *op;

		assert_int_equal(plan_make(&in, &plan), 0);
		op = plan_find(plan, "f");
		assert_int_equal(op->action, PLAN_INSTALL);
		assert_int_equal(op->after->mode, rows[i].mode);
		assert_int_equal(op->after->nxattrs, rows[i].xattrs);
		assert_string_equal(op->after->uname ? op->after->uname : "",
			rows[i].uname ? rows[i].uname : "");
		assert_string_equal(op->after->gname ? op->after->gname : "",
			rows[i].gname ? rows[i].gname : "");
		plan_free(plan);
		policies_free(policies);
		manifest_free(base);
		manifest_free(local);
		manifest_free(new);
	}
}

/* What is not known is not the same: no digest, or none of the same kind. */
static void unknown_content(void **state)
{
	struct manifest_entry a = { .digest.has = DIGEST_SHA256 }, b = a, none = { 0 };

	(void)state;
	assert_true(plan_same_content(&a, &b));
	assert_false(plan_same_content(&a, &none));
	assert_false(plan_same_content(&none, &none));
	b.digest.has = DIGEST_MD5;
	assert_false(plan_same_content(&a, &b));
	assert_false(plan_same_content(&a, NULL));
	assert_true(plan_same_content(NULL, NULL));
}

static void hard_links(void **state)
{
	static const struct row rows[] = {
		{ "linked there", "a=A b=A", "a=A b=A", "a=A%1 b=A%1", 0, "b:RELINK", NULL },
		{ "linked alike", "a=A%1 b=A%1", "a=A%7 b=A%7", "a=A%1 b=A%1", 0, "", NULL },
		{ "unlinked here", "a=A%1 b=A%1", "a=A b=A", "a=A%1 b=A%1", 0, "", NULL },
		{ "new content for all", "a=A%1 b=A%1", "a=A%1 b=A%1", "a=B%1 b=B%1", 0,
			"a:INSTALL b:INSTALL", NULL },
		{ "parted there", "a=A%1 b=A%1", "a=A%1 b=A%1", "a=A b=A", 0, "b:RELINK", NULL },
		{ "one of three parted there", "a=A%1 b=A%1 c=A%1", "a=A%1 b=A%1 c=A%1",
			"a=A%1 b=A c=A%1", 0, "b:RELINK", NULL },
		{ "parted in two", "a=A%1 b=A%1 c=A%1", "a=A%1 b=A%1 c=A%1", "a=A b=A%1 c=A%1", 0,
			"b:RELINK c:RELINK", NULL },
		{ "linked here", "a=A b=A", "a=A%1 b=A%1", "a=A b=A", 0, "", NULL },
		{ "linked here, before there was a base", "", "a=A%1 b=A%1", "a=A b=A", 0,
			"a:ADOPT b:ADOPT", NULL },
		{ "linked to something else here", "a=A%1 b=A%1", "O=A%1 a=A%1 b=A%1", "a=A b=A", 0,
			"O:IGNORE-LOCAL b:RELINK", NULL },
		{ "first name dropped there", "a=A%1 b=A%1 c=A%1", "a=A%1 b=A%1 c=A%1",
			"b=A%1 c=A%1", 0, "a:REMOVE", NULL },
		{ "first name deleted here", "a=A b=A", "b=A", "a=A%1 b=A%1", 0, "a:KEEP-DEL",
			NULL },
	};

	(void)state;
	RUN(rows);
}

/* The lists of a rollback: single paths. */
static void undone(void **state)
{
	static const struct row rows[] = {
		{ "directory deleted here", "d/:700 d/f=B", "", "d/:755 d/f=A", 0,
			"d:KEEP-DEL d/f:SIDE-DEL", NULL },
		{ "a link in its place", "d/:700 d/f=B", "d>x", "d/:755 d/f=A", 0,
			"d:KEEP d/f:SIDE-DEL", NULL },
		{ "what was removed, and its directory is gone", "", "", "d/f=A", 0, "d/f:SIDE-DEL",
			NULL },
		{ "a directory that was removed, the same", "", "", "d/e/ d/e/f=A", 0,
			"d/e:SIDE-DEL (d/e/f:SIDE-DEL)", NULL },
		{ "with its directory", "", "", "d/ d/f=A", 0, "d:INSTALL (d/f:INSTALL)", NULL },
		{ "a link where a directory was", "d=B", "d>x", "d/ d/f=A", 0,
			"d:SIDE-TREE (d/f:SIDE-TREE)", NULL },
	};

	(void)state;
	undo = true;
	RUN(rows);
	undo = false;
}

static void guards(void **state)
{
	struct manifest *empty = manifest_new(), *root = tree(""), *some = tree("f=A");
	struct manifest *many = manifest_new(), *half = manifest_new();

	(void)state;
	for (int i = 0; i < 400; i++) {
		char path[16];
		struct manifest_entry e = { .path = path, .nlink = 1 };

		snprintf(path, sizeof(path), "%03d", i);
		manifest_add(many, &e);
	}
	assert_null(plan_guard(empty, some, false));
	assert_non_null(plan_guard(empty, root, false));
	assert_non_null(plan_guard(some, root, false));
	assert_null(plan_guard(some, some, false));
	assert_non_null(plan_guard(many, some, false));
	half->n = 200;
	assert_null(plan_guard(many, half, false));
	half->n = 199;
	assert_non_null(plan_guard(many, half, false));
	many->n = 199, half->n = 2;
	assert_null(plan_guard(many, half, false));
	many->n = 400;
	half->n = 0;
	some->head.generation = 2;
	many->head.generation = 1;
	assert_non_null(plan_guard(some, many, false));
	assert_null(plan_guard(some, many, true));
	assert_null(plan_guard(some, some, false));
	strcpy(many->head.share, "x");
	many->head.generation = 3;
	assert_non_null(plan_guard(some, many, false));
	manifest_free(empty);
	manifest_free(root);
	manifest_free(some);
	manifest_free(many);
	manifest_free(half);
}

/* Planning anew over what a plan would leave finds nothing to do: all sides from the same letters.
 */
static void a_second_plan_is_empty(void **state)
{
	static const char *const kind[] = { "", "d/", "d=A", "d=B", "d>x", "d/ d/f=A", "d/ d/f=B",
		"d/ d/g/ d/g/h=A", "d|" };
	struct policies *none = policies_new();
	const size_t n = sizeof(kind) / sizeof(kind[0]);
	size_t tried = 0;

	(void)state;
	for (size_t i = 0; i < n * n * n; i++) {
		struct manifest *base = tree(kind[i % n]), *local = tree(kind[i / n % n]),
				*new = tree(kind[i / n / n]), *then = manifest_new(), *rest;
		struct plan_input in = { base, local, new, none, NULL };
		struct plan *plan, *again;

		assert_int_equal(plan_make(&in, &plan), 0);
		for (size_t j = 0; j < plan->n; j++) {
			const struct plan_op *op = &plan->op[j];
			const struct manifest_entry *e = op->action == PLAN_INSTALL  ? op->after
							 : op->action == PLAN_REMOVE ? NULL
										     : op->local;

			/* No edit is overwritten: what goes is as the base has it. */
			if (op->local && e != op->local)
				assert_true(plan_same_content(op->local, op->base));
			if (e)
				assert_non_null(manifest_add(then, e));
		}
		assert_true(manifest_sort(then));
		rest = next_base(plan, &new->head);
		in = (struct plan_input){ rest, then, new, none, NULL };
		assert_int_equal(plan_make(&in, &again), 0);
		for (size_t j = 0; j < again->n; j++) {
			assert_int_not_equal(again->op[j].action, PLAN_INSTALL);
			assert_int_not_equal(again->op[j].action, PLAN_REMOVE);
			assert_int_not_equal(again->op[j].action, PLAN_ADOPT);
			assert_int_not_equal(again->op[j].action, PLAN_KEEP_ORPHAN);
		}
		tried++;
		plan_free(plan);
		plan_free(again);
		manifest_free(rest);
		manifest_free(then);
		manifest_free(base);
		manifest_free(local);
		manifest_free(new);
	}
	assert_int_equal(tried, n * n * n);
	policies_free(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(types_and_subtrees),
		cmocka_unit_test(what_is_unknown),
		cmocka_unit_test(policies),
		cmocka_unit_test(metadata),
		cmocka_unit_test(installed_metadata),
		cmocka_unit_test(unknown_content),
		cmocka_unit_test(hard_links),
		cmocka_unit_test(undone),
		cmocka_unit_test(guards),
		cmocka_unit_test(a_second_plan_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
