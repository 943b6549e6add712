#include "farm/master/boot-choice.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"

/* How Debian, Fedora and SUSE call a kernel's initrd: before its version, and after. */
static const struct {
	const char *before, *after;
} initrds[] = { { "initrd.img-", "" }, { "initramfs-", ".img" }, { "initrd-", "" } };

static bool has(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Take this version if it is newer than what is chosen, and complete. */
static void consider(const char *version, const char *kernel, const char *const *boot, size_t n,
	struct boot_choice *choice)
{
	char initrd[PATH_MAX];

	if (*choice->version && strverscmp(version, choice->version) <= 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(initrds); i++) {
		snprintf(initrd, sizeof(initrd), "%s%s%s", initrds[i].before, version,
			initrds[i].after);
		if (!has(boot, n, initrd))
			continue;
		snprintf(choice->kernel, sizeof(choice->kernel), "%s", kernel);
		snprintf(choice->initrd, sizeof(choice->initrd), "boot/%s", initrd);
		snprintf(choice->version, sizeof(choice->version), "%s", version);
		return;
	}
}

int boot_choose(const char *const *boot, size_t n, const char *const *modules, size_t n_modules,
	struct boot_choice *choice)
{
	static const char prefix[] = "vmlinuz-";
	char kernel[PATH_MAX];

	memset(choice, 0, sizeof(*choice));
	for (size_t i = 0; i < n; i++) {
		if (strncmp(boot[i], prefix, strlen(prefix)) != 0)
			continue;
		snprintf(kernel, sizeof(kernel), "boot/%s", boot[i]);
		consider(boot[i] + strlen(prefix), kernel, boot, n, choice);
	}
	for (size_t i = 0; i < n_modules; i++) {
		snprintf(kernel, sizeof(kernel), "usr/lib/modules/%s/vmlinuz", modules[i]);
		consider(modules[i], kernel, boot, n, choice);
	}
	return *choice->version ? 0 : -ENOENT;
}
