#include "mkinitrd-hook/build/kernel-modules.h"
#include "lib/array.h"
#include "lib/cli.h"

#include "mkinitrd-hook/image/codec.h"

#include <errno.h>
#include <libkmod.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kernel_module *kernel_modules_get(
	const struct kernel_modules *set, const char *name, size_t length)
{
	for (size_t i = 0; i < set->n; i++)
		if (!strncmp(set->module[i]->name, name, length) && !set->module[i]->name[length])
			return set->module[i];
	return NULL;
}

static int append(struct kernel_module ***array, size_t *n, struct kernel_module *item)
{
	if (!ARRAY_GROW(*array, *n))
		return -ENOMEM;
	(*array)[(*n)++] = item;
	return 0;
}

static void module_free(struct kernel_module *m)
{
	if (!m)
		return;
	free(m->name);
	free(m->path);
	free(m->file);
	free(m->dep);
	blob_free(&m->content);
	free(m);
}

static int add_dep(struct kernel_module *m, struct kernel_module *dep)
{
	for (size_t i = 0; i < m->ndeps; i++)
		if (m->dep[i] == dep)
			return 0;
	return dep == m ? 0 : append(&m->dep, &m->ndeps, dep);
}

static int include(
	struct kernel_modules *set, struct kmod_module *kmod, struct kernel_module **included);

/* Dependencies of the list's modules go before them. */
static int add_deps(
	struct kernel_modules *set, struct kernel_module *m, const struct kmod_list *list)
{
	const struct kmod_list *item;
	int rc = 0;

	for (item = list; item && !rc; item = kmod_list_next(list, item)) {
		struct kmod_module *kmod = kmod_module_get_module(item);
		struct kernel_module *dep = NULL;

		if (kmod_module_get_path(kmod)) /* else built in */
			rc = include(set, kmod, &dep);
		for (size_t i = 0; dep && !rc && i < dep->ndeps; i++)
			rc = add_dep(m, dep->dep[i]);
		if (dep && !rc)
			rc = add_dep(m, dep);
		kmod_module_unref(kmod);
	}
	return rc;
}

static int resolve(struct kernel_modules *set, struct kmod_module *kmod, struct kernel_module *m)
{
	struct kmod_list *pre = NULL, *post = NULL, *hard;
	int rc = kmod_module_get_softdeps(kmod, &pre, &post);

	if (!rc)
		rc = add_deps(set, m, pre);
	hard = kmod_module_get_dependencies(kmod);
	if (!rc)
		rc = add_deps(set, m, hard);
	kmod_module_unref_list(hard);
	kmod_module_unref_list(pre);
	kmod_module_unref_list(post);
	return rc;
}

static int include(
	struct kernel_modules *set, struct kmod_module *kmod, struct kernel_module **included)
{
	const char *name = kmod_module_get_name(kmod), *path = kmod_module_get_path(kmod);
	struct kernel_module *m = kernel_modules_get(set, name, strlen(name));

	*included = m;
	if (m) /* also ends a cycle of soft dependencies */
		return 0;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->name = strdup(name);
	m->path = strdup(path);
	m->file = strdup(strrchr(path, '/') + 1);
	if (!m->name || !m->path || !m->file || append(&set->module, &set->n, m)) {
		module_free(m);
		return -ENOMEM;
	}
	*included = m;
	return resolve(set, kmod, m);
}

static int add_builtin(struct kernel_modules *set, const char *name)
{
	char *copy;

	for (size_t i = 0; i < set->nbuiltin; i++)
		if (!strcmp(set->builtin[i], name))
			return 0;
	if (set->nbuiltin == MODULE_NAMES_MAX)
		return -E2BIG;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	set->builtin[set->nbuiltin++] = copy;
	return 0;
}

/* A name may be an alias of several modules: then all of them are wanted. */
static int want(struct kernel_modules *set, struct kmod_ctx *ctx, const char *name)
{
	struct kmod_list *list = NULL, *item;
	struct kernel_module *included;
	int rc = kmod_module_new_from_lookup(ctx, name, &list);

	if (!rc && !list)
		rc = -ENOENT;
	for (item = list; item && !rc; item = kmod_list_next(list, item)) {
		struct kmod_module *kmod = kmod_module_get_module(item);

		if (kmod_module_get_path(kmod))
			rc = include(set, kmod, &included);
		else
			rc = add_builtin(set, kmod_module_get_name(kmod));
		kmod_module_unref(kmod);
	}
	kmod_module_unref_list(list);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct kernel_module *const *)a)->name,
		(*(struct kernel_module *const *)b)->name);
}

/* All missing names are reported in one run. */
static int want_all(struct kernel_modules *set, struct kmod_ctx *ctx, const char *directory,
	const struct module_names *wanted)
{
	int missing = 0;

	for (size_t i = 0; i < wanted->n; i++) {
		int rc = want(set, ctx, wanted->name[i]);

		if (rc == -ENOENT) {
			cli_error(0, "module %s: neither in %s nor built into that kernel",
				wanted->name[i], directory);
			missing = rc;
		} else if (rc) {
			cli_error(0, "module %s: %s", wanted->name[i], strerror(-rc));
			return rc;
		}
	}
	return missing;
}

static int find(struct kmod_ctx *ctx, const char *directory, const struct module_names *wanted,
	struct kernel_modules *set)
{
	int rc = kmod_load_resources(ctx);

	if (rc) {
		cli_error(0,
			"%s: no usable index of modules (modules.dep): run `depmod %s`, with -b "
			"DIR "
			"for --root DIR",
			directory, strrchr(directory, '/') + 1);
		return rc;
	}
	rc = want_all(set, ctx, directory, wanted);
	if (set->n)
		qsort(set->module, set->n, sizeof(*set->module), by_name);
	return rc;
}

int kernel_modules_find(
	const char *directory, const struct module_names *wanted, struct kernel_modules *set)
{
	struct kmod_ctx *ctx = NULL;
	char *softdep;
	int rc;

	/* Only the kernel's soft dependencies: modprobe.d of this machine is not that of a client.
	 */
	if (asprintf(&softdep, "%s/modules.softdep", directory) >= 0) {
		ctx = kmod_new(directory, (const char *const[]){ softdep, NULL });
		free(softdep);
	}
	if (!ctx) {
		cli_error(0, "%s: libkmod cannot use it", directory);
		return -ENOMEM;
	}
	rc = find(ctx, directory, wanted, set);
	kmod_unref(ctx);
	return rc;
}

static int read_one(struct kernel_module *m, bool keep_compressed)
{
	int rc = blob_read(m->path, KERNEL_MODULE_BYTES_MAX, &m->content);

	if (rc || keep_compressed)
		return rc;
	rc = codec_unpack_module(m->path, KERNEL_MODULE_BYTES_MAX, &m->content);
	if (!rc)
		m->file[codec_stem(m->file)] = '\0';
	return rc;
}

int kernel_modules_read(struct kernel_modules *set, bool keep_compressed)
{
	for (size_t i = 0; i < set->n; i++) {
		int rc = read_one(set->module[i], keep_compressed);

		if (rc) {
			cli_error(0, "%s: %s", set->module[i]->path, strerror(-rc));
			return rc;
		}
	}
	return 0;
}

void kernel_modules_free(struct kernel_modules *set)
{
	for (size_t i = 0; i < set->n; i++)
		module_free(set->module[i]);
	free(set->module);
	for (size_t i = 0; i < set->nbuiltin; i++)
		free(set->builtin[i]);
	*set = (struct kernel_modules){ 0 };
}
