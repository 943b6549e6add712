/* mount_recognise_share() on directorys that are a share, or not quite. */
#include "initrd/nfs/mount.h"

#include "initrd/test/fake.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <stdlib.h>

#define LAYOUT "# xenfarm layout 1\\nbind usr\\n"

#define CANARY                                                                                \
	"mkdir -p channel/canary/live; echo 12 >channel/canary/current; printf '" LAYOUT "' " \
	">channel/canary/layout; "

static char directory[] = "/tmp/share_test.XXXXXX";

static const struct {
	const char *name, *make; /* shell commands that make the share, run inside of it */
	uint32_t xfgen;
	int error;
	const char *said,
		*tree; /* fail_note()'s object if error, else the tree below the directory */
	uint32_t generation;
	const char *channel; /* NULL: live */
} rows[] = {
	{ "a share", "echo 12 >current; printf '" LAYOUT "' >layout; mkdir -p live gen/12", 0, 0,
		NULL, "/live", 12 },
	{ "a pinned generation",
		"echo 12 >current; printf '" LAYOUT "' >layout; mkdir -p live gen/7", 7, 0, NULL,
		"/gen/7", 7 },
	{ "a pinned generation's own layout",
		"echo 12 >current; echo bad >layout; mkdir -p manifest live gen/7; printf '" LAYOUT
		"' >manifest/7.layout",
		7, 0, NULL, "/gen/7", 7 },
	{ "no pin: the newest layout",
		"echo 12 >current; printf '" LAYOUT "' >layout; mkdir -p manifest live; echo bad "
		">manifest/12.layout",
		0, 0, NULL, "/live", 12 },
	{ "a bad layout of the pinned generation",
		"echo 12 >current; printf '" LAYOUT
		"' >layout; mkdir -p manifest gen/7; printf '" LAYOUT "bend\n' >manifest/7.layout",
		7, -EINVAL, "10.0.0.1:/srv/share/manifest/7.layout, line 3: unknown word", NULL,
		0 },
	{ "a layout that cannot be read",
		"echo 12 >current; printf '" LAYOUT "' >layout; mkdir -p manifest/7.layout gen/7",
		7, -EISDIR, "10.0.0.1:/srv/share/manifest/7.layout", NULL, 0 },
	{ "a pin that is gone",
		"echo 12 >current; printf '" LAYOUT "' >layout; mkdir -p live gen/12", 7, -ENOENT,
		"10.0.0.1:/srv/share/gen/7", NULL, 0 },
	{ "an empty directory", ":", 0, -ENOENT, "10.0.0.1:/srv/share/current", NULL, 0 },
	{ "no layout", "echo 12 >current; mkdir live", 0, -ENOENT, "10.0.0.1:/srv/share/layout",
		NULL, 0 },
	{ "no live", "echo 12 >current; printf '" LAYOUT "' >layout", 0, -ENOENT,
		"10.0.0.1:/srv/share/live", NULL, 0 },
	{ "live as a file", "echo 12 >current; printf '" LAYOUT "' >layout; : >live", 0, -ENOTDIR,
		"10.0.0.1:/srv/share/live", NULL, 0 },
	{ "an empty current", ": >current", 0, -EINVAL, "10.0.0.1:/srv/share/current", NULL, 0 },
	{ "a current of words", "echo 12a >current", 0, -EINVAL, "10.0.0.1:/srv/share/current",
		NULL, 0 },
	{ "generation 0", "echo 0 >current", 0, -EINVAL, "10.0.0.1:/srv/share/current", NULL, 0 },
	{ "a number too large", "echo 4294967297 >current", 0, -EINVAL,
		"10.0.0.1:/srv/share/current", NULL, 0 },
	{ "current as a directory", "mkdir current", 0, -EISDIR, "10.0.0.1:/srv/share/current",
		NULL, 0 },
	{ "a bad layout", "echo 12 >current; printf '" LAYOUT "bend\\n' >layout; mkdir live", 0,
		-EINVAL, "10.0.0.1:/srv/share/layout, line 3: unknown word", NULL, 0 },
	{ "a layout too long", "echo 12 >current; head -c 9000 /dev/zero >layout; mkdir live", 0,
		-EINVAL, "10.0.0.1:/srv/share/layout, line 1: too many bytes", NULL, 0 },
	{ "a channel, with its own generation and layout",
		CANARY "echo 7 >current; echo bad >layout; mkdir live", 0, 0, NULL,
		"/channel/canary/live", 12, "canary" },
	{ "a channel that does not exist", CANARY "echo 7 >current", 0, -ENOENT,
		"10.0.0.1:/srv/share/channel/other/current", NULL, 0, "other" },
	{ "a channel of something that is not a share", CANARY "rm -f current", 0, -ENOENT,
		"10.0.0.1:/srv/share/current", NULL, 0, "canary" },
	{ "a channel without a layout", CANARY "echo 7 >current; rm channel/canary/layout", 0,
		-ENOENT, "10.0.0.1:/srv/share/channel/canary/layout", NULL, 0, "canary" },
	{ "a channel without a tree", CANARY "echo 7 >current; rmdir channel/canary/live", 0,
		-ENOENT, "10.0.0.1:/srv/share/channel/canary/live", NULL, 0, "canary" },
	{ "a channel whose current is damaged",
		CANARY "echo 7 >current; echo x >channel/canary/current", 0, -EINVAL,
		"10.0.0.1:/srv/share/channel/canary/current", NULL, 0, "canary" },
};

static void test_row(size_t i)
{
	static struct mounted_share share;
	static struct xf_cmdline cmdline = { .share_path = "/srv/share" };
	char command[512];

	fake_reset();
	memset(&share, 0, sizeof(share));
	share.server = (struct xf_addr){ 4, { 10, 0, 0, 1 } };
	cmdline.generation = rows[i].xfgen;
	strcpy(cmdline.channel, rows[i].channel ? rows[i].channel : "live");
	snprintf(command, sizeof(command), "rm -rf %s && mkdir %s && cd %s && { %s; }", directory,
		directory, directory, rows[i].make);
	if (system(command)) {
		CHECK(0, command);
		return;
	}
	CHECK(mount_recognise_share(&cmdline, directory, &share) == rows[i].error, rows[i].name);
	if (rows[i].error) {
		CHECK(strncmp(fake_object, rows[i].said, strlen(rows[i].said)) == 0, rows[i].said);
		return;
	}
	CHECK_STR(share.tree + strlen(directory), rows[i].tree, "its tree");
	CHECK(share.generation == rows[i].generation && share.current == 12, "its generation");
	CHECK(share.layout.n == 1, "its layout");
}

int main(void)
{
	char command[64];

	if (!mkdtemp(directory))
		return 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(i);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command) || tap_done();
}
