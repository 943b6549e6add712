#include "farm/publish/origin.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "farm/publish/disk-image.h"
#include "farm/publish/subvolumes.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/paths.h"
#include "lib/spawn.h"

#define RAW            PATH_RUN "/raw"
#define EXPORT_SECONDS 10

static bool is_qcow2(int fd)
{
	char magic[4];

	return pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
	       memcmp(magic, "QFI\xfb", sizeof(magic)) == 0;
}

/* --- a namespace and a directory for the mounts --- */

static int make_directory(const char *from, struct origin *source)
{
	if (geteuid() != 0)
		return cli_error(-EPERM,
			"%s is a disk image, which only root can mount; name the directory where "
			"it is mounted",
			from);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return cli_error(-errno, "cannot make a mount namespace for %s", from);
	if (mkdir(PATH_RUN, 0700) < 0 && errno != EEXIST)
		return cli_error(-errno, PATH_RUN);
	/* Only this process and its children see it, so two of them do not collide. */
	if (mount("xenfarm", PATH_RUN, "tmpfs", MS_NOSUID | MS_NODEV, "mode=700,size=64k") < 0)
		return cli_error(-errno, "cannot mount a tmpfs on " PATH_RUN);
	source->mounted = true;
	source->path = strdup(PATH_RUN "/root");
	if (!source->path || mkdir(source->path, 0700) < 0)
		return cli_error(-errno, PATH_RUN "/root");
	return 0;
}

/* --- qcow2: exported as a raw file, by FUSE --- */

static int wait_for_export(pid_t exporter)
{
	static const struct timespec pause = { 0, 20000000 };
	struct stat st;

	for (int i = 0; i < EXPORT_SECONDS * 50; i++) {
		siginfo_t ended = { 0 };

		if (stat(RAW, &st) == 0 && st.st_size > 0)
			return 0;
		if (waitid(P_PID, (id_t)exporter, &ended, WEXITED | WNOHANG | WNOWAIT) < 0 ||
			ended.si_pid != 0)
			break;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

/* Commas separate qemu's options, so commas in a name are doubled. */
static char *double_commas(const char *text)
{
	char *out = malloc(2 * strlen(text) + 1), *to = out;

	for (; out && *text; text++) {
		*to++ = *text;
		if (*text == ',')
			*to++ = ',';
	}
	if (out)
		*to = '\0';
	return out;
}

static int export(const char *image, struct origin *source)
{
	AUTO_FREE char *name = double_commas(image), *file = NULL;
	const char *format = source->writable
				     ? "driver=qcow2,node-name=image,file=file,read-only=off"
				     : "driver=qcow2,node-name=image,file=file,read-only=on";
	const char *export =
		source->writable ? "type=fuse,id=raw,node-name=image,writable=on,mountpoint=" RAW
				 : "type=fuse,id=raw,node-name=image,writable=off,mountpoint=" RAW;

	if (!name ||
		asprintf(&file, "driver=file,node-name=file,read-only=%s,locking=auto,filename=%s",
			source->writable ? "off" : "on", name) < 0)
		return cli_error(-ENOMEM, "%s", image);
	if (mknod(RAW, S_IFREG | 0600, 0) < 0)
		return cli_error(-errno, RAW);
	source->exporter = spawn_start(&(const struct spawn){
		.argv = (const char *[]){ "qemu-storage-daemon", "--blockdev", file, "--blockdev",
			format, "--export", export, NULL },
		.out = -1,
		.kept = -1,
		.dies_with_parent = true,
	});
	if (source->exporter < 0 || wait_for_export(source->exporter) < 0)
		return -cli_error(EIO,
			"cannot open %s: check that qemu-storage-daemon(1) is installed, that FUSE "
			"is available, and that the machine with this disk is shut down",
			image);
	return 0;
}

/* --- the root file system in it --- */

static int mount_part(const char *raw, const struct disk_image_part *part, const char *subvolume,
	const struct origin *source)
{
	AUTO_FREE char *options = NULL;
	int status, r;

	/* mount(8) makes a loop device that is removed with the mount. */
	if (asprintf(&options, "%s,loop,offset=%ju,sizelimit=%ju%s",
		    source->writable ? "rw" : "ro,nodev,nosuid", (uintmax_t)part->offset,
		    (uintmax_t)part->size, subvolume) < 0)
		return -ENOMEM;
	r = spawn_run(
		&(const struct spawn){
			.argv = (const char *[]){ "mount", "-t", part->type, "-o", options, raw,
				source->path, NULL },
			.out = -1,
			.kept = -1,
			.dies_with_parent = true,
		},
		&status);
	return r == 0 && status ? -EIO : r;
}

static bool holds_installation(const char *root)
{
	static const char *const signs[] = { "usr/lib/os-release", "etc/os-release", "etc/passwd" };
	AUTO_CLOSE int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (faccessat(dir, signs[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	return false;
}

/* A root on btrfs need not be in the default subvolume: Debian, Ubuntu and Fedora call it so.
 * Returns 1 if it was found, and is mounted; 0; or -errno: the partition cannot be mounted. */
static int mount_installation(
	const char *raw, const struct disk_image_part *part, const struct origin *source)
{
	static const char *const subvolumes[] = { "", ",subvol=@rootfs", ",subvol=@",
		",subvol=root" };
	size_t n = strcmp(part->type, "btrfs") == 0 ? ARRAY_SIZE(subvolumes) : 1;

	for (size_t i = 0; i < n; i++) {
		int r = mount_part(raw, part, subvolumes[i], source);

		if (r < 0 && i == 0)
			return r;
		if (r == 0 && holds_installation(source->path))
			return 1;
		if (r == 0)
			umount(source->path);
	}
	return 0;
}

static int mount_chosen(const char *from, const char *raw, const struct disk_image *image,
	uint32_t partition, const struct origin *source)
{
	for (unsigned int i = 0; i < image->n; i++) {
		const struct disk_image_part *part = &image->part[i];
		int r;

		if (partition && part->number != partition)
			continue;
		r = mount_installation(raw, part, source);
		if (r < 0)
			return -cli_error(EIO,
				"cannot mount partition %u of %s (%s), see above; was its "
				"machine shut down cleanly?",
				part->number, from, part->type);
		if (r > 0 || (partition && mount_part(raw, part, "", source) == 0))
			return 0;
	}
	if (partition)
		return -cli_error(ENOENT, "%s has no file system in partition %u", from, partition);
	return -cli_error(ENOENT,
		"%s: no partition holds an installation (LVM, encryption and RAID are not "
		"supported: mount it, and name the directory)",
		from);
}

static int mount_root(
	const char *from, const char *raw, int fd, uint32_t partition, struct origin *source)
{
	struct disk_image image;
	int r = disk_image_probe(fd, &image);

	return r < 0 ? cli_error(r, "%s", from)
		     : mount_chosen(from, raw, &image, partition, source);
}

static int open_image(const char *from, uint32_t partition, struct origin *source)
{
	AUTO_FREE char *image = realpath(from, NULL);
	AUTO_CLOSE int fd = open(from, O_RDONLY | O_CLOEXEC), raw = -1;
	int r;

	if (!image || fd < 0)
		return cli_error(-errno, "%s", from);
	r = make_directory(from, source);
	if (r < 0)
		return r;
	if (is_qcow2(fd)) {
		r = export(image, source);
		if (r < 0)
			return r;
		raw = open(RAW, O_RDONLY | O_CLOEXEC);
		return raw < 0 ? cli_error(-errno, RAW)
			       : mount_root(from, RAW, raw, partition, source);
	}
	return mount_root(from, image, fd, partition, source);
}

static int open_root(const char *from, struct origin *source)
{
	source->dir = source->path ? open(source->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (source->dir < 0)
		return cli_error(-errno, "%s", from);
	return source->mounted ? subvolumes_mount(source->path, source->dir, source->writable) : 0;
}

int origin_open_writable(const char *image, struct origin *source)
{
	int r;

	*source = (struct origin){ .dir = -1, .writable = true };
	r = open_image(image, 0, source);
	return r < 0 ? r : open_root(image, source);
}

int origin_open(const char *from, uint32_t partition, struct origin *source)
{
	struct stat st;
	int r = 0;

	*source = (struct origin){ .dir = -1 };
	if (stat(from, &st) < 0)
		return cli_error(-errno, "%s", from);
	if (S_ISDIR(st.st_mode))
		source->path = realpath(from, NULL);
	else
		r = open_image(from, partition, source);
	return r < 0 ? r : open_root(from, source);
}

void origin_close(struct origin *source)
{
	int status;

	if (source->dir >= 0)
		close(source->dir);
	if (source->mounted) {
		umount2(source->path, MNT_DETACH);
		if (source->exporter > 0) {
			kill(source->exporter, SIGTERM);
			spawn_wait(source->exporter, 0, &status);
		}
		umount2(PATH_RUN, MNT_DETACH);
	}
	free(source->path);
}
