#include "agent/monitor.h"

#include <inttypes.h>

static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

/* What is to be said, and the worst of it. */
struct finding {
	enum monitor_status status;
	struct buf text;
};

/* The place where the next of them is said. */
static struct buf *find(struct finding *f, enum monitor_status status)
{
	if (status > f->status)
		f->status = status;
	buf_puts(&f->text, ", ");
	return &f->text;
}

static void find_pending(struct finding *f, const struct monitor_facts *facts)
{
	if (facts->unfinished)
		buf_printf(find(f, MONITOR_WARNING), "a run is at work or was interrupted");
	if (facts->rolled_back)
		buf_printf(find(f, MONITOR_WARNING), "generation %" PRIu32 " was rolled back",
			facts->rolled_back);
	else if (facts->current && facts->current != facts->generation)
		buf_printf(find(f, MONITOR_WARNING), "generation %" PRIu32 " is available",
			facts->current);
	if (facts->conflicts)
		buf_printf(find(f, MONITOR_WARNING), "%" PRIu32 " conflicts pending",
			facts->conflicts);
	if (facts->deferred)
		buf_printf(find(f, MONITOR_WARNING), "%" PRIu32 " paths deferred", facts->deferred);
	if (facts->restarts)
		buf_printf(find(f, MONITOR_WARNING), "%zu processes to restart", facts->restarts);
	if (facts->kernel)
		buf_printf(find(f, MONITOR_WARNING), "reboot for kernel %s", facts->kernel);
}

static void find_all(struct finding *f, const struct monitor_facts *facts)
{
	if (!facts->generation)
		buf_printf(find(f, MONITOR_CRITICAL), "nothing was applied yet");
	if (!facts->reached)
		buf_printf(find(f, MONITOR_CRITICAL), "the share cannot be reached");
	find_pending(f, facts);
}

enum monitor_status monitor_line(const struct monitor_facts *facts, struct buf *out)
{
	struct finding f = { MONITOR_OK, { 0 } };

	if (!facts->readable) {
		buf_puts(out, "XENFARM UNKNOWN - the state directory cannot be read\n");
		return MONITOR_UNKNOWN;
	}
	find_all(&f, facts);
	buf_printf(out, "XENFARM %s - generation %" PRIu32, words[f.status], facts->generation);
	buf_add(out, f.text.data, f.text.size);
	buf_printf(out,
		" | conflicts=%" PRIu32 ";0;;0 deferred=%" PRIu32 ";0;;0 restarts=%zu;0;;0 "
		"reboot=%d;0;;0;1 generation=%" PRIu32 "\n",
		facts->conflicts, facts->deferred, facts->restarts, facts->kernel != NULL,
		facts->generation);
	buf_free(&f.text);
	return f.status;
}
