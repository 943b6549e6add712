/* What doctor asks of the host: libvirt, programs, clock, space. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "farm/net/doctor.h"
#include "farm/virt/kvm.h"
#include "farm/virt/virt.h"
#include "lib/array.h"

#define LIBVIRT_LEAST 9000000UL /* 9.0.0, as libvirt writes it */
#define QEMU_LEAST    7000000UL
#define SPACE_LEAST   ((uint64_t)1 << 30) /* bytes */
#define YEAR_LEAST    2026

static void check_libvirt(struct doctor *d, struct doctor_finding *f)
{
	const char *uri = d->context->settings.host.uri;
	unsigned long version = 0;

	if (!d->has_libvirt)
		doctor_fail(f, "systemctl start libvirtd", "%s cannot be used", uri);
	else if (virConnectGetLibVersion(d->server.connection, &version) < 0)
		doctor_fail(f, "systemctl restart libvirtd", "%s does not answer", uri);
	else if (version < LIBVIRT_LEAST)
		doctor_fail(f, "install libvirt 9.0 or later", "libvirt %lu.%lu is too old",
			version / 1000000, version / 1000 % 1000);
	else
		doctor_ok(f, "libvirt %lu.%lu.%lu, %s, %zu clients", version / 1000000,
			version / 1000 % 1000, version % 1000, uri, d->server.n_clients);
}

static void check_hypervisor(struct doctor *d, struct doctor_finding *f)
{
	unsigned long version = 0;
	const char *type = d->has_libvirt ? virConnectGetType(d->server.connection) : NULL;

	if (!type)
		doctor_skip(f, "libvirt cannot be asked");
	else if (virConnectGetVersion(d->server.connection, &version) < 0 || version == 0)
		doctor_fail(f, "install qemu-system-x86, or boot Xen", "%s is not here", type);
	else if (virt_kind(d->server.connection) == VIRT_QEMU && version < QEMU_LEAST)
		doctor_fail(f, "install QEMU 7.0 or later", "QEMU %lu.%lu is too old",
			version / 1000000, version / 1000 % 1000);
	else
		doctor_ok(f, "%s %lu.%lu.%lu", type, version / 1000000, version / 1000 % 1000,
			version % 1000);
}

static void check_kvm(struct doctor *d, struct doctor_finding *f)
{
	if (!d->has_libvirt || virt_kind(d->server.connection) != VIRT_QEMU)
		doctor_skip(f, "not needed without QEMU");
	else if (access("/dev/kvm", F_OK) < 0)
		doctor_warn(f,
			"enable virtualization in the firmware; modprobe kvm_intel or kvm_amd",
			"there is no /dev/kvm: clients are emulated, and slow");
	else if (kvm_works(d->context->settings.run))
		doctor_ok(f, "KVM works");
	else
		doctor_warn(f, "remove /dev/kvm, or enable nested virtualization",
			"/dev/kvm is there and does not work: clients are emulated, and libvirt is "
			"slow");
}

static void check_programs(struct doctor *d, struct doctor_finding *f)
{
	static const struct {
		const char *name, *package;
	} programs[] = { { "nft", "nftables" }, { "bridge", "iproute2" },
		{ "unshare", "util-linux" }, { "mke2fs", "e2fsprogs" }, { "rsync", "rsync" } };
	const char *path = getenv("PATH");
	char command[64];

	(void)d;
	doctor_ok(f, "all are installed");
	for (size_t i = 0; path && i < ARRAY_SIZE(programs); i++) {
		char mend[64];

		snprintf(command, sizeof(command), "command -v %s >/dev/null", programs[i].name);
		snprintf(mend, sizeof(mend), "apt install %s", programs[i].package);
		if (system(command) != 0)
			doctor_fail(f, mend, "%s is not in PATH", programs[i].name);
	}
}

/* Signatures and generations have times, and clients compare them. */
static void check_clock(struct doctor *d, struct doctor_finding *f)
{
	struct timex timex = { 0 };
	time_t now = time(NULL);
	struct tm tm;

	(void)d;
	gmtime_r(&now, &tm);
	if (tm.tm_year + 1900 < YEAR_LEAST)
		doctor_fail(f, "timedatectl set-ntp true", "the clock says %d", tm.tm_year + 1900);
	else if (adjtimex(&timex) == TIME_ERROR)
		doctor_warn(f, "timedatectl set-ntp true", "the clock follows no other");
	else
		doctor_ok(f, "the clock is kept");
}

static void check_space(struct doctor *d, struct doctor_finding *f)
{
	const struct net_farm *farm = &d->server.farm;
	const char *const places[] = { d->context->share_path, farm->disks, farm->boot };
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct statvfs st;
		uint64_t space;

		if (statvfs(places[i], &st) < 0)
			continue;
		space = (uint64_t)st.f_bavail * st.f_frsize;
		least = space < least ? space : least;
		if (space < SPACE_LEAST || (st.f_files && st.f_favail < 10000)) {
			doctor_fail(f, i == 0 ? "xenfarm share gc" : "make room there",
				"%s: %ju MiB and %ju files are left", places[i],
				(uintmax_t)(space >> 20), (uintmax_t)st.f_favail);
			return;
		}
	}
	if (least == UINT64_MAX)
		doctor_fail(f, "xenfarm init", "there is neither a share nor a place for disks");
	else
		doctor_ok(f, "at least %ju GiB for the share and for disks",
			(uintmax_t)(least >> 30));
}

const struct doctor_check doctor_of_host[] = {
	{ "libvirt", check_libvirt },
	{ "hypervisor", check_hypervisor },
	{ "kvm", check_kvm },
	{ "programs", check_programs },
	{ "clock", check_clock },
	{ "space", check_space },
	{ NULL, NULL },
};
