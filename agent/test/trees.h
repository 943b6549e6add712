/* Trees, plans and bases as short texts, for tests of plans. */
#ifndef AGENT_TEST_TREES_H
#define AGENT_TEST_TREES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/plan/next-base.h"

/*
 * A tree in short: words, each a path and what it is.
 *	d/   directory      f=A  file with content A      l>x  link to x      p|  fifo      s~
 *socket c#1  device      f=A:600  mode    f=A%2  of hard-link group 2      d/@m  mount point f=A@e
 *cannot be read     f=A+k=v  attribute user.k (K: security.capability) f=A^bob  owner, f=A^bob,7
 *with this number     f=A&www  group
 */
static void add_word(struct manifest *m, char *word)
{
	struct manifest_xattr x = { 0 };
	struct manifest_entry e = { .path = word, .mode = 0644, .nlink = 1 };
	size_t n = strcspn(word, "=>|~#");
	char kind = word[n], *rest = word + n + (kind != 0), *at;

	if ((at = strpbrk(rest, ":%@+^&")) || (at = strpbrk(word, ":%@+^&"))) {
		char what = *at;

		*at++ = '\0';
		if (what == ':')
			e.mode = (uint32_t)strtoul(at, NULL, 8);
		else if (what == '%')
			e.group = (uint32_t)atoi(at);
		else if (what == '^')
			e.uname = strsep(&at, ","), e.uid = at ? (uint32_t)atoi(at) : 0;
		else if (what == '&')
			e.gname = at;
		else if (what == '@' && *at == 'm')
			e.mountpoint = true;
		else if (what == '@')
			e.error = 13;
		else {
			x.name = *at == 'K' ? "security.capability" : "user.k";
			x.value = at + 2;
			x.size = strlen(at + 2);
			e.xattr = &x;
			e.nxattrs = 1;
		}
	}
	e.type = kind == '='   ? MANIFEST_FILE
		 : kind == '>' ? MANIFEST_LINK
		 : kind == '|' ? MANIFEST_FIFO
		 : kind == '~' ? MANIFEST_SOCKET
		 : kind == '#' ? MANIFEST_CHAR
			       : MANIFEST_DIR;
	word[kind ? n : strlen(word) - 1] = '\0';
	if (kind == '>')
		e.link = rest;
	if (kind == '#')
		e.major = (uint32_t)atoi(rest);
	if (kind == '=' && !e.error) {
		e.digest.has = DIGEST_SHA256;
		e.digest.sha256[0] = (uint8_t)rest[0];
	}
	assert_non_null(manifest_add(m, &e));
}

static struct manifest *tree(const char *words)
{
	struct manifest_entry root = { .path = "", .type = MANIFEST_DIR, .mode = 0755, .nlink = 1 };
	struct manifest *m = manifest_new();
	char *copy = strdup(words), *save = NULL;

	manifest_add(m, &root);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		add_word(m, w);
	assert_true(manifest_sort(m));
	free(copy);
	return m;
}

/* "d/f:LABEL" words of a plan; what another op covers in brackets. */
static void describe(const struct plan *plan, char *text, size_t size)
{
	size_t n = 0;

	*text = '\0';
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_op *op = &plan->op[i];

		if (strcmp(plan_op_label(op, op->action), "NOP") != 0)
			n += (size_t)snprintf(text + n, size - n, "%s%s%s:%s%s", n ? " " : "",
				op->cover == PLAN_NONE ? "" : "(", op->path,
				plan_op_label(op, op->action), op->cover == PLAN_NONE ? "" : ")");
	}
}

static bool same_base(const struct manifest *got, const char *words)
{
	struct manifest *want = tree(words);
	bool same = got->n == want->n;

	for (size_t i = 0; same && i < want->n; i++)
		same = strcmp(got->entry[i]->path, want->entry[i]->path) == 0 &&
		       manifest_compare(got->entry[i], want->entry[i]) == 0;
	manifest_free(want);
	return same;
}

/* Of a plan that comes out as it says. */
static struct manifest *next_base(const struct plan *plan, const struct manifest_head *head)
{
	struct outcome outcome;
	struct manifest *base;

	assert_true(outcome_begin(&outcome, plan));
	base = next_base_make(&outcome, head);
	outcome_free(&outcome);
	return base;
}

#endif
