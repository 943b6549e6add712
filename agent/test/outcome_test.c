/* What the administrator chooses, which is input to a plan, and what becomes of plans. */
#include "agent/test/trees.h"

static void choices(void **state)
{
	static const struct {
		const char *name, *base, *local, *new;
		const char *path;
		enum plan_choice choice;
		enum plan_chosen chosen;
		const char *expect, *rest;
	} rows[] = {
		{ "mine", "f=A", "f=L", "f=B", "f", PLAN_CHOICE_MINE, PLAN_CHOSEN, "f:KEEP",
			"f=B" },
		{ "theirs", "f=A", "f=L", "f=B", "f", PLAN_CHOICE_THEIRS, PLAN_CHOSEN, "f:INSTALL",
			"f=B" },
		{ "merge", "f=A", "f=L", "f=B", "f", PLAN_CHOICE_MERGE, PLAN_CHOSEN, "f:MERGE",
			"f=B" },
		{ "another path stays in conflict", "f=A g=A", "f=L g=L", "f=B g=B", "f",
			PLAN_CHOICE_MINE, PLAN_CHOSEN, "f:KEEP g:SIDE", "f=B g=A" },
		{ "deleted here: mine", "f=A", "", "f=B", "f", PLAN_CHOICE_MINE, PLAN_CHOSEN,
			"f:KEEP-DEL", "f=B" },
		{ "deleted here: theirs", "f=A", "", "f=B", "f", PLAN_CHOICE_THEIRS, PLAN_CHOSEN,
			"f:INSTALL", "f=B" },
		{ "a mode: mine", "f=A:644", "f=A:600", "f=A:640", "f", PLAN_CHOICE_MINE,
			PLAN_CHOSEN, "", "f=A:640" },
		{ "a mode: theirs", "f=A:644", "f=A:600", "f=A:640", "f", PLAN_CHOICE_THEIRS,
			PLAN_CHOSEN, "", "f=A:640" },
		{ "a tree: mine", "d=A", "d=L", "d/ d/f=B", "d", PLAN_CHOICE_MINE, PLAN_CHOSEN,
			"d:KEEP (d/f:KEEP)", "d/ d/f=B" },
		{ "a tree: theirs", "d=A", "d=L", "d/ d/f=B", "d", PLAN_CHOICE_THEIRS, PLAN_CHOSEN,
			"d:INSTALL (d/f:INSTALL)", "d/ d/f=B" },
		{ "a tree is no text", "d=A", "d=L", "d/ d/f=B", "d", PLAN_CHOICE_MERGE,
			PLAN_CHOSEN_NO_TEXT, "d:SIDE-TREE (d/f:SIDE-TREE)", "d=A" },
		{ "its directory was deleted", "d/ d/f=A", "", "d/ d/f=B", "d/f",
			PLAN_CHOICE_THEIRS, PLAN_CHOSEN_NO_CONFLICT, "d:KEEP-DEL (d/f:KEEP-DEL)",
			"d/ d/f=B" },
		{ "no conflict", "f=A", "f=A", "f=B", "f", PLAN_CHOICE_MINE,
			PLAN_CHOSEN_NO_CONFLICT, "f:INSTALL", "f=B" },
		{ "no path", "f=A", "f=A", "f=A", "g", PLAN_CHOICE_MINE, PLAN_CHOSEN_NO_CONFLICT,
			"", "f=A" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct manifest *base = tree(rows[i].base), *local = tree(rows[i].local),
				*new = tree(rows[i].new), *rest;
		struct policies *none = policies_new();
		struct plan_input in = { .base = base,
			.local = local,
			.new = new,
			.policies = none,
			.choice = rows[i].choice,
			.chosen_path = rows[i].path };
		struct plan *plan;
		char text[1024];

		assert_int_equal(plan_make(&in, &plan), 0);
		describe(plan, text, sizeof(text));
		if (plan->chosen != rows[i].chosen || strcmp(text, rows[i].expect) != 0)
			fail_msg("%s: %d, %s", rows[i].name, plan->chosen, text);
		rest = next_base(plan, &new->head);
		if (!same_base(rest, rows[i].rest))
			fail_msg("%s: next base is not %s", rows[i].name, rows[i].rest);
		manifest_free(rest);
		plan_free(plan);
		policies_free(none);
		manifest_free(base);
		manifest_free(local);
		manifest_free(new);
	}
}

/* What becomes of a plan is not in the plan. */
static void outcomes(void **state)
{
	struct manifest *base = tree("d=A f=A"), *local = tree("d=L f=L"),
			*new = tree("d/ d/f=B f=B");
	struct policies *none = policies_new();
	struct plan_input in = { .base = base, .local = local, .new = new, .policies = none };
	struct outcome o;
	struct plan *plan;
	const struct plan_op *d, *f;

	(void)state;
	assert_int_equal(plan_make(&in, &plan), 0);
	assert_true(outcome_begin(&o, plan));
	d = plan_find(plan, "d");
	f = plan_find(plan, "f");
	outcome_defer_all(&o, d, "why", 5);
	assert_string_equal(outcome_label(&o, d), "DEFER");
	assert_int_equal(outcome_of(&o, d)->error, 5);
	assert_string_equal(outcome_label(&o, plan_find(plan, "d/f")), "NOP");
	assert_int_equal(outcome_deferred(&o), 1);
	outcome_resolve(&o, f);
	assert_int_equal(outcome_of(&o, f)->next, PLAN_NEXT_NEW);
	outcome_offer(&o, f);
	assert_int_equal(outcome_of(&o, f)->next, PLAN_NEXT_OLD);
	assert_int_equal(d->action, PLAN_SIDE_TREE);
	assert_int_equal(f->next, PLAN_NEXT_OLD);
	outcome_free(&o);
	plan_free(plan);
	policies_free(none);
	manifest_free(base);
	manifest_free(local);
	manifest_free(new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(choices),
		cmocka_unit_test(outcomes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
