/*
 * The cases of agent/test/cases.json, each through the real programs on a real file system: a share
 * with generation 1 (base) fills a root, the root becomes local, generation 2 (new) is reconciled.
 * cases_test FILE [ID]: with ID that case alone, its scratch directory is kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/test/tap.h"

#define PATH     "etc/case"
#define BIG_PATH 8192
#define AGENT    "xf-agent --root root --state state --pub key.pub --source share "

static char diagnosis[512];

__attribute__((format(printf, 1, 2))) static bool bad(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(diagnosis, sizeof(diagnosis), format, args);
	va_end(args);
	return false;
}

__attribute__((format(printf, 1, 2))) static int sh(const char *format, ...)
{
	char command[BIG_PATH];
	va_list args;
	int status;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static const char *text(struct json_object *o, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(o, key, &value) ? json_object_get_string(value) : "";
}

/* --- "file:A:600", "symlink:x", "dir", "fifo", "absent" --- */

static void content(const char *letter, char buffer[static 64])
{
	snprintf(buffer, 64, "content %.1s\n", letter);
}

static bool make(const char *root, const char *path, const char *what)
{
	char full[BIG_PATH], words[64];
	int fd;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	if (strcmp(what, "absent") == 0)
		return true;
	if (strcmp(what, "dir") == 0)
		return mkdir(full, 0755) == 0 || errno == EEXIST;
	if (strcmp(what, "fifo") == 0)
		return mkfifo(full, 0644) == 0;
	if (strncmp(what, "symlink:", 8) == 0)
		return symlink(what + 8, full) == 0;
	content(what + 5, words);
	fd = open(full, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0 || write(fd, words, strlen(words)) < 0 || close(fd) < 0)
		return false;
	return strlen(what) < 7 || chmod(full, (mode_t)strtol(what + 7, NULL, 8)) == 0;
}

static bool is_file(const char *full, const char *what, mode_t mode)
{
	char words[64], found[64] = "";
	FILE *file = fopen(full, "r");

	content(what + 5, words);
	if (file && !fgets(found, sizeof(found), file))
		found[0] = '\0';
	if (file)
		fclose(file);
	if (strcmp(words, found) != 0)
		return bad("%s holds \"%s\"", full, found);
	if (strlen(what) > 7 && (mode & 07777) != (mode_t)strtol(what + 7, NULL, 8))
		return bad("%s has mode %o", full, mode & 07777);
	return true;
}

/* Is path as what says? */
static bool is(const char *root, const char *path, const char *what)
{
	char full[BIG_PATH], target[256] = "";
	struct stat st;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	if (lstat(full, &st) < 0)
		return strcmp(what, "absent") == 0 || bad("%s is absent, not %s", full, what);
	if (strcmp(what, "dir") == 0)
		return S_ISDIR(st.st_mode) || bad("%s is not a directory", full);
	if (strcmp(what, "fifo") == 0)
		return S_ISFIFO(st.st_mode) || bad("%s is no fifo", full);
	if (strncmp(what, "file:", 5) == 0)
		return S_ISREG(st.st_mode) ? is_file(full, what, st.st_mode)
					   : bad("%s is no file", full);
	if (strncmp(what, "symlink:", 8) == 0 && S_ISLNK(st.st_mode)) {
		if (readlink(full, target, sizeof(target) - 1) < 0)
			return false;
		return strcmp(target, what + 8) == 0 || bad("%s leads to %s", full, target);
	}
	return bad("%s is there, not %s", full, what);
}

/* --- building --- */

static size_t children(struct json_object *c, struct json_object **tree)
{
	return json_object_object_get_ex(c, "tree", tree) ? json_object_array_length(*tree) : 0;
}

static bool make_side(const char *root, struct json_object *c, const char *side)
{
	struct json_object *tree;
	bool ok = make(root, PATH, text(c, side));

	for (size_t i = 0; ok && i < children(c, &tree); i++) {
		struct json_object *child = json_object_array_get_idx(tree, i);
		char path[BIG_PATH];

		snprintf(path, sizeof(path), PATH "/%s", text(child, "path"));
		ok = make(root, path, text(child, side));
	}
	return ok || bad("cannot make %s", side);
}

static bool publish(int generation)
{
	return sh("xf-manifest create share/gen/%d -o share/manifest/%d.mtree.gz --key key "
		  "--generation %d --share 01234567-89ab-cdef-0123-456789abcdef >/dev/null && "
		  "echo %d >share/current",
		       generation, generation, generation, generation) == 0 ||
	       bad("publishing %d failed", generation);
}

static const char *policy(struct json_object *c)
{
	const char *ours = text(c, "ours");

	if (strcmp(ours, "EXCLUDED") == 0)
		return "ignore " PATH;
	if (strcmp(ours, "HELD") == 0)
		return "hold " PATH;
	if (strcmp(text(c, "id"), "pacman-noupgrade-inverted") == 0)
		return "hold etc/*\nauto " PATH;
	return "";
}

static bool prepare(struct json_object *c)
{
	struct json_object *more;
	bool gone = strcmp(text(c, "ours"), "ABORT-GUARD") == 0;

	if (sh("rm -rf share root state && mkdir -p share/gen/1/etc share/gen/2 share/manifest "
	       "root && "
	       "echo other >share/gen/1/etc/other && { %s cp -a share/gen/1/etc share/gen/2/; }",
		    gone ? ": ||" : "") != 0)
		return bad("scratch");
	if (!make_side("share/gen/1", c, "base") || !publish(1))
		return false;
	if (sh(AGENT "reconcile --quiet") != 0)
		return bad("the first fill failed");
	if (sh("rm -rf root/" PATH " && mkdir -p root/etc/xenfarm/policy.d && "
	       "echo '%s' >root/etc/xenfarm/policy.d/test.policy",
		    policy(c)) != 0)
		return bad("scratch");
	if (json_object_object_get_ex(c, "preexisting", &more)) {
		json_object_object_foreach(more, suffix, value)
		{
			char path[128];

			snprintf(path, sizeof(path), PATH "%s", suffix);
			make("root", path, json_object_get_string(value));
		}
	}
	if (strcmp(text(c, "ours"), "KEEP-META") == 0)
		return make_side("root", c, "local") && chmod("root/" PATH, 0600) == 0 &&
		       make_side("share/gen/2", c, "new") && publish(2);
	return make_side("root", c, "local") && (gone || make_side("share/gen/2", c, "new")) &&
	       publish(2);
}

/* --- judging --- */

/* The plan's word for PATH; what is not listed is NOP. */
static const char *planned(void)
{
	static char word[64];
	struct json_object *plan, *paths;

	sh(AGENT "plan --json >plan.json 2>err");
	strcpy(word, "NOP");
	plan = json_object_from_file("plan.json");
	if (!plan || !json_object_object_get_ex(plan, "paths", &paths))
		return "no plan";
	for (size_t i = 0; i < json_object_array_length(paths); i++) {
		struct json_object *op = json_object_array_get_idx(paths, i);

		if (strcmp(text(op, "path"), PATH) == 0)
			snprintf(word, sizeof(word), "%s", text(op, "action"));
	}
	json_object_put(plan);
	return word;
}

static bool one_of(const char *word, const char *list)
{
	char padded[80];

	snprintf(padded, sizeof(padded), " %s ", word);
	return strstr(list, padded) != NULL;
}

/* What has to be at PATH afterwards, and beside it. */
static bool check_path(struct json_object *c, const char *label)
{
	const char *local = text(c, "local"), *new = text(c, "new"), *want = local;

	if (strcmp(label, "INSTALL") == 0)
		want = new;
	else if (one_of(label, " REMOVE KEEP-DEL DROP-BASE SIDE-DEL "))
		want = "absent";
	if (!is("root", PATH, want))
		return false;
	return is("root", PATH ".xennew",
		one_of(label, " SIDE SIDE-DEL SIDE-TREE ") ? new : "absent");
}

static bool check_child(struct json_object *child)
{
	const char *expected = text(child, "expected"), *want = text(child, "local");
	char path[BIG_PATH];

	if (one_of(expected, " added present "))
		want = text(child, "new");
	else if (one_of(expected, " removed nothing ") || strcmp(expected, "not installed") == 0)
		want = "absent";
	snprintf(path, sizeof(path), PATH "/%s", text(child, "path"));
	return is("root", path, want);
}

static bool check(struct json_object *c, const char *label)
{
	struct json_object *tree, *more;
	bool ok = check_path(c, label);

	for (size_t i = 0; ok && i < children(c, &tree); i++)
		ok = check_child(json_object_array_get_idx(tree, i));
	if (ok && json_object_object_get_ex(c, "preexisting", &more)) {
		json_object_object_foreach(more, suffix, value)
		{
			char path[128];

			snprintf(path, sizeof(path), PATH "%s", suffix);
			ok = ok && is("root", path, json_object_get_string(value));
		}
	}
	return ok;
}

static bool run_plain(struct json_object *c)
{
	const char *ours = text(c, "ours"), *label;
	int want = one_of(ours, " SIDE SIDE-DEL SIDE-TREE META-CONFLICT ") ? 10 : 0, status;

	label = planned();
	if (strcmp(label, ours) != 0 &&
		!(strcmp(label, "NOP") == 0 && strcmp(ours, "IGNORE-LOCAL") == 0))
		return bad("planned %s, not %s", label, ours);
	for (int round = 1; round <= 2; round++) {
		status = sh(AGENT "reconcile --quiet --again 2>err");
		if (status != want)
			return bad("round %d: exit status %d, not %d", round, status, want);
		if (!check(c, ours))
			return false;
	}
	label = planned();
	return !one_of(label, " INSTALL REMOVE ADOPT DROP-BASE KEEP-ORPHAN ") ||
	       bad("a second plan still has %s", label);
}

/* --- the cases that need more than one command --- */

static bool run_guard(struct json_object *c)
{
	int status = sh(AGENT "reconcile --quiet 2>err");

	return status == 20 ? is("root", PATH, text(c, "local"))
			    : bad("exit status %d, not 20", status);
}

static bool run_resolve(struct json_object *c)
{
	bool edits = strcmp(text(c, "id"), "etcupdate-resolve/r") == 0;

	if (sh(AGENT "reconcile --quiet") != 10 || sh(AGENT "conflicts >out") != 10 ||
		sh("grep -q 'offer *" PATH " ' out") != 0)
		return bad("it is not listed as a conflict");
	if (!edits)
		/* Postponed: a tool that gives up changes nothing. */
		return sh(AGENT "resolve " PATH " --merge --tool false 2>err") == 10 &&
		       check(c, "SIDE") && sh(AGENT "conflicts >out") == 10;
	sh("printf '#!/bin/sh\\necho \"content M\" >\"$4\"\\n' >tool && chmod +x tool");
	if (sh(AGENT "resolve " PATH " --merge --tool ./tool --quiet 2>err") != 0)
		return bad("resolve --merge failed");
	return is("root", PATH, "file:M") && is("root", PATH ".xennew", "absent") &&
	       (sh(AGENT "conflicts >out") == 0 || bad("still a conflict"));
}

static bool run_rows(void)
{
	static const char *const script =
		"p() { printf '%s\\n' \"$@\"; }; rm -rf share root state; "
		"mkdir -p share/gen/1/etc share/gen/2/etc share/manifest root; "
		"p root:x:0:0:root:/root:/bin/sh auditd:x:78:77:old:/:/bin/false "
		">share/gen/1/etc/passwd; "
		"p root:x:0:0:root:/root:/bin/sh auditd:x:78:77:new:/:/bin/false "
		"distd:x:79:77::/:/bin/false >share/gen/2/etc/passwd; "
		"p wheel:x:0:root audit:x:77: >share/gen/1/etc/group; "
		"p wheel:x:0:root audit:x:77: >share/gen/2/etc/group";

	if (sh("%s", script) != 0 || !publish(1) || sh(AGENT "reconcile --quiet") != 0)
		return bad("first fill");
	sh("cd root/etc && sed -i s:/bin/sh:/bin/zsh: passwd && "
	   "echo john:x:1001:1001::/home/john:/bin/csh >>passwd && sed -i s/root$/root,john/ "
	   "group");
	if (!publish(2) || strcmp(planned(), "NOP") != 0)
		return bad("publishing 2");
	if (sh(AGENT "plan | grep -q 'MERGE-ROWS *etc/passwd'") != 0)
		return bad("not planned as MERGE-ROWS");
	if (sh(AGENT "reconcile --quiet") != 0)
		return bad("reconcile");
	return sh("cd root/etc && grep -qx root:x:0:0:root:/root:/bin/zsh passwd && "
		  "grep -qx auditd:x:78:77:new:/:/bin/false passwd && "
		  "grep -qx john:x:1001:1001::/home/john:/bin/csh passwd && "
		  "grep -qx distd:x:79:77::/:/bin/false passwd && "
		  "grep -qx wheel:x:0:root,john group && [ ! -e passwd.xennew ]") == 0 ||
	       bad("the rows are not merged");
}

static bool run(struct json_object *c)
{
	const char *ours = text(c, "ours");

	diagnosis[0] = '\0';
	if (strcmp(ours, "MERGE-ROWS") == 0)
		return run_rows();
	if (!prepare(c))
		return false;
	if (strcmp(ours, "ABORT-GUARD") == 0)
		return run_guard(c);
	if (strcmp(ours, "RESOLVE") == 0)
		return run_resolve(c);
	return run_plain(c);
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "agent/test/cases.json";
	struct json_object *cases = json_object_from_file(path);
	/* Every run syncs its file system: in memory that does not wait for others' writes. */
	char in_memory[] = "/dev/shm/xf-cases-XXXXXX", on_disk[] = "/tmp/xf-cases-XXXXXX";
	char *scratch = mkdtemp(in_memory);

	if (!scratch)
		scratch = mkdtemp(on_disk);
	if (!cases || !scratch || chdir(scratch) < 0) {
		perror(path);
		return 1;
	}
	if (sh("xf-manifest keygen -o key") != 0)
		return 1;
	for (size_t i = 0; i < json_object_array_length(cases); i++) {
		struct json_object *c = json_object_array_get_idx(cases, i);
		char name[128];

		if (argc > 2 && strcmp(argv[2], text(c, "id")) != 0)
			continue;
		snprintf(name, sizeof(name), "%s: %s", text(c, "id"), text(c, "ours"));
		if (!CHECK(run(c), name))
			printf("# %s\n", diagnosis);
	}
	json_object_put(cases);
	if (argc > 2)
		printf("# kept: %s\n", scratch);
	else if (sh("rm -rf %s", scratch) != 0)
		return 1;
	return tap_done();
}
