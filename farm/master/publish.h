#ifndef FARM_MASTER_PUBLISH_H
#define FARM_MASTER_PUBLISH_H

#include "farm/master/master.h"

/* Make a generation of a master's disk, in its share, by the options of `share publish`. Returns 0,
 * or -errno after a message: -EBUSY if it is not off, or its disk is in use. */
int master_publish(struct master_session *session, const struct master *master);

#endif
