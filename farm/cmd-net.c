#include "farm/cmd-net.h"

#include "farm/xenfarm.h"
#include "lib/array.h"

static const struct cli_option options[] = {
	FARM_OPTION("undo", 0, NULL, value_flag, net_options.undo,
		"take back what init made, but for the share and its key"),
	FARM_OPTION("here", 0, NULL, value_flag, net_options.here,
		"this server only, and not the farm's other hosts"),
};

static const struct cli_command commands[] = {
	{ "init", cmd_net_init, "share key config undo yes dry-run json quiet", NULL, "", 0, 0,
		"make this server one of a farm: share, network, isolation, exports",
		"  xenfarm init --dry-run\n", false },
	{ "doctor", cmd_net_doctor,
		"share key config here json format columns sort filter no-header quiet", NULL, "",
		0, 0, "check this server and the farm's other hosts, and tell what mends them",
		"  xenfarm doctor --filter state=failed\n", false },
};

const struct cli_table cmd_net_table = {
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands),
};
