#include <pwd.h>
#include <string.h>
#include <sys/utsname.h>

#include "agent/run/restarts.h"

static const char session[] = "session-";

static bool is_session(const struct restarts_user *user)
{
	return strncmp(user->unit, session, strlen(session)) == 0;
}

/* Do both have the same line? Of a user's services it is that of the user's manager. */
static bool is_same(const struct restarts_user *a, const struct restarts_user *b)
{
	if (a->is_unit != b->is_unit || a->uid != b->uid)
		return false;
	if (a->uid >= 0 && !is_session(a) && !is_session(b))
		return true;
	return strcmp(a->unit, b->unit) == 0;
}

static bool is_first(const struct restarts *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_same(&s->user[k], &s->user[i]))
			return false;
	return true;
}

/* A process may name itself as it likes. */
static void add_plain(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_printf(out, "%c", *text < ' ' || *text > '~' ? '?' : *text);
}

static void add_session(struct buf *out, const struct restarts_user *user)
{
	const struct passwd *owner = getpwuid((uid_t)user->uid);

	buf_printf(out, "NEEDRESTART-SESS: %s @ ", owner ? owner->pw_name : "?");
	if (is_session(user)) {
		buf_puts(out, "session #");
		buf_add(out, user->unit + strlen(session),
			strcspn(user->unit, ".") - strlen(session));
		buf_puts(out, "\n");
	} else {
		buf_puts(out, "user manager service\n");
	}
}

/* In no unit: all of that name. */
static void add_processes(struct buf *out, const struct restarts *s, size_t i)
{
	const char *before = "=";

	buf_puts(out, "NEEDRESTART-PID: ");
	add_plain(out, s->user[i].unit);
	for (size_t k = i; k < s->n; k++)
		if (is_same(&s->user[i], &s->user[k])) {
			buf_printf(out, "%s%d", before, s->user[k].pid);
			before = ",";
		}
	buf_puts(out, "\n");
}

static void add_user(struct buf *out, const struct restarts *s, size_t i)
{
	const struct restarts_user *user = &s->user[i];

	if (!user->is_unit) {
		add_processes(out, s, i);
	} else if (user->uid >= 0) {
		add_session(out, user);
	} else {
		buf_puts(out, "NEEDRESTART-SVC: ");
		add_plain(out, user->unit);
		buf_puts(out, "\n");
	}
}

void restarts_batch(const struct restarts *s, struct buf *out)
{
	struct utsname running;

	uname(&running);
	buf_printf(out,
		"NEEDRESTART-VER: xf-agent %s\nNEEDRESTART-KCUR: %s\nNEEDRESTART-KEXP: %s\n"
		"NEEDRESTART-KSTA: %d\n",
		XF_VERSION, running.release, s->kernel ? s->kernel : running.release,
		s->kernel ? 3 : 1);
	for (size_t i = 0; i < s->n; i++)
		if (is_first(s, i))
			add_user(out, s, i);
}
