#include "mkinitrd-hook/build/initrd.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

#include "lib/paths.h"
#include "mkinitrd-hook/build/elf.h"
#include "mkinitrd-hook/build/extra.h"
#include "mkinitrd-hook/build/module-table.h"
#include "mkinitrd-hook/build/processor.h"
#include "mkinitrd-hook/build/programs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALIASES_MAX (16u << 20) /* bytes of modules.alias; Debian's has 1.2 million */
#define PUB_MAX     (64u << 10) /* bytes of a public key */

/* Merged /usr first: lib may be an absolute link there, which leads out of the root. */
#define DIRECTORIES 2
static const char *const module_directories[DIRECTORIES] = { "usr/lib/modules", "lib/modules" };

static int no_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void list_kernels(const char *root)
{
	for (size_t i = 0; i < DIRECTORIES; i++) {
		char *directory;
		struct dirent **kernel = NULL;
		int n;

		if (asprintf(&directory, "%s/%s", root, module_directories[i]) < 0)
			return;
		n = scandir(directory, &kernel, no_dots, versionsort);
		for (int k = 0; k < n; k++) {
			fprintf(stderr, "%s %s", k ? "" : "kernels there:", kernel[k]->d_name);
			free(kernel[k]);
		}
		free(kernel);
		free(directory);
		if (n > 0) {
			fputc('\n', stderr);
			return;
		}
	}
	fputs("there is no kernel\n", stderr);
}

/* The directory with a kernel's modules, to be freed; or NULL after a message. */
static char *find_directory(const char *root, const char *version)
{
	for (size_t i = 0; i < DIRECTORIES; i++) {
		char *directory;

		if (asprintf(&directory, "%s/%s/%s", root, module_directories[i], version) < 0) {
			cli_error(-ENOMEM, "%s", version);
			return NULL;
		}
		if (!access(directory, F_OK))
			return directory;
		free(directory);
	}
	cli_error(0, "no modules of kernel %s in %s/usr/lib/modules or %s/lib/modules", version,
		root, root);
	list_kernels(root);
	return NULL;
}

static int read_modules(
	const struct initrd_options *options, const char *directory, struct initrd *initrd)
{
	int rc = kernel_modules_find(directory, &options->wanted, &initrd->modules);

	return rc ? rc : kernel_modules_read(&initrd->modules, options->keep_compressed);
}

static int make_table(
	const struct initrd_options *options, const char *directory, struct initrd *initrd)
{
	AUTO_FREE char *path = NULL;
	AUTO_BUF struct buf text = { 0 };
	BLOB aliases = { 0 };
	int rc;

	if (asprintf(&path, "%s/modules.alias", directory) < 0)
		return cli_error(-ENOMEM, "%s", directory);
	rc = blob_read(path, ALIASES_MAX, &aliases);
	if (rc)
		return cli_error(rc, "%s", path);
	module_table_write(&text, options->version, &initrd->modules, &aliases);
	if (text.failed)
		return cli_error(-ENOMEM, "module table");
	initrd->table = blob_take(&text);
	return 0;
}

/* An error here is better than one on the client's console. */
static int check_table(const struct blob *table)
{
	unsigned int line = 0;
	int rc = module_table_check(table, &line);

	if (rc == -EINVAL)
		cli_error(0,
			"module table, line %u: not for xf-init, which takes a limited number of "
			"modules and aliases; ask for fewer",
			line);
	else if (rc)
		cli_error(rc, "module table");
	return rc;
}

/* All modules of a kernel are for one processor. */
static bool modules_fit(const struct initrd *initrd)
{
	const struct kernel_module *m = initrd->modules.n ? initrd->modules.module[0] : NULL;

	return !m || processor_fits(m->path, processor_of_module(m->file, &m->content),
			     elf_processor(&initrd->init));
}

static int read_pub(const char *path, struct blob *pub)
{
	int rc = path ? blob_read(path, PUB_MAX, pub) : 0;

	if (rc)
		return cli_error(rc, "%s", path);
	/* An initrd is readable by everybody who can read /boot. */
	if (path && memmem(pub->data, pub->size, "PRIVATE KEY", strlen("PRIVATE KEY"))) {
		cli_error(0, "%s: this is a private key; give the public one (KEY.pub)", path);
		return -EINVAL;
	}
	return 0;
}

static int add_directories(struct cpio_tree *tree)
{
	static const struct {
		const char *name;
		mode_t mode;
	} directories[] = { { "bin", 0755 }, { "dev", 0755 }, { "etc", 0755 }, { PATH_ETC, 0755 },
		{ "lib", 0755 }, { "lib/xenfarm", 0755 }, { "mroot", 0755 }, { "proc", 0755 },
		{ "root", 0700 }, { "run", 0755 }, { "sbin", 0755 }, { "sys", 0755 },
		{ "tmp", 01777 }, { "tools", 0755 } };
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(directories) / sizeof(*directories); i++)
		rc = cpio_tree_add(tree,
			(struct cpio_entry){ .mode = S_IFDIR | directories[i].mode }, "%s",
			directories[i].name);
	return rc;
}

static struct cpio_entry file(mode_t mode, const struct blob *content)
{
	return (struct cpio_entry){
		.mode = S_IFREG | mode, .data = content->data, .size = content->size
	};
}

static struct cpio_entry link_to(const char *target)
{
	return (struct cpio_entry){
		.mode = S_IFLNK | 0777, .data = target, .size = strlen(target)
	};
}

static int add_files(struct initrd *initrd)
{
	struct cpio_tree *tree = &initrd->tree;
	const struct cpio_entry console = {
		.mode = S_IFCHR | 0600, .rdev_major = 5, .rdev_minor = 1
	};

	if (cpio_tree_add(tree, console, "dev/console") ||
		cpio_tree_add(tree, file(0755, &initrd->init), "init") ||
		cpio_tree_add(tree, link_to("/init"), "sbin/modprobe") ||
		cpio_tree_add(tree, file(0755, &initrd->shutdown), "shutdown") ||
		cpio_tree_add(tree, file(0644, &initrd->table), "lib/xenfarm/modules"))
		return -ENOMEM;
	if (initrd->busybox.data &&
		(cpio_tree_add(tree, file(0755, &initrd->busybox), "bin/busybox") ||
			cpio_tree_add(tree, link_to("busybox"), "bin/sh")))
		return -ENOMEM;
	if (initrd->pub.data && cpio_tree_add(tree, file(0644, &initrd->pub), PATH_ETC_KEY))
		return -ENOMEM;
	for (size_t i = 0; i < initrd->modules.n; i++) {
		const struct kernel_module *m = initrd->modules.module[i];

		if (cpio_tree_add(tree, file(0644, &m->content), "lib/xenfarm/%s", m->file))
			return -ENOMEM;
	}
	return 0;
}

static int pack(const struct initrd_options *options, struct initrd *initrd)
{
	BLOB archive = { 0 };
	int rc = cpio_tree_archive(&initrd->tree, options->mtime, &archive);

	initrd->unpacked = archive.size;
	if (!rc && options->codec)
		rc = codec_pack(options->codec, &archive, options->level, &initrd->packed);
	else if (!rc) {
		initrd->packed = archive;
		archive = (struct blob){ 0 };
	}
	return rc ? cli_error(rc, "packing the initrd") : 0;
}

/* The drop-in directory is used unless another one is given. */
static int add_extra(const struct initrd_options *options, struct initrd *initrd)
{
	AUTO_FREE char *drop_in = NULL;
	int rc = 0;

	if (!options->tree && asprintf(&drop_in, "%s/" PATH_ETC "/initrd.d", options->root) < 0)
		return cli_error(-ENOMEM, "%s", options->root);
	if (options->tree || !access(drop_in, F_OK))
		rc = extra_tree(options->tree ? options->tree : drop_in, initrd);
	if (!rc && options->firmware)
		rc = extra_firmware(options->root, initrd);
	return rc;
}

static int read_contents(
	const struct initrd_options *options, const char *directory, struct initrd *initrd)
{
	int rc = read_modules(options, directory, initrd);

	if (!rc)
		rc = make_table(options, directory, initrd);
	if (!rc)
		rc = check_table(&initrd->table);
	if (!rc)
		rc = programs_read(options, initrd);
	if (!rc && !modules_fit(initrd))
		rc = -ENOEXEC;
	return rc ? rc : read_pub(options->pub, &initrd->pub);
}

int initrd_collect(const struct initrd_options *options, struct initrd *initrd)
{
	AUTO_FREE char *directory = find_directory(options->root, options->version);
	int rc = directory ? read_contents(options, directory, initrd) : -ENOENT;

	if (rc)
		return rc;
	rc = add_directories(&initrd->tree);
	if (!rc)
		rc = add_files(initrd);
	return rc ? cli_error(rc, "the initrd's files") : add_extra(options, initrd);
}

int initrd_make(const struct initrd_options *options, struct initrd *initrd)
{
	int rc = initrd_collect(options, initrd);

	return rc ? rc : pack(options, initrd);
}

int initrd_publish(const struct initrd *initrd, const char *path, mode_t mode)
{
	int rc = blob_publish(&initrd->packed, path, mode);

	if (rc)
		cli_error(0, "%s: not written: %s; what was there is kept", path, strerror(-rc));
	return rc;
}

void initrd_free(struct initrd *initrd)
{
	cpio_tree_free(&initrd->tree);
	kernel_modules_free(&initrd->modules);
	for (size_t i = 0; i < initrd->nextra; i++)
		blob_free(&initrd->extra[i]);
	free(initrd->extra);
	blob_free(&initrd->init);
	blob_free(&initrd->shutdown);
	blob_free(&initrd->busybox);
	blob_free(&initrd->pub);
	blob_free(&initrd->table);
	blob_free(&initrd->packed);
}
