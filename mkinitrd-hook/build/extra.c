#include "mkinitrd-hook/build/extra.h"
#include "lib/array.h"
#include "lib/cli.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fts.h>
#include <libkmod.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct cpio_entry *find(const struct cpio_tree *tree, const char *name)
{
	for (size_t i = 0; i < tree->n; i++)
		if (!strcmp(tree->entry[i].name, name))
			return &tree->entry[i];
	return NULL;
}

/* The content becomes the initrd's, even after an error. */
static int add(struct initrd *initrd, const char *name, mode_t mode, struct blob content)
{
	const struct cpio_entry entry = {
		.mode = mode, .data = content.data, .size = content.size
	};

	if (!ARRAY_GROW(initrd->extra, initrd->nextra)) {
		blob_free(&content);
		return -ENOMEM;
	}
	initrd->extra[initrd->nextra++] = content;
	return cpio_tree_add(&initrd->tree, entry, "%s", name);
}

static int add_directory(struct initrd *initrd, const char *name, mode_t mode)
{
	const struct cpio_entry *there = find(&initrd->tree, name);

	if (there)
		return S_ISDIR(there->mode) ? 0 : -EEXIST;
	return cpio_tree_add(
		&initrd->tree, (struct cpio_entry){ .mode = S_IFDIR | (mode & 07777) }, "%s", name);
}

static int read_link(const char *path, struct blob *target)
{
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof(text));

	if (n < 0)
		return -errno;
	target->data = malloc(n);
	if (!target->data)
		return -ENOMEM;
	memcpy(target->data, text, n);
	target->size = n;
	return 0;
}

static int add_found(struct initrd *initrd, const FTSENT *found, const char *name)
{
	struct blob content = { 0 };
	int rc;

	if (found->fts_info == FTS_D)
		return add_directory(initrd, name, found->fts_statp->st_mode);
	if (find(&initrd->tree, name))
		return -EEXIST;
	switch (found->fts_info) {
	case FTS_F:
		rc = blob_read(found->fts_accpath, EXTRA_BYTES_MAX, &content);
		break;
	case FTS_SL:
	case FTS_SLNONE:
		rc = read_link(found->fts_accpath, &content);
		break;
	case FTS_DEFAULT: /* a device, a socket, a fifo */
		return -EINVAL;
	default:
		return -found->fts_errno;
	}
	return rc ? rc : add(initrd, name, found->fts_statp->st_mode, content);
}

int extra_tree(const char *dir, struct initrd *initrd)
{
	char *const paths[] = { (char *)dir, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *found;
	int rc = 0;

	if (!fts)
		return cli_error(-errno, "%s", dir);
	while (!rc && (found = fts_read(fts))) {
		if (found->fts_info == FTS_DP)
			continue;
		if (found->fts_level == 0 && found->fts_info == FTS_D)
			continue;
		rc = found->fts_level == 0
			     ? -ENOTDIR
			     : add_found(initrd, found, found->fts_path + strlen(dir) + 1);
		if (rc)
			cli_error(rc, "%s", found->fts_path);
	}
	fts_close(fts);
	return rc;
}

static int add_parents(struct initrd *initrd, const char *name)
{
	AUTO_FREE char *path = strdup(name);
	int rc = path ? 0 : -ENOMEM;

	for (char *p = path ? strchr(path, '/') : NULL; p && !rc; p = strchr(p + 1, '/')) {
		*p = '\0';
		rc = add_directory(initrd, path, 0755);
		*p = '/';
	}
	return rc;
}

/* Where the kernel looks for it. Returns 1 if it is not found. */
static int add_firmware(const char *root, const char *firmware, struct initrd *initrd)
{
	static const char *const places[] = { "usr/lib", "lib" }, *const suffixes[] = { "", ".xz",
		".zst" };

	for (size_t i = 0; i < 6; i++) {
		char path[PATH_MAX], name[PATH_MAX];
		struct blob content = { 0 };
		int rc;

		snprintf(path, sizeof(path), "%s/%s/firmware/%s%s", root, places[i / 3], firmware,
			suffixes[i % 3]);
		snprintf(name, sizeof(name), "lib/firmware/%s%s", firmware, suffixes[i % 3]);
		if (find(&initrd->tree, name))
			return 0;
		rc = blob_read(path, EXTRA_BYTES_MAX, &content);
		if (rc == -ENOENT)
			continue;
		if (!rc)
			rc = add_parents(initrd, name);
		if (!rc)
			return add(initrd, name, S_IFREG | 0644, content);
		blob_free(&content);
		return rc;
	}
	return 1;
}

static int add_named(const char *root, const struct kernel_module *module, const char *firmware,
	struct initrd *initrd)
{
	int rc = add_firmware(root, firmware, initrd);

	if (rc == 1)
		cli_error(0,
			"firmware %s, which module %s names, is not in %s/lib/firmware: left out",
			firmware, module->name, root);
	return rc < 0 ? cli_error(rc, "%s", firmware) : 0;
}

static int add_of_module(struct kmod_ctx *ctx, const char *root, const struct kernel_module *module,
	struct initrd *initrd)
{
	struct kmod_module *kmod;
	struct kmod_list *info = NULL, *item;
	int rc = kmod_module_new_from_path(ctx, module->path, &kmod);

	if (rc)
		return cli_error(rc, "%s", module->path);
	rc = kmod_module_get_info(kmod, &info);
	rc = rc < 0 ? cli_error(rc, "%s", module->path) : 0;
	for (item = info; item && !rc; item = kmod_list_next(info, item))
		if (!strcmp(kmod_module_info_get_key(item), "firmware"))
			rc = add_named(root, module, kmod_module_info_get_value(item), initrd);
	kmod_module_info_free_list(info);
	kmod_module_unref(kmod);
	return rc;
}

int extra_firmware(const char *root, struct initrd *initrd)
{
	struct kmod_ctx *ctx = kmod_new(root, NULL);
	int rc = ctx ? 0 : cli_error(-ENOMEM, "%s", root);

	for (size_t i = 0; i < initrd->modules.n && !rc; i++)
		rc = add_of_module(ctx, root, initrd->modules.module[i], initrd);
	kmod_unref(ctx);
	return rc;
}
