#include "agent/service/call.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/fleet/record.h"

#define HEAD_MAX 64 /* bytes of a reply before its results */

/* Decode the head: what is called, by whom. Returns the place behind it, or 0. */
static size_t read_head(const char *call, size_t n, struct rpc_msg *head,
	char credentials[static 2 * MAX_AUTH_BYTES])
{
	XDR xdr;
	size_t at;

	memset(head, 0, sizeof(*head));
	head->rm_call.cb_cred.oa_base = credentials;
	head->rm_call.cb_verf.oa_base = credentials + MAX_AUTH_BYTES;
	xdrmem_create(&xdr, (char *)(uintptr_t)call, (u_int)n, XDR_DECODE);
	at = xdr_callmsg(&xdr, head) ? xdr_getpos(&xdr) : 0;
	xdr_destroy(&xdr);
	return at;
}

static bool append(struct buf *out, struct rpc_msg *reply, const struct buf *results)
{
	unsigned char mark[FLEET_RECORD_MARK];
	char head[HEAD_MAX];
	size_t n;
	XDR xdr;

	xdrmem_create(&xdr, head, sizeof(head), XDR_ENCODE);
	n = xdr_replymsg(&xdr, reply) ? xdr_getpos(&xdr) : 0;
	xdr_destroy(&xdr);
	if (n == 0)
		return false;
	fleet_record_mark(mark, n + results->size);
	buf_add(out, mark, sizeof(mark));
	buf_add(out, head, n);
	buf_add(out, results->data, results->size);
	return !out->failed;
}

static bool_t no_results(XDR *xdr, ...)
{
	(void)xdr;
	return TRUE;
}

static void accept_call(struct rpc_msg *reply, enum accept_stat status)
{
	reply->rm_reply.rp_stat = MSG_ACCEPTED;
	reply->acpted_rply.ar_verf = _null_auth;
	reply->acpted_rply.ar_stat = status;
	reply->acpted_rply.ar_results.proc = no_results;
}

static void reject_call(struct rpc_msg *reply)
{
	reply->rm_reply.rp_stat = MSG_DENIED;
	reply->rjcted_rply.rj_stat = AUTH_ERROR;
	reply->rjcted_rply.rj_why = AUTH_REJECTEDCRED;
}

/* The results of a procedure that exists. */
static enum accept_stat run(const struct call_procedure *p, void *context, const char *bytes,
	size_t n, struct buf *results)
{
	AUTO_FREE void *argument = calloc(1, p->takes_size + 1);
	AUTO_FREE void *reply = calloc(1, p->gives_size + 1);
	enum accept_stat status = SYSTEM_ERR;

	if (!argument || !reply)
		return status;
	if (p->takes ? fleet_decode(p->takes, bytes, n, argument, p->takes_size) < 0 : n > 0)
		return GARBAGE_ARGS;
	if (p->answer(context, argument, reply) &&
		(!p->gives || fleet_encode(p->gives, reply, results) == 0))
		status = SUCCESS;
	if (p->takes)
		xdr_free(p->takes, argument);
	if (p->gives)
		xdr_free(p->gives, reply);
	return status;
}

bool call_answer(const struct call_program *program, void *context, const char *call, size_t n,
	struct buf *out)
{
	char credentials[2 * MAX_AUTH_BYTES];
	AUTO_BUF struct buf results = { 0 };
	struct rpc_msg head, reply = { .rm_direction = REPLY };
	size_t at = read_head(call, n, &head, credentials);

	if (at == 0)
		return false;
	reply.rm_xid = head.rm_xid;
	if (head.rm_call.cb_cred.oa_flavor != AUTH_NONE) {
		reject_call(&reply);
	} else if (head.rm_call.cb_prog != FLEET_PROGRAM) {
		accept_call(&reply, PROG_UNAVAIL);
	} else if (head.rm_call.cb_vers < program->lowest ||
		   head.rm_call.cb_vers > program->highest) {
		accept_call(&reply, PROG_MISMATCH);
		reply.acpted_rply.ar_vers.low = program->lowest;
		reply.acpted_rply.ar_vers.high = program->highest;
	} else if (head.rm_call.cb_proc >= program->n) {
		accept_call(&reply, PROC_UNAVAIL);
	} else {
		accept_call(&reply, run(&program->procedures[head.rm_call.cb_proc], context,
					    call + at, n - at, &results));
	}
	return append(out, &reply, &results);
}
