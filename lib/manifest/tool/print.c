#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/manifest/tool/tool.h"
#include "lib/rfc3339.h"
#include "lib/vis.h"

/* A path as it is printed everywhere: the root is ".". */
static char *shown(const char *path)
{
	char *text = vis_string(*path ? path : ".");

	if (!text)
		abort();
	return text;
}

static const struct {
	unsigned int bit;
	const char *word;
} differences[] = {
	{ MANIFEST_DIFF_TYPE, "type" },
	{ MANIFEST_DIFF_CONTENT, "content" },
	{ MANIFEST_DIFF_MODE, "mode" },
	{ MANIFEST_DIFF_OWNER, "owner" },
	{ MANIFEST_DIFF_XATTR, "xattr" },
	{ MANIFEST_DIFF_TIME, "time" },
};
#define N_DIFFERENCES (sizeof(differences) / sizeof(differences[0]))

void tool_report_begin(struct tool_report *report)
{
	if (report->json)
		report->changes = json_object_new_array();
}

static void report_text(const char *word, const char *path, unsigned int differ)
{
	const char *separator = " (";

	printf("%-8s %s", word, path);
	for (size_t i = 0; i < N_DIFFERENCES; i++)
		if (differ & differences[i].bit) {
			printf("%s%s", separator, differences[i].word);
			separator = " ";
		}
	puts(differ ? ")" : "");
}

static void report_json(
	struct json_object *changes, const char *word, const char *path, unsigned int differ)
{
	struct json_object *change = json_object_new_object(), *what;

	json_object_object_add(change, "path", json_object_new_string(path));
	json_object_object_add(change, "change", json_object_new_string(word));
	if (differ) {
		what = json_object_new_array();
		for (size_t i = 0; i < N_DIFFERENCES; i++)
			if (differ & differences[i].bit)
				json_object_array_add(
					what, json_object_new_string(differences[i].word));
		json_object_object_add(change, "what", what);
	}
	json_object_array_add(changes, change);
}

/* Count a pair, and find the word for it; NULL if there is nothing to say. */
static const char *judge(struct tool_report *report, const struct manifest_entry *a,
	const struct manifest_entry *b, unsigned int *differ)
{
	if (!b) {
		report->in_a++;
		return report->only_a;
	}
	if (!a) {
		if (b->type == MANIFEST_SOCKET)
			return NULL; /* no manifest has any */
		report->in_b++;
		return report->only_b;
	}
	*differ = manifest_compare(a, b) & ~(report->time ? 0 : MANIFEST_DIFF_TIME);
	if (*differ == 0) {
		report->same++;
		return NULL;
	}
	report->changed++;
	return "changed";
}

int tool_report_pair(const struct manifest_entry *a, const struct manifest_entry *b, void *arg)
{
	struct tool_report *report = arg;
	AUTO_FREE char *path = shown(b ? b->path : a->path);
	unsigned int differ = 0;
	const char *word;

	if (b && b->error) {
		if (b->error == EBUSY)
			cli_error(0, "%s: keeps changing while it is read", path);
		else
			cli_error(-b->error, "%s", path);
		report->errors++;
		return 0;
	}
	word = judge(report, a, b, &differ);
	if (word && report->json)
		report_json(report->changes, word, path, differ);
	else if (word)
		report_text(word, path, differ);
	return 0;
}

void tool_report_end(struct tool_report *report)
{
	struct json_object *object;

	if (!report->json)
		return;
	object = json_object_new_object();
	json_object_object_add(object, "changes", report->changes);
	json_add_number(object, "same", report->same);
	json_add_number(object, "changed", report->changed);
	json_add_number(object, report->only_a, report->in_a);
	json_add_number(object, report->only_b, report->in_b);
	json_add_number(object, "errors", report->errors);
	json_print(object);
}

/* --- show and check --- */

static void print_head(FILE *out, const struct manifest_head *head)
{
	char published[RFC3339_SIZE];

	if (head->generation == 0)
		return;
	fprintf(out, ", generation %u of share %s, published %s", head->generation, head->share,
		rfc3339_text(published, head->published));
	if (head->previous)
		fprintf(out, ", after %u", head->previous);
	if (head->restores)
		fprintf(out, ", restores %u", head->restores);
}

static struct json_object *head_json(const struct manifest_head *head)
{
	struct json_object *object = json_object_new_object();
	char published[RFC3339_SIZE];

	json_add_number(object, "entries", head->entries);
	if (head->generation == 0)
		return object;
	json_add_number(object, "generation", head->generation);
	json_object_object_add(object, "share", json_object_new_string(head->share));
	json_object_object_add(object, "published",
		json_object_new_string(rfc3339_text(published, head->published)));
	if (head->previous)
		json_add_number(object, "previous", head->previous);
	if (head->restores)
		json_add_number(object, "restores", head->restores);
	return object;
}

void print_check(const char *file, const struct manifest *m, bool is_signed, bool json)
{
	struct json_object *object;

	if (json) {
		object = head_json(&m->head);
		json_object_object_add(object, "signed", json_object_new_boolean(is_signed));
		json_print(object);
		return;
	}
	printf("%s: %ju entries", file, (uintmax_t)m->head.entries);
	print_head(stdout, &m->head);
	puts(is_signed ? ", signature good" : ", signature not checked");
}

/* As ls -l has it. */
static void mode_text(const struct manifest_entry *e, char text[static 11])
{
	static const char letter[] = "-dlcbps", bits[] = "rwxrwxrwx";

	text[0] = letter[e->type];
	for (int i = 0; i < 9; i++)
		text[i + 1] = e->mode & (0400u >> i) ? bits[i] : '-';
	if (e->mode & 04000)
		text[3] = e->mode & 0100 ? 's' : 'S';
	if (e->mode & 02000)
		text[6] = e->mode & 010 ? 's' : 'S';
	if (e->mode & 01000)
		text[9] = e->mode & 01 ? 't' : 'T';
	text[10] = '\0';
}

static void print_owner(const char *name, uint32_t id)
{
	AUTO_FREE char *text = NULL;

	if (!name) {
		printf(" %-8u", id);
		return;
	}
	text = shown(name);
	printf(" %-8s", text);
}

static void print_entry(const struct manifest_entry *e)
{
	AUTO_FREE char *path = shown(e->path), *link = e->link ? shown(e->link) : NULL;
	char mode[11], mtime[RFC3339_SIZE];

	mode_text(e, mode);
	printf("%s%c", mode, e->nxattrs ? '+' : ' ');
	print_owner(e->uname, e->uid);
	print_owner(e->gname, e->gid);
	if (e->type == MANIFEST_CHAR || e->type == MANIFEST_BLOCK)
		printf(" %5u,%5u", e->major, e->minor);
	else
		printf(" %11ju", (uintmax_t)e->size);
	printf(" %s %s%s%s\n", rfc3339_text(mtime, e->mtime.tv_sec), path, link ? " -> " : "",
		link ? link : "");
}

void print_manifest(const struct manifest *m)
{
	printf("# %ju entries", (uintmax_t)m->head.entries);
	print_head(stdout, &m->head);
	putchar('\n');
	for (size_t i = 0; i < m->n; i++)
		print_entry(m->entry[i]);
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
	if (text)
		json_object_object_add(object, name, json_name(text));
}

static void add_hex(struct json_object *object, const char *name, const uint8_t *bytes, size_t n)
{
	char text[HEX_SIZE(32)];

	json_object_object_add(object, name, json_object_new_string(hex_text(text, bytes, n)));
}

static void add_xattrs(struct json_object *object, const struct manifest_entry *e)
{
	struct json_object *xattrs = json_object_new_object();

	for (uint32_t i = 0; i < e->nxattrs; i++) {
		const struct manifest_xattr *x = &e->xattr[i];
		AUTO_FREE char *text = malloc(x->size / 3 * 4 + 5), *name = vis_string(x->name);

		if (!text || !name)
			abort();
		EVP_EncodeBlock((unsigned char *)text, x->value, (int)x->size);
		json_object_object_add(xattrs, name, json_object_new_string(text));
	}
	json_object_object_add(object, "xattrs", xattrs);
}

static struct json_object *entry_json(const struct manifest_entry *e)
{
	struct json_object *object = json_object_new_object();
	AUTO_FREE char *path = shown(e->path);
	char text[40];

	json_object_object_add(object, "path", json_object_new_string(path));
	json_object_object_add(object, "type", json_object_new_string(manifest_type_name(e->type)));
	snprintf(text, sizeof(text), "%04o", e->mode);
	json_object_object_add(object, "mode", json_object_new_string(text));
	json_add_number(object, "uid", e->uid);
	json_add_number(object, "gid", e->gid);
	add_text(object, "uname", e->uname);
	add_text(object, "gname", e->gname);
	snprintf(text, sizeof(text), "%jd.%09ld", (intmax_t)e->mtime.tv_sec, e->mtime.tv_nsec);
	json_object_object_add(object, "time", json_object_new_string(text));
	add_text(object, "link", e->link);
	if (e->type == MANIFEST_FILE)
		json_add_number(object, "size", e->size);
	if (e->type == MANIFEST_CHAR || e->type == MANIFEST_BLOCK) {
		json_add_number(object, "major", e->major);
		json_add_number(object, "minor", e->minor);
	}
	if (e->group)
		json_add_number(object, "hardlink", e->group);
	if (e->digest.has & DIGEST_SHA256)
		add_hex(object, "sha256", e->digest.sha256, sizeof(e->digest.sha256));
	if (e->digest.has & DIGEST_MD5)
		add_hex(object, "md5", e->digest.md5, sizeof(e->digest.md5));
	if (e->nxattrs)
		add_xattrs(object, e);
	return object;
}

void print_manifest_json(const struct manifest *m)
{
	struct json_object *object = head_json(&m->head), *entries = json_object_new_array();

	for (size_t i = 0; i < m->n; i++)
		json_object_array_add(entries, entry_json(m->entry[i]));
	json_object_object_add(object, "files", entries);
	json_print(object);
}
