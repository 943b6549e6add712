/*
 * The protocol between xenfarm(8), which calls, and xf-agentd(8), which answers: fleet.x, of which
 * rpcgen(1) makes the types and their XDR functions. Here are its numbers, and the checks of what
 * the other side sent: neither side believes the other's texts. XDR's functions look at bounds, a
 * check at the rest; use nothing that was not checked.
 */
#ifndef LIB_FLEET_FLEET_H
#define LIB_FLEET_FLEET_H

#include <stdbool.h>
#include <stddef.h>

#include "gen/fleet_xdr.h"
#include "lib/buf.h"

#define FLEET_PORT      8650          /* TCP */
#define FLEET_CALL_MAX  (16u << 10)   /* bytes of a call, without its record marks */
#define FLEET_REPLY_MAX (1024u << 10) /* of a reply, and of a report */

/* --- texts --- */

/* UTF-8 without control characters, and without those that change the direction of what follows. */
bool fleet_line_ok(const char *text);
/* The same, but lines may end and have tabs. */
bool fleet_lines_ok(const char *text);
/*
 * Append n bytes of any text as a terminal may have them: what keeps fleet_lines_ok() from being
 * true is written by its octal numbers, as \033. Unless they are the last, bytes at the end that
 * more could make a letter of are left. Returns how many were taken.
 */
size_t fleet_add_harmless(struct buf *out, const char *bytes, size_t n, bool last);

/* Of a client: letters, digits and '.', '-', '_', ':'; not empty. */
bool fleet_name_ok(const char *text);
/* Printable ASCII without blanks, or "". */
bool fleet_word_ok(const char *text);
/* "", or lower-case RFC 9562 text. */
bool fleet_uuid_ok(const char *text);

/* --- what was decoded: NULL, or the rule that it breaks (static text) --- */

const char *fleet_check_target(const fleet_target *target);
const char *fleet_check_message(const fleet_message *message);
const char *fleet_check_status(const fleet_status *status);
const char *fleet_check_conflicts(const fleet_conflicts *conflicts);
const char *fleet_check_preview(const fleet_preview *preview);
const char *fleet_check_reply(const fleet_reply *reply);
const char *fleet_check_server_reply(const fleet_server_reply *reply);
/* The arm that result selects, too. */
const char *fleet_check_status_reply(const fleet_status_reply *reply);
const char *fleet_check_conflicts_reply(const fleet_conflicts_reply *reply);
const char *fleet_check_preview_reply(const fleet_preview_reply *reply);

/* Does a call for wanted concern self? By name, and by UUID where both know it. */
bool fleet_is_for(const fleet_target *wanted, const fleet_target *self);

/* --- bytes --- */

/*
 * Append the XDR form. Returns 0; -EMSGSIZE: longer than FLEET_REPLY_MAX, or beyond a bound of
 * fleet.x; -ENOMEM.
 */
int fleet_encode(xdrproc_t function, const void *from, struct buf *out);

/*
 * Decode all n bytes into what to points to (of size bytes, overwritten), which
 * xdr_free(function, to) frees. Returns 0, or -EBADMSG (nothing is to be freed): cut off, beyond a
 * bound, or bytes left over.
 */
int fleet_decode(xdrproc_t function, const void *bytes, size_t n, void *to, size_t size);

#endif
