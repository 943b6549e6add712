/*
 * xenfarm master create. The domain is defined first, and says that it is not completed; its disk
 * appears whole or not at all; then the domain says that it is ready. So what was cut off anywhere
 * is seen, completed by the same command, and undone by `xenfarm master destroy`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "farm/master/boot.h"
#include "farm/master/define.h"
#include "farm/master/disk.h"
#include "farm/master/image-lock.h"
#include "farm/master/installer.h"
#include "farm/master/tree.h"
#include "farm/output.h"
#include "farm/virt/lock.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/paths.h"

#define MEMORY 1024 /* MiB, where nothing else is said: package managers need it */
#define DISK   8192
#define TREE_BYTES                                                                     \
	((uint64_t)1 << 30) /* what a recipe is expected to take, twice: tree and disk \
			     */

struct create {
	struct master_session *session;
	const struct cmd_master_options *options;
	const char *name;
	struct master_source source;
	struct master master; /* domain: NULL until it is defined */
	bool resumed;         /* an earlier run defined it */
	bool built;           /* its disk is complete */
	char uuid[RECORD_UUID_SIZE];
	char mac[18];
	char *disk, *tree, *boot, *cmdline, *share_key;
	struct master_tree new_tree;
	struct master_disk new_disk;
	struct master_boot new_boot;
	struct master_define define;
};

static void create_free(struct create *c)
{
	master_free(&c->master);
	master_source_free(&c->source);
	free(c->disk);
	free(c->tree);
	free(c->boot);
	free(c->cmdline);
	free(c->share_key);
}

/* --- what is to be made --- */

/* RFC 4122, of random numbers. */
static int make_uuid(char uuid[static RECORD_UUID_SIZE])
{
	uint8_t b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return cli_error(-errno, "random numbers");
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(uuid, RECORD_UUID_SIZE,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		b[15]);
	return 0;
}

static int look_for_domain(struct create *c)
{
	int r = master_look(c->session, c->name, &c->master);

	if (r < 0 || !c->master.domain)
		return r;
	if (c->master.damaged || c->master.record.state != RECORD_CREATING)
		return -cli_error(EEXIST,
			"there is a master %s already; take another name, or `xenfarm master "
			"destroy %s`",
			c->name, c->name);
	if (strcmp(c->master.record.share, c->session->context->share.uuid) != 0)
		return -cli_error(EEXIST,
			"the master %s was begun for another share, with the UUID %s; `xenfarm "
			"master destroy %s`",
			c->name, c->master.record.share, c->name);
	c->resumed = true;
	return master_require_off(&c->master, "complete");
}

static bool is_own_disk(const struct create *c)
{
	return !c->options->in_place;
}

static int choose_paths(struct create *c)
{
	const struct farm_context *context = c->session->context;
	const char *disks = context->settings.disks;
	AUTO_FREE char *own = NULL;

	if (asprintf(&own, "%s/%s" MASTER_DISK_SUFFIX, disks, c->name) < 0) {
		own = NULL;
		return cli_error(-ENOMEM, "%s", c->name);
	}
	if (asprintf(&c->tree, "%s.tree", own) < 0 ||
		asprintf(&c->share_key, "%s.pub", context->key_path) < 0)
		return cli_error(-ENOMEM, "%s", c->name);
	c->boot = master_boot_directory(c->session, c->name);
	c->disk = strdup(is_own_disk(c) ? own : c->source.path);
	if (!c->boot || !c->disk)
		return cli_error(-ENOMEM, "%s", c->name);
	if (!is_own_disk(c) && strcmp(c->disk, own) == 0)
		return -cli_error(EINVAL,
			"%s is where a master's own disk would be, and be removed with it; move "
			"the image, or leave out --in-place",
			own);
	return 0;
}

static int choose_identity(struct create *c)
{
	time_t now = time(NULL);
	struct record *record = &c->define.record;
	struct tm tm;
	int r = 0;

	*record = (struct record){ .role = RECORD_MASTER, .state = RECORD_CREATING };
	strcpy(record->share, c->session->context->share.uuid);
	strftime(record->created, sizeof(record->created), "%Y-%m-%dT%H:%M:%SZ",
		gmtime_r(&now, &tm));
	if (c->resumed) {
		*record = c->master.record;
		strcpy(c->uuid, c->master.uuid);
	} else {
		r = make_uuid(c->uuid);
	}
	if (r == 0 && !(c->resumed && master_address(&c->master, &c->define.address)))
		r = master_define_address(c->session, c->name, &c->define.address);
	strcpy(c->mac, domain_xml_mac(&c->define.address).text);
	return r;
}

/* The packages that the settings name are for a tree without the clients' programs. */
static void choose_programs(struct create *c)
{
	if (!c->new_tree.client_packages && !c->new_tree.client_root &&
		master_tree_needs_programs(&c->new_tree))
		c->new_tree.client_packages = c->session->context->settings.client_packages;
}

static void describe(struct create *c)
{
	const struct farm_context *context = c->session->context;
	const struct cmd_master_options *o = c->options;

	c->new_tree = (struct master_tree){ .path = c->tree,
		.source = &c->source,
		.name = c->name,
		.packages = o->packages,
		.mirror = context->settings.mirror,
		.proxy = context->settings.proxy,
		.client_root = o->client_root,
		.client_packages = o->client_packages,
		.ssh_key = o->ssh_key,
		.share_key = access(c->share_key, R_OK) == 0 ? c->share_key : NULL,
		.ssh_ca = access(context->settings.ssh_ca, R_OK) == 0 ? context->settings.ssh_ca
								      : NULL,
		.uuid = c->uuid,
		.mac = c->mac };
	choose_programs(c);
	c->new_disk = (struct master_disk){ .path = c->disk,
		.size = context->options.disk ? context->options.disk : DISK,
		.uuid = c->uuid,
		.tree = c->tree,
		.source = &c->source };
	c->new_boot = (struct master_boot){ .disk = c->disk,
		.directory = c->boot,
		.name = c->name,
		.console = master_define_console(c->session) };
	c->define.name = c->name;
	c->define.uuid = c->uuid;
	c->define.disk = c->disk;
	c->define.format =
		is_own_disk(c) || strcmp(c->source.format, "raw") == 0 ? NULL : c->source.format;
	c->define.boot = c->boot;
	c->define.share_name = context->share.path;
	c->define.memory = context->options.memory ? context->options.memory : MEMORY;
	c->define.cpus = context->options.cpus ? context->options.cpus : context->settings.cpus;
}

/* --- checks --- */

static int check_image(const struct create *c)
{
	AUTO_CLOSE int lock = -1;
	int r = is_own_disk(c) ? master_program_check("qemu-img", "qemu-utils") : 0;

	if (c->options->packages || c->options->client_root || c->options->client_packages ||
		c->options->ssh_key)
		return -cli_error(EINVAL, "a disk image is taken as it is: --packages, "
					  "--client-root, --client-package and --ssh-key go with a "
					  "recipe or a tree");
	if (r == 0 && geteuid() != 0)
		r = -cli_error(EPERM, "only root can look into a disk image");
	if (r < 0)
		return r;
	if (!is_own_disk(c))
		return c->resumed ? 0 : master_define_check_disk(c->session, c->source.path);
	lock = image_lock(c->source.path, false);
	return lock < 0 ? lock : 0;
}

static int check_source(const struct create *c)
{
	if (c->options->in_place && c->source.kind != MASTER_FROM_IMAGE)
		return -cli_error(EINVAL, "--in-place goes with a disk image only");
	if (c->source.kind == MASTER_FROM_IMAGE)
		return check_image(c);
	if (c->source.kind == MASTER_FROM_ISO)
		return installer_check();
	return master_tree_check(&c->new_tree);
}

/* A disk that is there when its domain is known belongs to it: the run before was cut off later. */
static int check_disk(struct create *c)
{
	uint64_t bytes = 0;
	int r = 0;

	c->built = !is_own_disk(c) || (c->resumed && access(c->disk, F_OK) == 0);
	if (c->built)
		return 0;
	if (!c->resumed && access(c->tree, F_OK) == 0)
		return -cli_error(EEXIST,
			"%s exists, and no master is being made there; move it away", c->tree);
	if (c->source.kind == MASTER_FROM_TREE)
		r = master_tree_size(c->source.path, &bytes);
	else if (c->source.kind == MASTER_FROM_RECIPE)
		bytes = TREE_BYTES;
	return r < 0 ? cli_error(r, "%s", c->source.path) : master_disk_check(c->disk, 2 * bytes);
}

static int plan(struct create *c)
{
	struct farm_context *context = c->session->context;
	int r = master_source_open(context->share_options.from, &c->source);

	if (r == 0)
		r = share_open(context->share_path, &context->share);
	if (r == 0)
		r = look_for_domain(c);
	if (r == 0)
		r = choose_paths(c);
	if (r < 0)
		return r;
	describe(c);
	r = check_source(c);
	if (r == 0)
		r = check_disk(c);
	return r;
}

/* --- steps --- */

static int define(void *arg)
{
	struct create *c = arg;
	AUTO_FREE char *xml = master_define_xml(c->session, &c->define);

	if (!xml)
		return cli_error(-ENOMEM, "%s", c->name);
	return master_define(c->session, c->name, xml, &c->master.domain);
}

static int sweep(struct create *c)
{
	int r = master_tree_remove(c->tree);

	return r == 0 && is_own_disk(c) ? master_disk_sweep(c->disk) : r;
}

static int make_disk_of_tree(void *arg)
{
	struct create *c = arg;
	int r = master_disk_make(&c->new_disk);

	return r == 0 ? master_tree_remove(c->tree) : r;
}

static int build_from_tree(struct create *c)
{
	struct operation *op = &c->session->operation;
	int r = c->source.kind == MASTER_FROM_RECIPE
			? operation_step(op, master_tree_install, &c->new_tree,
				  "install %s by mmdebstrap, which takes minutes",
				  c->source.recipe->title)
			: operation_step(
				  op, master_tree_install, &c->new_tree, "copy %s", c->source.path);

	if (r == 0 && master_tree_needs_programs(&c->new_tree))
		r = operation_step(op, master_tree_add_programs, &c->new_tree,
			"install the programs of clients");
	if (r == 0)
		r = operation_step(op, master_tree_personalize, &c->new_tree,
			"make it %s: fstab, keys%s", c->name,
			c->source.kind == MASTER_FROM_RECIPE ? ", name, network" : "");
	return r == 0 ? operation_step(op, make_disk_of_tree, c, "make the disk %s of it, %u MiB",
				c->disk, c->new_disk.size)
		      : r;
}

static int build(struct create *c)
{
	struct operation *op = &c->session->operation;

	switch (c->source.kind) {
	case MASTER_FROM_IMAGE:
		return operation_step(op, master_disk_copy, &c->new_disk, "copy %s to %s",
			c->source.path, c->disk);
	case MASTER_FROM_ISO:
		return operation_step(op, master_disk_blank, &c->new_disk,
			"make the blank disk %s, %u MiB", c->disk, c->new_disk.size);
	default:
		return build_from_tree(c);
	}
}

/* What it is from now on. */
static int complete(void *arg)
{
	struct create *c = arg;

	c->define.record.state = RECORD_READY;
	c->cmdline = master_boot_has_kernel(c->boot) ? master_boot_cmdline(c->boot) : NULL;
	c->define.cmdline = c->cmdline;
	return define(c);
}

static int begin_installer(void *arg)
{
	struct create *c = arg;
	const struct installer installer = {
		.session = c->session, .define = &c->define, .iso = c->source.path
	};

	return installer_start(&installer, &c->master.domain);
}

static int finish(struct create *c)
{
	struct operation *op = &c->session->operation;
	int r;

	if (c->source.kind == MASTER_FROM_ISO) {
		r = operation_step(
			op, begin_installer, c, "start the installer of %s", c->source.path);
		if (r == 0 && !op->dry_run)
			output_line(
				"it goes on in the console of %s: `xenfarm master console %s`, or "
				"virt-viewer(1)",
				c->name, c->name);
		return r;
	}
	r = operation_step(op, master_boot_take, &c->new_boot, "take its kernel to %s", c->boot);
	if (r == 0 && !op->dry_run && !master_boot_has_kernel(c->boot) &&
		!master_boot_has_loader(c->disk))
		cli_error(0,
			"warning: %s has no kernel with an initrd of its distribution: it can be "
			"published, and updated with --offline, but not started",
			c->name);
	return r == 0 ? operation_step(op, complete, c, "%s is complete", c->name) : r;
}

/* With the farm's lock, as two masters must not get one address. */
static int begin(struct create *c)
{
	struct operation *op = &c->session->operation;
	AUTO_CLOSE int lock = -1;
	int r;

	if (!op->dry_run) {
		lock = virt_lock(PATH_RUN, "master create", VIRT_LOCK_PATIENCE);
		if (lock < 0)
			return lock;
	}
	r = choose_identity(c);
	if (r == 0 && op->dry_run) {
		AUTO_FREE char *xml = master_define_xml(c->session, &c->define);

		operation_show(op, "the domain", xml ? xml : "");
	}
	if (r == 0 && !c->resumed)
		r = operation_step(op, define, c, "define the domain %s, to be completed", c->name);
	return r;
}

/* After a failure: what this run made, and no earlier one. */
static void undo(struct create *c, bool built_before)
{
	if (c->session->operation.dry_run)
		return;
	sweep(c);
	if (!c->resumed && c->master.domain) {
		if (is_own_disk(c) && !built_before)
			master_disk_remove(c->disk);
		master_boot_remove(c->boot);
		if (virDomainUndefine(c->master.domain) < 0)
			virt_error(NULL, "cannot undefine %s", c->name);
	}
}

static int create(struct create *c)
{
	bool built_before;
	int r = plan(c);

	if (r < 0)
		return r;
	built_before = c->built;
	r = begin(c);
	/* Also where the disk is complete: the run before may have been cut off just then. */
	if (r == 0 && (c->resumed || !c->built) && !c->session->operation.dry_run)
		r = sweep(c);
	if (r == 0 && !c->built)
		r = build(c);
	if (r == 0)
		r = finish(c);
	if (r < 0)
		undo(c, built_before);
	return r;
}

int master_cmd_create(void *options, char **arguments)
{
	struct farm_context *context = options;
	struct master_session session;
	struct create c = {
		.session = &session, .options = &context->master_options, .name = arguments[0]
	};
	int r = master_session_begin_change(&session, context, "create", c.name);

	if (r == 0)
		r = create(&c);
	create_free(&c);
	return master_session_end(&session, r);
}
