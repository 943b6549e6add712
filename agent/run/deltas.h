/*
 * The manifest of a generation without reading it: the one that is kept in the state directory, and
 * what the deltas of the share (lib/manifest/manifest-delta.h) change of it.
 */
#ifndef AGENT_RUN_DELTAS_H
#define AGENT_RUN_DELTAS_H

#include "agent/run/run.h"

/*
 * Set in->new to the manifest of in->generation, if it is kept, or if the deltas from the one that
 * is kept are shorter than a manifest. All of them are signed by the key that is trusted, or by one
 * that follows it. Where anything is missing, damaged or does not fit, in->new stays NULL: then the
 * manifest is to be read. An error is one of the share as a whole, or of the state directory.
 */
enum agent_status deltas_follow(const struct run *run, struct run_inputs *in);

#endif
