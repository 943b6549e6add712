/* xf-mkinitrd(8): initrds that boot a client from its share. */
#include "lib/array.h"
#include "lib/cli.h"
#include "lib/paths.h"
#include "mkinitrd-hook/command.h"
#include "mkinitrd-hook/options.h"

#include <stdlib.h>

#define OPTION(name, letter, argument, set, member, help)                                    \
	{                                                                                    \
		name, letter, argument, help, set, offsetof(struct mkinitrd_options, member) \
	}
#define TEXT(name, argument, member, help) OPTION(name, 0, argument, value_text, member, help)
#define LIST(name, argument, member, help) \
	OPTION(name, 0, argument, mkinitrd_options_set_modifiable, member, help)
#define FLAG(name, letter, member, help) OPTION(name, letter, NULL, value_flag, member, help)

static const struct cli_option options[] = {
	OPTION("output", 'o', "FILE", value_text, output,
		"file to write (build: ROOT/boot/xf-initrd-VERSION.img; exchange: IMAGE itself)"),
	TEXT("kernel", "VERSION", kernel, "of the modules to put in (the image's one kernel)"),
	LIST("root", "DIR", root, "tree that holds lib/modules/VERSION and boot (/)"),
	LIST("platform", "LIST", platform, "xen, kvm, all (all)"),
	LIST("fs", "LIST", fs, "file systems of roots: ext4, xfs, btrfs (ext4)"),
	LIST("add", "LIST", add, "more modules"),
	FLAG("firmware", 0, firmware, "also the firmware that the modules name"),
	LIST("tree", "DIR", tree,
		"more files, laid out as in the initrd (ROOT/" PATH_ETC "/initrd.d, if it exists)"),
	TEXT("pub", "FILE", pub, "the share's public key"),
	TEXT("init", "FILE", init, "xf-init to use"),
	TEXT("shutdown", "FILE", shutdown, "xf-shutdown to use"),
	TEXT("busybox", "FILE|none", busybox,
		"static busybox for debug shells (ROOT/bin/busybox, else /bin/busybox)"),
	TEXT("compress", "NAME", compress, "gzip, xz, zstd, lz4, none"),
	TEXT("level", "N", level, "of compression (gzip 9, xz 6, zstd 19, lz4 9)"),
	FLAG("keep-compressed", 0, keep_compressed, "leave compressed modules as they are"),
	FLAG("dry-run", 0, dry_run, "do everything except writing the file"),
	FLAG("json", 0, json, "report as JSON"),
	FLAG("quiet", 'q', quiet, "no report"),
	FLAG("verbose", 'v', verbose, "also report the largest files"),
	FLAG("long", 'l', details, "mode, owner, size or device, and targets of links"),
};

#define MAKING                                                                                \
	"output root platform fs add firmware tree pub init shutdown busybox compress level " \
	"keep-compressed dry-run json quiet verbose"

static const struct cli_command commands[] = {
	{ "build", mkinitrd_build, MAKING, NULL, "VERSION", 1, 1,
		"make a minimal initrd for one kernel",
		"  xf-mkinitrd build \"$(uname -r)\"\n"
		"  xf-mkinitrd build 6.1.0-18-amd64 --root /srv/master --compress zstd\n",
		false },
	{ "exchange", mkinitrd_exchange, MAKING " kernel", NULL, "IMAGE", 1, 1,
		"put xf-init into another tool's initrd",
		"  xf-mkinitrd exchange /boot/initrd.img-6.1.0-18-amd64\n", false },
	{ "list", mkinitrd_list, "long", NULL, "IMAGE", 1, 1, "list an initrd's files", NULL,
		false },
	{ "extract", mkinitrd_extract, "", NULL, "IMAGE DIR", 2, 2,
		"unpack an initrd into a directory, new or empty", NULL, false },
	{ "info", mkinitrd_info, "json", NULL, "IMAGE", 1, 1,
		"show an initrd's segments, its kernels, and whose init it has", NULL, false },
	{ "verify", mkinitrd_verify, "", NULL, "IMAGE", 1, 1,
		"check that a client will boot with it", NULL, false },
};

static const struct cli_program program = {
	.name = "xf-mkinitrd",
	.version = XF_VERSION,
	.synopsis = "Make initrds that boot a client from its share.",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands),
	.footer = "A LIST has commas. SOURCE_DATE_EPOCH sets the files' time (0). See "
		  "xf-mkinitrd(8).\n",
};

int main(int argc, char **argv)
{
	struct mkinitrd_options o = { 0 };

	return cli_run(&program, argc, argv, &o, NULL, EXIT_FAILURE);
}
