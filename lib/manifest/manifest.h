/*
 * The manifest: every path of a tree with what is needed to verify it or to make it again
 * (xenfarm-manifest(5)). mtree(5), "#mtree v2.0", full paths, sorted by their bytes, gzip:
 *
 *	#mtree v2.0
 *	# xenfarm: generation=12 share=UUID previous=11 published=2026-01-31T12:00:00Z entries=3
 *	. type=dir mode=0755 uid=0 gid=0 uname=root gname=root time=1700000000.000000000
 *	./etc type=dir mode=0755 …
 *	./etc/fstab type=file mode=0644 … size=37 sha256digest=… md5digest=…
 *
 * Hard-link groups and extended attributes are in tags=, the one keyword with free content that
 * mtree(8) and bsdtar(1) both ignore: tags=hardlink.3,xattr.security.capability=AQAAAg==
 */
#ifndef LIB_MANIFEST_MANIFEST_H
#define LIB_MANIFEST_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "lib/buf.h"
#include "lib/digest.h"
#include "lib/signature.h"

/* What a manifest may claim, checked before memory is spent on it. */
#define MANIFEST_FILE_MAX    (256u << 20) /* bytes of the compressed file */
#define MANIFEST_TEXT_MAX    (1u << 30)   /* bytes of text in it */
#define MANIFEST_LINE_MAX    (1u << 20)
#define MANIFEST_ENTRIES_MAX (1u << 21)
#define MANIFEST_PATH_MAX    4095 /* bytes of a path; of a link's text */
#define MANIFEST_NAME_MAX    255  /* bytes of one component, and of a user's or group's name */
#define MANIFEST_XATTRS_MAX  64
#define MANIFEST_XATTR_MAX   65536 /* bytes of one value (XATTR_SIZE_MAX) */
#define MANIFEST_UUID_MAX    37    /* NUL included */

enum manifest_type {
	MANIFEST_FILE,
	MANIFEST_DIR,
	MANIFEST_LINK,
	MANIFEST_CHAR,
	MANIFEST_BLOCK,
	MANIFEST_FIFO,
	MANIFEST_SOCKET, /* seen by the scanner; belongs to a running program, so never written */
};

struct manifest_xattr {
	const char *name; /* "user.x", "security.capability", "system.posix_acl_access" */
	const void *value;
	size_t size;
};

struct manifest_entry {
	const char *path;  /* relative, "" is the root; any bytes */
	const char *link;  /* LINK: its text; otherwise NULL */
	const char *uname; /* NULL: the tree's own etc/passwd has no name for uid */
	const char *gname;
	const struct manifest_xattr *xattr; /* sorted by name */
	uint32_t nxattrs;
	enum manifest_type type;
	uint32_t mode; /* 07777 at most */
	uint32_t uid, gid;
	uint32_t major, minor; /* CHAR, BLOCK */
	uint64_t size;         /* FILE; otherwise 0 */
	struct timespec mtime;
	struct digest digest; /* FILE */
	uint32_t group; /* hard-link group of a FILE, from 1 in order of appearance; 0: none */
	uint32_t nlink; /* names in that group, all of them in this manifest; 1 without a group */
	/* The scanner's, never written: */
	bool mountpoint; /* something else is mounted here */
	bool volume;     /* another file system begins here, which was entered */
	bool unread;     /* neither read nor entered, by request */
	int error; /* errno why it (or what a directory holds) could not be read; 0: all known */
};

struct manifest_head {
	uint32_t generation;           /* 0: not of a share; then all but entries is unset */
	uint32_t previous;             /* 0: none */
	uint32_t restores;             /* an older one, whose tree this is again; 0: none */
	int64_t published;             /* seconds since 1970 */
	char share[MANIFEST_UUID_MAX]; /* "" or lower-case RFC 9562 text */
	struct digest layout;          /* SHA-256 of its layout, if it says that */
	uint64_t entries;
};

/* A sorted list in memory. Entries and all they point to live as long as the manifest. */
struct manifest {
	struct manifest_head head; /* entries is filled in by the writer */
	size_t n;
	struct manifest_entry **entry;
	struct arena *arena;
};

/* Which rule was broken, and where. Printed as "FILE:LINE: RULE", without LINE if it is 0. */
struct manifest_error {
	unsigned long line; /* of the text, from 1; 0: the file as a whole */
	const char *rule;   /* static text; NULL: a system error, which the returned -errno names */
	const struct manifest_entry *entry; /* the writer's: whose line it is; else NULL */
};

/* --- the list --- */

/* An empty list, or NULL without memory. */
struct manifest *manifest_new(void);
void manifest_free(struct manifest *manifest);
void manifest_freep(struct manifest **manifest);
#define AUTO_MANIFEST __attribute__((cleanup(manifest_freep)))

/* Append a copy of the entry and of all it points to. Returns the copy, or NULL without memory. */
struct manifest_entry *manifest_add(struct manifest *manifest, const struct manifest_entry *entry);

/* Append the entry itself, of another list that lives as long, and without a hard-link group. False
 * without memory. */
bool manifest_refer(struct manifest *manifest, const struct manifest_entry *entry);

/*
 * Another list like m, of which only that is kept which like does not have the same: where it has,
 * its entries are referred to, so it has to live as long. NULL without memory.
 */
struct manifest *manifest_thin(const struct manifest *m, const struct manifest *like);

/*
 * Bring entries that were added in any order into the order of a manifest. Groups are numbered in
 * this order, nlink counted, groups of one dissolved. False without memory.
 */
bool manifest_sort(struct manifest *manifest);

/* The entry of that path, or NULL. */
struct manifest_entry *manifest_find(const struct manifest *manifest, const char *path);

/* What the list has below path, all that begins with "path/", are the entries [*from, *to). */
void manifest_below(const struct manifest *manifest, const char *path, size_t *from, size_t *to);

/* --- the reader --- */

/*
 * Bytes in, entries out: no I/O. Plain text or gzip is found out from the first bytes. entry is
 * called in order; what it gets is valid during the call only; a non-zero return stops the parser,
 * which returns it.
 */
struct manifest_parser;
typedef int manifest_entry_fn(const struct manifest_entry *entry, void *arg);

/* NULL without memory. */
struct manifest_parser *manifest_parser_new(manifest_entry_fn *entry, void *arg);
void manifest_parser_free(struct manifest_parser *parser);

/*
 * Feed any number of bytes; at the end, finish once. Return 0; -EBADMSG with *error set (nothing
 * more can be fed); -ENOMEM; or what the callback returned.
 */
int manifest_parser_feed(
	struct manifest_parser *parser, const void *data, size_t n, struct manifest_error *error);
int manifest_parser_finish(struct manifest_parser *parser, struct manifest_error *error);

/* Known from the first entry on. */
const struct manifest_head *manifest_parser_head(const struct manifest_parser *parser);

/*
 * A whole manifest from memory. With key, signature (n_signature bytes) is checked before the first
 * byte is parsed; key NULL: not at all. Returns 0 and *manifest, or as above.
 */
int manifest_decode(const void *data, size_t n, const struct signature_key *key,
	const void *signature, size_t n_signature, struct manifest **manifest,
	struct manifest_error *error);

/* The same from the file path (relative to dir or AT_FDCWD), and path.sig if there is a key. */
int manifest_load(int dir, const char *path, const struct signature_key *key,
	struct manifest **manifest, struct manifest_error *error);

/* The rule that this path breaks (static text), or NULL. What the reader refuses the writer
 * refuses. */
const char *manifest_path_rule(const char *path);

/* Is the component name, of n bytes, that of an offer: NAME.xennew or NAME.xennew.NUMBER? No
 * manifest lists one. */
bool manifest_is_offer(const char *name, size_t n);

/* --- the writer --- */

/*
 * The gzip file of a sorted list, appended to *out: the same list gives the same bytes. Sockets are
 * left out. Returns 0, -ENOMEM, or -EBADMSG with *error set if a reader would refuse it, or if an
 * entry has an error.
 */
int manifest_encode(const struct manifest *manifest, struct buf *out, struct manifest_error *error);

/* Publish the signature of an encoded manifest as path.sig. 0 or -errno. */
int manifest_sign(
	int dir, const char *path, const struct buf *encoded, const struct signature_key *key);

/* Publish an encoded manifest, mode 0644, after path.sig if there is a key. 0 or -errno. */
int manifest_publish(
	int dir, const char *path, const struct buf *encoded, const struct signature_key *key);

/* --- comparing --- */

#define MANIFEST_DIFF_TYPE    (1u << 0)
#define MANIFEST_DIFF_CONTENT (1u << 1) /* size or digest; link text; device number */
#define MANIFEST_DIFF_MODE    (1u << 2)
#define MANIFEST_DIFF_OWNER   (1u << 3) /* names where both have them, numbers otherwise */
#define MANIFEST_DIFF_XATTR   (1u << 4) /* ACLs and capabilities are among these */
#define MANIFEST_DIFF_TIME    (1u << 5)

/* The highest number of a hard-link group; 0: there is none. */
uint32_t manifest_highest_group(const struct manifest *manifest);

/* In what two entries differ: bits. Digests are compared where both have the same kind. */
unsigned int manifest_compare(const struct manifest_entry *a, const struct manifest_entry *b);

/* Are they the same in all that a manifest says, not just in what counts? Hard-link groups, which
 * only mean something within a list, are not compared. */
bool manifest_identical(const struct manifest_entry *a, const struct manifest_entry *b);

/*
 * Merge-join of two sorted lists: each gets every path once, with a or b NULL where it is absent. A
 * non-zero return stops, and is returned.
 */
typedef int manifest_pair_fn(
	const struct manifest_entry *a, const struct manifest_entry *b, void *arg);
int manifest_join(
	const struct manifest *a, const struct manifest *b, manifest_pair_fn *each, void *arg);

/* The word of the format: "file", "dir", … */
const char *manifest_type_name(enum manifest_type type);

#endif
