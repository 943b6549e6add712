#include "lib/manifest/manifest-keyword.h"

#include <openssl/evp.h>
#include <string.h>

#include "lib/array.h"
#include "lib/rfc3339.h"
#include "lib/vis.h"

/* A keyword's parser: value[n] is writeable. Returns the rule that the value breaks, or NULL. */
struct keyword {
	const char *name;
	size_t size;
	const char *(*parse)(struct manifest_lines *lines, char *value, size_t n);
};

#define KEYWORD(name, parse)                  \
	{                                     \
		name, sizeof(name) - 1, parse \
	}

/* Decimal, without sign or leading zeros. */
static bool number(const char *text, size_t n, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;

	if (n == 0 || n > 19 || (n > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(text[i] - '0');
	}
	*value = v;
	return v <= max;
}

static bool number32(const char *text, size_t n, uint32_t *value)
{
	uint64_t v;

	if (!number(text, n, UINT32_MAX, &v))
		return false;
	*value = (uint32_t)v;
	return true;
}

/* One more than the value of a hexadecimal digit; 0 for all else. */
static const uint8_t digit[256] = {
	['0'] = 1,
	['1'] = 2,
	['2'] = 3,
	['3'] = 4,
	['4'] = 5,
	['5'] = 6,
	['6'] = 7,
	['7'] = 8,
	['8'] = 9,
	['9'] = 10,
	['a'] = 11,
	['b'] = 12,
	['c'] = 13,
	['d'] = 14,
	['e'] = 15,
	['f'] = 16,
};

static bool hex(const char *text, size_t n, uint8_t *bytes, size_t size)
{
	const uint8_t *at = (const uint8_t *)text;

	if (n != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++, at += 2) {
		unsigned int high = digit[at[0]], low = digit[at[1]];

		if (!high || !low)
			return false;
		bytes[i] = (uint8_t)((high - 1) << 4 | (low - 1));
	}
	return true;
}

/* --- the head --- */

static const char *head_generation(struct manifest_lines *l, char *value, size_t n)
{
	if (!number32(value, n, &l->head.generation) || l->head.generation == 0)
		return "generation= is not a number from 1";
	return NULL;
}

static const char *head_previous(struct manifest_lines *l, char *value, size_t n)
{
	if (!number32(value, n, &l->head.previous) || l->head.previous == 0)
		return "previous= is not a number from 1";
	return NULL;
}

static const char *head_restores(struct manifest_lines *l, char *value, size_t n)
{
	if (!number32(value, n, &l->head.restores) || l->head.restores == 0)
		return "restores= is not a number from 1";
	return NULL;
}

static const char *head_layout(struct manifest_lines *l, char *value, size_t n)
{
	if (!hex(value, n, l->head.layout.sha256, sizeof(l->head.layout.sha256)))
		return "layout= is not 64 hexadecimal digits";
	l->head.layout.has = DIGEST_SHA256;
	return NULL;
}

static const char *head_share(struct manifest_lines *l, char *value, size_t n)
{
	bool good = n == sizeof(l->head.share) - 1;

	for (size_t i = 0; good && i < n; i++)
		good = i == 8 || i == 13 || i == 18 || i == 23 ? value[i] == '-'
							       : digit[(uint8_t)value[i]] != 0;
	if (!good)
		return "share= is not a UUID in lower case";
	memcpy(l->head.share, value, n);
	return NULL;
}

static const char *head_published(struct manifest_lines *l, char *value, size_t n)
{
	struct tm tm = { 0 };
	char again[RFC3339_SIZE];
	const char *end;

	value[n] = '\0';
	end = strptime(value, "%Y-%m-%dT%H:%M:%SZ", &tm);
	l->head.published = timegm(&tm);
	/* strptime is generous; what it understood must read the same. */
	if (!end || *end || n != strlen("1970-01-01T00:00:00Z") ||
		strcmp(rfc3339_text(again, l->head.published), value) != 0)
		return "published= is not a time like 2026-01-31T12:00:00Z";
	return NULL;
}

static const char *head_entries(struct manifest_lines *l, char *value, size_t n)
{
	if (!number(value, n, MANIFEST_ENTRIES_MAX, &l->head.entries))
		return "entries= is not a number within the limit";
	return NULL;
}

#define BIT(k) (1u << (k))

enum { GENERATION, SHARE, PREVIOUS, RESTORES, PUBLISHED, LAYOUT, ENTRIES };

static const struct keyword head_keywords[] = {
	[GENERATION] = KEYWORD("generation", head_generation),
	[SHARE] = KEYWORD("share", head_share),
	[PREVIOUS] = KEYWORD("previous", head_previous),
	[RESTORES] = KEYWORD("restores", head_restores),
	[PUBLISHED] = KEYWORD("published", head_published),
	[LAYOUT] = KEYWORD("layout", head_layout),
	[ENTRIES] = KEYWORD("entries", head_entries),
};

/* --- an entry --- */

static const char *entry_type(struct manifest_lines *l, char *value, size_t n)
{
	value[n] = '\0';
	for (enum manifest_type t = MANIFEST_FILE; t < MANIFEST_SOCKET; t++)
		if (strcmp(value, manifest_type_name(t)) == 0) {
			l->entry.type = t;
			return NULL;
		}
	return "type= is unknown";
}

static const char *entry_mode(struct manifest_lines *l, char *value, size_t n)
{
	uint32_t mode = 0;

	for (size_t i = 0; i < n; i++) {
		if (n != 4 || value[i] < '0' || value[i] > '7')
			return "mode= is not four octal digits";
		mode = mode * 8 + (uint32_t)(value[i] - '0');
	}
	l->entry.mode = mode;
	return n ? NULL : "mode= is not four octal digits";
}

static const char *entry_uid(struct manifest_lines *l, char *value, size_t n)
{
	return number32(value, n, &l->entry.uid) ? NULL : "uid= is not a number";
}

static const char *entry_gid(struct manifest_lines *l, char *value, size_t n)
{
	return number32(value, n, &l->entry.gid) ? NULL : "gid= is not a number";
}

static const char *account(char *value, size_t n, const char **name)
{
	*name = value;
	if (vis_decode(value, n, &n) < 0 || n == 0 || n > MANIFEST_NAME_MAX)
		return "the name of an owner is malformed or too long";
	return NULL;
}

static const char *entry_uname(struct manifest_lines *l, char *value, size_t n)
{
	return account(value, n, &l->entry.uname);
}

static const char *entry_gname(struct manifest_lines *l, char *value, size_t n)
{
	return account(value, n, &l->entry.gname);
}

static const char *entry_size(struct manifest_lines *l, char *value, size_t n)
{
	return number(value, n, INT64_MAX, &l->entry.size) ? NULL : "size= is not a number";
}

/* Seconds, which may be negative, and nine digits of nanoseconds that count upwards from there. */
static const char *entry_time(struct manifest_lines *l, char *value, size_t n)
{
	bool before = n > 0 && value[0] == '-';
	const char *dot = memchr(value, '.', n);
	uint64_t seconds, nanoseconds = 0;

	if (!dot || value + n - dot != 10 ||
		!number(value + before, (size_t)(dot - value) - before, INT64_MAX, &seconds))
		return "time= is not SECONDS.NANOSECONDS";
	for (const char *p = dot + 1; p < value + n; p++) {
		if (*p < '0' || *p > '9')
			return "time= is not SECONDS.NANOSECONDS";
		nanoseconds = nanoseconds * 10 + (uint64_t)(*p - '0');
	}
	l->entry.mtime.tv_sec = before ? -(int64_t)seconds : (int64_t)seconds;
	l->entry.mtime.tv_nsec = (long)nanoseconds;
	return NULL;
}

static const char *entry_link(struct manifest_lines *l, char *value, size_t n)
{
	l->entry.link = value;
	if (vis_decode(value, n, &n) < 0 || n == 0 || n > MANIFEST_PATH_MAX)
		return "link= is malformed or too long";
	return NULL;
}

static const char *entry_nlink(struct manifest_lines *l, char *value, size_t n)
{
	if (!number32(value, n, &l->entry.nlink) || l->entry.nlink < 2)
		return "nlink= is not a number from 2";
	return NULL;
}

static const char *entry_sha256(struct manifest_lines *l, char *value, size_t n)
{
	l->entry.digest.has |= DIGEST_SHA256;
	if (!hex(value, n, l->entry.digest.sha256, sizeof(l->entry.digest.sha256)))
		return "sha256digest= is not 64 hexadecimal digits";
	return NULL;
}

static const char *entry_md5(struct manifest_lines *l, char *value, size_t n)
{
	l->entry.digest.has |= DIGEST_MD5;
	if (!hex(value, n, l->entry.digest.md5, sizeof(l->entry.digest.md5)))
		return "md5digest= is not 32 hexadecimal digits";
	return NULL;
}

static const char *entry_device(struct manifest_lines *l, char *value, size_t n)
{
	static const char format[] = "native,";
	size_t skip = sizeof(format) - 1;
	const char *major = value + skip, *comma;

	comma = n > skip && memcmp(value, format, skip) == 0 ? memchr(major, ',', n - skip) : NULL;
	if (!comma || !number32(major, (size_t)(comma - major), &l->entry.major) ||
		!number32(comma + 1, (size_t)(value + n - comma) - 1, &l->entry.minor))
		return "device= is not native,MAJOR,MINOR";
	return NULL;
}

/* NAME=BASE64, decoded in place. */
static const char *tag_xattr(struct manifest_lines *l, char *text, size_t n)
{
	struct manifest_xattr *x = &l->xattr[l->entry.nxattrs];
	char *value = memchr(text, '=', n);
	size_t size, pad = 0, name;
	int decoded;

	if (l->entry.nxattrs == MANIFEST_XATTRS_MAX)
		return "more attributes than the limit allows";
	if (!value || vis_decode(text, (size_t)(value - text), &name) < 0 || name == 0)
		return "the name of an attribute is malformed";
	if (name > MANIFEST_NAME_MAX || (x > l->xattr && strcmp(x[-1].name, text) >= 0))
		return "attributes are not sorted by name, or a name is too long";
	value++;
	size = (size_t)(text + n - value);
	if (size / 4 * 3 > MANIFEST_XATTR_MAX + 2)
		return "the value of an attribute is too long";
	while (pad < size && pad < 3 && value[size - 1 - pad] == '=')
		pad++;
	decoded = EVP_DecodeBlock((unsigned char *)value, (unsigned char *)value, (int)size);
	if (size % 4 != 0 || pad > 2 || decoded != (int)(size / 4 * 3))
		return "the value of an attribute is not base64";
	*x = (struct manifest_xattr){ text, value, (size_t)decoded - pad };
	l->entry.nxattrs++;
	return NULL;
}

static const char *entry_tags(struct manifest_lines *l, char *value, size_t n)
{
	static const char link[] = "hardlink.", xattr[] = "xattr.";
	char *end = value + n;

	for (char *tag = value; tag <= end;) {
		char *comma = memchr(tag, ',', (size_t)(end - tag));
		size_t size = (size_t)((comma ? comma : end) - tag);
		const char *rule = "a tag is neither hardlink.N nor xattr.NAME=VALUE";

		if (size >= sizeof(xattr) && memcmp(tag, xattr, sizeof(xattr) - 1) == 0)
			rule = tag_xattr(l, tag + sizeof(xattr) - 1, size - sizeof(xattr) + 1);
		else if (l->entry.group == 0 && size >= sizeof(link) &&
			 memcmp(tag, link, sizeof(link) - 1) == 0 &&
			 number32(tag + sizeof(link) - 1, size - sizeof(link) + 1, &l->entry.group))
			rule = l->entry.group ? NULL : "hard-link groups are numbered from 1";
		if (rule)
			return rule;
		tag += size + 1;
	}
	return NULL;
}

enum { TYPE, MODE, UID, GID, UNAME, GNAME, TIME, SIZE, NLINK, LINK, DEVICE, SHA256, MD5, TAGS };
/* In the order in which the writer has them: each is looked for from behind the one before. */
static const struct keyword entry_keywords[] = {
	[TYPE] = KEYWORD("type", entry_type),
	[MODE] = KEYWORD("mode", entry_mode),
	[UID] = KEYWORD("uid", entry_uid),
	[GID] = KEYWORD("gid", entry_gid),
	[UNAME] = KEYWORD("uname", entry_uname),
	[GNAME] = KEYWORD("gname", entry_gname),
	[TIME] = KEYWORD("time", entry_time),
	[SIZE] = KEYWORD("size", entry_size),
	[NLINK] = KEYWORD("nlink", entry_nlink),
	[LINK] = KEYWORD("link", entry_link),
	[DEVICE] = KEYWORD("device", entry_device),
	[SHA256] = KEYWORD("sha256digest", entry_sha256),
	[MD5] = KEYWORD("md5digest", entry_md5),
	[TAGS] = KEYWORD("tags", entry_tags),
};

/*
 * Parse " NAME=VALUE NAME=VALUE …", each keyword at most once. *seen gets a bit for each, by its
 * place in the table.
 */
static const char *keywords(struct manifest_lines *l, char *text, char *end,
	const struct keyword *table, size_t size, unsigned int *seen)
{
	size_t k = 0;

	*seen = 0;
	while (text < end) {
		char *space = memchr(text, ' ', (size_t)(end - text));
		char *stop = space ? space : end, *value = memchr(text, '=', (size_t)(stop - text));
		const char *rule;
		size_t tries = 0, n = value ? (size_t)(value - text) : 0;

		while (tries < size &&
			(table[k].size != n || memcmp(table[k].name, text, n) != 0)) {
			k = (k + 1) % size;
			tries++;
		}
		if (tries == size || n == 0)
			return "a keyword is unknown, or separated by more than one space";
		if (*seen & BIT(k))
			return "a keyword occurs twice";
		*seen |= BIT(k);
		rule = table[k].parse(l, value + 1, (size_t)(stop - value) - 1);
		if (rule)
			return rule;
		text = stop + 1;
	}
	return NULL;
}

const char *manifest_keyword_head(struct manifest_lines *l, char *text, char *end)
{
	const unsigned int share = BIT(GENERATION) | BIT(SHARE) | BIT(PUBLISHED);
	unsigned int seen;
	const char *rule = keywords(l, text, end, head_keywords, ARRAY_SIZE(head_keywords), &seen);

	if (rule)
		return rule;
	if (!(seen & BIT(ENTRIES)))
		return "entries= is missing";
	if ((seen & ~BIT(ENTRIES)) && (seen & share) != share)
		return "generation=, share= and published= require each other";
	if (l->head.restores >= l->head.generation && l->head.restores)
		return "restores= is not an older generation";
	return NULL;
}

const char *manifest_keyword_entry(
	struct manifest_lines *l, char *text, char *end, unsigned int *seen)
{
	return keywords(l, text, end, entry_keywords, ARRAY_SIZE(entry_keywords), seen);
}

const char *manifest_keyword_fit(const struct manifest_entry *e, unsigned int seen)
{
	unsigned int need = BIT(TYPE) | BIT(MODE) | BIT(UID) | BIT(GID) | BIT(TIME);
	unsigned int may = BIT(UNAME) | BIT(GNAME) | BIT(TAGS);

	if (e->type == MANIFEST_FILE) {
		need |= BIT(SIZE) | BIT(SHA256);
		may |= BIT(MD5) | BIT(NLINK);
	} else if (e->type == MANIFEST_LINK) {
		need |= BIT(LINK);
	} else if (e->type == MANIFEST_CHAR || e->type == MANIFEST_BLOCK) {
		need |= BIT(DEVICE);
	}
	if (need & ~seen)
		return "a keyword that its type needs is missing";
	if (seen & ~(need | may))
		return "a keyword does not fit its type";
	if (!(seen & BIT(NLINK)) != !e->group)
		return "nlink= and the tag hardlink.N require each other";
	return NULL;
}
