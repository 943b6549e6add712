#include "initrd/modules.h"

#include "initrd/error.h"
#include "initrd/fail.h"
#include "initrd/file.h"
#include "initrd/log.h"
#include "initrd/modtable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODULE_DIR   "/lib/xenfarm"
#define MODULE_TABLE MODULE_DIR "/modules"
#define MODALIAS_MAX 512

#ifndef MODULE_INIT_COMPRESSED_FILE
#define MODULE_INIT_COMPRESSED_FILE 4 /* <linux/module.h>, since Linux 5.17 */
#endif

extern int finit_module(
	int fd, const char *params, int flags); /* klibc has it, without a prototype */

static struct modtable table;

static char *map_table(size_t *length)
{
	struct stat st = { .st_size = 0 };
	int fd = open(MODULE_TABLE, O_RDONLY | O_CLOEXEC);
	char *text = MAP_FAILED;

	if (fd < 0)
		return NULL;
	/* One byte more, for the parser's NUL. */
	if (fstat(fd, &st) == 0)
		text = mmap(NULL, st.st_size + 1, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (text != MAP_FAILED && read(fd, text, st.st_size) != st.st_size)
		text = MAP_FAILED;
	close(fd);
	*length = st.st_size;
	return text == MAP_FAILED ? NULL : text;
}

int modules_open(void)
{
	size_t length;
	unsigned int line;
	char *text = map_table(&length);

	if (!text)
		return fail_note(-errno, "build the initrd with xf-mkinitrd", MODULE_TABLE);
	if (modtable_parse(text, length, &table, &line) < 0)
		return fail_note(-EINVAL, "build the initrd with xf-mkinitrd",
			MODULE_TABLE ", line %u", line);
	return 0;
}

static int insert(const struct modtable_module *module)
{
	char path[128];
	const char *dot = strrchr(module->file, '.');
	int fd, rc;

	snprintf(path, sizeof(path), MODULE_DIR "/%s", module->file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = finit_module(fd, "", dot && strcmp(dot, ".ko") ? MODULE_INIT_COMPRESSED_FILE : 0);
	rc = rc < 0 && errno != EEXIST ? -errno : 0;
	close(fd);
	return rc;
}

static int load_one(struct modtable_module *module)
{
	int rc = 0;

	if (module->tried || module->builtin)
		return 0;
	module->tried = true;
	rc = insert(module);
	/* A driver returns ENODEV where it has no device, such as a CPU's crypto extension. */
	if (rc < 0 && rc != -ENODEV)
		log_warn("%s: cannot load: %s", module->name, error_name(rc));
	return rc;
}

/* Dependencies first; one that fails is logged, and then the module is tried anyway. */
static int load(struct modtable_module *module)
{
	char name[64];

	for (const char *p = module->deps; *p; p += *p == ',') {
		size_t n = strcspn(p, ",");
		struct modtable_module *dep;

		snprintf(name, sizeof(name), "%.*s", (int)n, p);
		dep = modtable_find(&table, name);
		if (dep)
			load_one(dep);
		else
			log_warn("%s needs %s, which is not in the initrd", module->name, name);
		p += n;
	}
	return load_one(module);
}

/* The drivers for the devices of one bus; returns how many modules were loaded. */
static int load_for_bus(const char *bus)
{
	char path[256], alias[MODALIAS_MAX];
	struct modtable_module *module;
	struct dirent *d;
	int loaded = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/%s/devices", bus);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/bus/%s/devices/%s/modalias", bus, d->d_name);
		if (d->d_name[0] == '.' || file_read(path, alias, sizeof(alias)) <= 0)
			continue;
		module = modtable_find(&table, alias);
		if (!module || module->tried || module->builtin)
			continue;
		if (load(module) == 0)
			log_info("%s for %s %s", module->name, bus, d->d_name);
		loaded++;
	}
	if (dir)
		closedir(dir);
	return loaded;
}

void modules_rescan(void)
{
	struct dirent *d;
	int loaded;

	do {
		DIR *dir = opendir("/sys/bus");

		loaded = 0;
		while (dir && (d = readdir(dir)))
			if (d->d_name[0] != '.')
				loaded += load_for_bus(d->d_name);
		if (dir)
			closedir(dir);
	} while (loaded > 0);
}

void modules_load_ahead(const char *name)
{
	struct modtable_module *module = modtable_find(&table, name);

	if (module && fork() == 0) {
		load(module);
		_exit(0);
	}
}

int modules_modprobe(int argc, char **argv)
{
	const char *name = argv[argc - 1];
	struct modtable_module *module;

	log_open("xf-init");
	log_step("modprobe");
	if (argc < 2 || modules_open() < 0)
		return 1;
	module = modtable_find(&table, name);
	/* Silent: the kernel also asks for modules that it can do without. */
	if (!module)
		return 1;
	return load(module) == 0 ? 0 : 1;
}
