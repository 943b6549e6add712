/* xfnet: check, explain and compose the kernel command line of a client. */
#include "kernel-cmdline/tool/tool.h"
#include "lib/array.h"
#include "lib/cli.h"
#include "lib/exit.h"

#include <locale.h>

#define PART(name, letters, argument, help)                                     \
	{                                                                       \
		name, 0, argument, help, value_text,                            \
			offsetof(struct xfnet_options, part[COMPOSE_##letters]) \
	}

static const struct cli_option options[] = {
	{ "cmdline", 0, "FILE", "read it from FILE; - is standard input (default: /proc/cmdline)",
		value_text, offsetof(struct xfnet_options, cmdline) },
	{ "json", 0, NULL, "as JSON", value_flag, offsetof(struct xfnet_options, json) },
	{ "sh", 0, NULL, "as XF_KEY='value' lines for a shell to evaluate", value_flag,
		offsetof(struct xfnet_options, sh) },
	PART("client", CLIENT, "ADDRESS[/BITS]", "the client's address"),
	PART("prefix", PREFIX, "BITS", "of its network, if not in --client"),
	{ "server", 0, "ADDRESS[,...]", "servers, tried in turn; may be given again",
		compose_add_servers, offsetof(struct xfnet_options, part[COMPOSE_SERVER]) },
	PART("gateway", GATEWAY, "ADDRESS", "router to the server"),
	PART("broadcast", BROADCAST, "ADDRESS", "gives the prefix where there is none"),
	PART("interface", INTERFACE, "NAME|MAC", "default: the first with carrier"),
	PART("mtu", MTU, "BYTES", "xfnet.mtu="),
	PART("vlan", VLAN, "ID", "xfnet.vlan="),
	PART("share", SHARE, "PATH[,OPTIONS]", "xfshare=: export and NFS mount options"),
	PART("gen", GEN, "N|CHANNEL", "xfgen=: pin to a generation, or follow a channel"),
	PART("name", NAME, "NAME", "xfname="),
	PART("agent", AGENT, "on|off", "xfagent=: reconcile before init"),
	PART("timeout", TIMEOUT, "SECONDS", "xftimeout="),
	PART("fail", FAIL, "ACTION", "xffail=: shell, reboot, poweroff, wait"),
	PART("debug", DEBUG, "STEP[,...]", "xfdebug=: a shell before these steps"),
	PART("root", ROOT, "ROOT", "device, UUID=, LABEL=, PARTUUID= or tmpfs"),
	PART("rootfstype", ROOTFSTYPE, "TYPE[,...]", "of the root"),
	PART("rootflags", ROOTFLAGS, "OPTIONS", "mount options of the root"),
	PART("init", INIT, "PATH", "instead of /sbin/init"),
};

static const struct cli_command commands[] = {
	{ "check", xfnet_check, "", NULL, "TEXT...", 1, -1,
		"report the problems of a command line, or of a value of xfnet=",
		"  xfnet check 10.0.0.11/24:10.0.0.1\n"
		"  xfnet check \"$(cat /proc/cmdline)\"\n",
		true },
	{ "explain", xfnet_explain, "cmdline json sh", NULL, "[TEXT...]", 0, -1,
		"show what a command line, or a value of xfnet=, means to a client",
		"  xfnet explain 10.0.0.11:10.0.0.1:10.0.0.1:10.0.0.255\n"
		"  xfnet explain --json --cmdline /proc/cmdline\n",
		true },
	{ "compose", xfnet_compose,
		"client prefix server gateway broadcast interface mtu vlan share gen name agent "
		"timeout fail debug root rootfstype rootflags init",
		"client server", "", 0, 0, "write the canonical text of a client's command line",
		"  xfnet compose --client 10.0.0.11/24 --server 10.0.0.1 --root LABEL=client\n",
		false },
};

static const struct cli_program program = {
	.name = "xfnet",
	.version = XF_VERSION,
	.synopsis = "Check, explain and compose the kernel command line of a client.",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands),
	.footer = "Exit status: 0 good, 1 the text is wrong, 2 usage. See xfnet(1).\n",
};

int main(int argc, char **argv)
{
	struct xfnet_options settings = { 0 };

	setlocale(LC_CTYPE, "");
	return cli_run(&program, argc, argv, &settings, NULL, EXIT_FAILURE);
}
