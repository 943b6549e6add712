#include "mkinitrd-hook/options.h"
#include "lib/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A whole decimal number in [low, high]. */
static bool number(const char *text, unsigned long low, unsigned long high, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *value >= low && *value <= high;
}

static bool set_codec(struct mkinitrd_options *options)
{
	const char *name = options->compress ? options->compress : "gzip";

	options->initrd.codec = codec_named(name);
	if (options->initrd.codec || !strcmp(name, "none"))
		return true;
	cli_error(0, "--compress %s: unknown; expected gzip, xz, zstd, lz4 or none", name);
	return false;
}

/* Without --compress, exchange keeps the image's codec: the limit is the lowest of all codecs'
 * highest levels. */
static bool set_level(struct mkinitrd_options *options)
{
	const char *text = options->level;
	const struct codec *codec = options->initrd.codec;
	unsigned long level = 0, high = codec ? (unsigned long)codec->level_max : 9;

	if (text && !number(text, 1, high, &level)) {
		cli_error(0, "--level %s: a number from 1 to %lu is expected", text, high);
		return false;
	}
	options->initrd.level = (int)level;
	return true;
}

const char *mkinitrd_options_set_modifiable(void *to, const char *text)
{
	*(char **)to = (char *)text;
	return NULL;
}

static const char *without_slashes(char *root)
{
	size_t length = root ? strlen(root) : 0;

	while (length && root[length - 1] == '/')
		root[--length] = '\0';
	return root ? root : "";
}

/* Call add() with each word of a comma-separated list, which is cut in place. */
static bool each_word(char *list, bool (*add)(struct module_names *, const char *word),
	struct module_names *names)
{
	bool good = true;

	for (char *word; good && (word = strsep(&list, ","));)
		good = add(names, word);
	return good;
}

static bool add_platform(struct module_names *names, const char *word)
{
	if (!module_names_add_group(names, MODULE_NAMES_PLATFORM, word))
		return true;
	cli_error(0, "\"%s\": unknown; expected a platform: xen, kvm, all", word);
	return false;
}

static bool add_file_system(struct module_names *names, const char *word)
{
	if (!module_names_add_group(names, MODULE_NAMES_FILESYSTEM, word))
		return true;
	cli_error(0, "\"%s\": unknown; expected a file system: ext4, xfs, btrfs", word);
	return false;
}

static bool add_module(struct module_names *names, const char *word)
{
	int r = module_names_add(names, word);

	if (r == 0)
		return true;
	cli_error(0, "--add \"%s\": %s", word,
		r == -E2BIG ? "too many modules" : "not the name of a module");
	return false;
}

static bool set_names(struct mkinitrd_options *o)
{
	static char all[] = "all", ext4[] = "ext4";
	struct module_names *names = &o->initrd.wanted;

	return !module_names_add_group(names, MODULE_NAMES_BASE, NULL) &&
	       each_word(o->platform ? o->platform : all, add_platform, names) &&
	       each_word(o->fs ? o->fs : ext4, add_file_system, names) &&
	       each_word(o->add, add_module, names);
}

static bool set_mtime(struct mkinitrd_options *options)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	unsigned long value = 0;

	if (text && !number(text, 0, UINT32_MAX, &value)) {
		cli_error(0, "SOURCE_DATE_EPOCH=%s: seconds since 1970 are expected", text);
		return false;
	}
	options->initrd.mtime = (uint32_t)value;
	return true;
}

int mkinitrd_options_check_version(const struct mkinitrd_options *options)
{
	if (module_names_version_ok(options->initrd.version))
		return 0;
	cli_error(0, "\"%s\": not a kernel's version; `uname -r` gives one, like 6.1.0-18-amd64",
		options->initrd.version);
	return -EINVAL;
}

int mkinitrd_options_make(struct mkinitrd_options *o)
{
	o->initrd = (struct initrd_options){
		.root = without_slashes(o->root),
		.version = o->kernel,
		.init = o->init,
		.shutdown = o->shutdown,
		.busybox = o->busybox,
		.pub = o->pub,
		.keep_compressed = o->keep_compressed,
		.firmware = o->firmware,
		.tree = o->tree ? without_slashes(o->tree) : NULL,
	};
	return set_codec(o) && set_level(o) && set_mtime(o) && set_names(o) ? 0 : -EINVAL;
}
