/* The plan of a server's files: what is ours, what is left alone, and libvirt's network. */
#include "lib/test/scratch.h"

#include <errno.h>

#include "farm/net/compose.h"
#include "farm/net/files.h"
#include "farm/net/network.h"
#include "farm/net/test/farm.h"
#include "lib/array.h"

#define AA   "/etc/apparmor.d/local/usr.lib.libvirt.virt-aa-helper"
#define CONF "/etc/nfs.conf.d/xenfarm.conf"
#define LINK "/etc/systemd/system/multi-user.target.wants/xenfarm-net.service"

static struct net_plan plan_of(const struct net_facts *facts)
{
	struct net_farm farm = farm_of("10.77.0.1/16");
	struct net_plan plan;

	assert_int_equal(net_plan_make(&plan, &farm, NULL, 0, facts), 0);
	return plan;
}

/* Put a file where one of the plan goes. */
static void put(const char *path, const char *text)
{
	char command[512];

	snprintf(command, sizeof(command), "mkdir -p \"$(dirname '%s%s')\"", scratch_path, path);
	assert_int_equal(system(command), 0);
	scratch_write(path + 1, text);
}

static void plans_what_there_is(void **state)
{
	struct net_facts all = { true, true, false }, none = { .other_exports = true };
	AUTO_NET_PLAN struct net_plan with = plan_of(&all), without = plan_of(&none);

	(void)state;
	assert_non_null(net_plan_find(&with, "/etc/xen/scripts/vif-xenfarm"));
	assert_non_null(net_plan_find(&with, AA));
	assert_non_null(
		net_plan_find(&with, "/etc/systemd/system/nfs-server.service.d/xenfarm.conf"));
	assert_null(net_plan_find(&without, "/etc/xen/scripts/vif-xenfarm"));
	assert_null(net_plan_find(&without, AA));
	/* nfsd is not bound to the farm's address, and so need not wait for it. */
	assert_null(
		net_plan_find(&without, "/etc/systemd/system/nfs-server.service.d/xenfarm.conf"));
}

static void binds_nfs_to_ipv4_only(void **state)
{
	struct net_farm six = farm_of("fd00:77::1/64");
	struct net_facts facts = { 0 };
	AUTO_NET_PLAN struct net_plan plan = { 0 };

	(void)state;
	assert_int_equal(net_plan_make(&plan, &six, NULL, 0, &facts), 0);
	assert_null(net_plan_find(&plan, "/etc/systemd/system/nfs-server.service.d/xenfarm.conf"));
	assert_non_null(net_plan_find(&plan, CONF));
}

static void writes_and_removes(void **state)
{
	struct net_facts all = { true, true, false };
	AUTO_NET_PLAN struct net_plan plan = plan_of(&all);
	struct stat st;

	(void)state;
	for (size_t i = 0; i < plan.n; i++) {
		assert_int_equal(net_file_look(scratch, &plan.file[i]), NET_FILE_ABSENT);
		assert_int_equal(net_file_write(scratch, &plan.file[i]), 0);
		assert_int_equal(net_file_look(scratch, &plan.file[i]), NET_FILE_SAME);
		assert_int_equal(net_file_write(scratch, &plan.file[i]), 0);
	}
	assert_int_equal(fstatat(scratch, "etc/xen/scripts/vif-xenfarm", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	for (size_t i = plan.n; i-- > 0;) {
		assert_int_equal(net_file_remove(scratch, &plan.file[i]), 0);
		assert_int_equal(net_file_look(scratch, &plan.file[i]), NET_FILE_ABSENT);
		assert_int_equal(net_file_remove(scratch, &plan.file[i]), 0);
	}
	/* The profile includes it, whether anything is in it or not. */
	assert_int_equal(fstatat(scratch, AA + 1, &st, 0), 0);
	assert_int_equal(st.st_size, 0);
}

static void knows_whose_a_file_is(void **state)
{
	struct net_facts facts = { .apparmor = true };
	AUTO_NET_PLAN struct net_plan plan = plan_of(&facts);
	const struct net_file *conf = net_plan_find(&plan, CONF),
			      *link = net_plan_find(&plan, LINK);
	struct net_file other = { .path = CONF, .mode = 0644 };

	(void)state;
	put(CONF, "[nfsd]\n");
	assert_int_equal(net_file_look(scratch, conf), NET_FILE_FOREIGN);
	buf_puts(&other.content, "[nfsd]\nthreads = 8\n");
	assert_int_equal(net_sign(&other.content), 0);
	assert_int_equal(net_file_write(scratch, &other), 0);
	assert_int_equal(net_file_look(scratch, conf), NET_FILE_OLD);
	buf_puts(&other.content, "vers3 = n\n");
	assert_int_equal(net_file_write(scratch, &other), 0);
	assert_int_equal(net_file_look(scratch, conf), NET_FILE_EDITED);
	buf_free(&other.content);
	assert_int_equal(net_file_write(scratch, conf), 0);
	assert_int_equal(fchmodat(scratch, CONF + 1, 0666, 0), 0);
	assert_int_equal(net_file_look(scratch, conf), NET_FILE_OLD);
	put(AA, "");
	assert_int_equal(net_file_look(scratch, net_plan_find(&plan, AA)), NET_FILE_ABSENT);
	put(AA, "/data/** r,\n");
	assert_int_equal(net_file_look(scratch, net_plan_find(&plan, AA)), NET_FILE_FOREIGN);
	put(LINK, "");
	assert_int_equal(net_file_look(scratch, link), NET_FILE_FOREIGN);
}

static void leaves_links_alone(void **state)
{
	struct net_facts facts = { 0 };
	AUTO_NET_PLAN struct net_plan plan = plan_of(&facts);
	const struct net_file *conf = net_plan_find(&plan, CONF);
	struct net_file other = { .mode = 0644 };

	(void)state;
	/* It leads to a file that is ours in all but its name. */
	other.path = "/etc/nfs.conf.d/other";
	buf_puts(&other.content, "[nfsd]\n");
	assert_int_equal(net_sign(&other.content), 0);
	assert_int_equal(net_file_write(scratch, &other), 0);
	buf_free(&other.content);
	assert_int_equal(symlinkat("other", scratch, CONF + 1), 0);
	assert_int_equal(net_file_look(scratch, conf), NET_FILE_FOREIGN);
	assert_int_not_equal(net_file_write(scratch, conf), 0);
}

static void sees_other_exports(void **state)
{
	(void)state;
	assert_false(net_facts_read(scratch).other_exports);
	put("/etc/exports", "# nothing\n\n   \n\t# more\n");
	put("/etc/exports.d/xenfarm.exports", "/srv/xenfarm/share 10.77.0.0/16(ro)\n");
	put("/etc/exports.d/.exports", "/home *(rw)\n");
	put("/etc/exports.d/readme", "/home *(rw)\n");
	assert_false(net_facts_read(scratch).other_exports);
	put("/etc/exports.d/home.exports", "\n /home *(rw)\n");
	assert_true(net_facts_read(scratch).other_exports);
	put("/etc/exports.d/home.exports", "#\n");
	assert_false(net_facts_read(scratch).other_exports);
	put("/etc/exports", "/home *(rw)");
	assert_true(net_facts_read(scratch).other_exports);
}

/* As libvirt gives it back. */
#define NETWORK(metadata, bridge, port, more)                                               \
	"<network><name>xenfarm</name><uuid>" UUID "</uuid><metadata>" metadata             \
	"</metadata><bridge name='" bridge "' stp='off' delay='0'/><mac address='52:54:00:" \
	"63:02:fa'/><dns enable='no'/>" port more "</network>"
#define OURS     "<x:network xmlns:x='urn:xenfarm:network:1'/>"
#define ISOLATED "<port isolated='yes'/>"
#define IP       "<ip family='ipv4' address='10.77.0.1' prefix='16'>"

static enum net_network_state network_state(const char *xml, const char **differs)
{
	struct net_farm farm = farm_of("10.77.0.1/16");
	struct net_network network = { 0 };

	assert_int_equal(net_network_compare(xml, &farm, &network), 0);
	*differs = network.differs;
	return network.state;
}

static void compares_networks(void **state)
{
	struct net_farm farm = farm_of("10.77.0.1/16");
	struct net_network network;
	const char *differs;

	(void)state;
	assert_int_equal(network_state(NETWORK(OURS, "xenfarm0", ISOLATED, IP "</ip>"), &differs),
		NET_NETWORK_SAME);
	assert_null(differs);
	/* Made by hand, but as it should be. */
	assert_int_equal(network_state(NETWORK("", "xenfarm0", ISOLATED, IP "</ip>"), &differs),
		NET_NETWORK_SAME);
	assert_int_equal(network_state(NETWORK(OURS, "xenfarm0", "", IP "</ip>"), &differs),
		NET_NETWORK_OLD);
	assert_string_equal(differs, "its ports are not isolated");
	assert_int_equal(network_state(NETWORK("", "xenfarm0", "", IP "</ip>"), &differs),
		NET_NETWORK_FOREIGN);
	assert_int_equal(network_state(NETWORK(OURS, "virbr7", ISOLATED, IP "</ip>"), &differs),
		NET_NETWORK_OLD);
	assert_int_equal(
		network_state(
			NETWORK(OURS, "xenfarm0", ISOLATED,
				IP "<dhcp><range start='10.77.0.2' end='10.77.0.9'/></dhcp></ip>"),
			&differs),
		NET_NETWORK_OLD);
	assert_string_equal(differs, "it has a DHCP server");
	assert_int_equal(
		network_state(NETWORK(OURS, "xenfarm0", ISOLATED, IP "</ip><forward mode='nat'/>"),
			&differs),
		NET_NETWORK_OLD);
	assert_int_equal(net_network_compare("<network", &farm, &network), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(plans_what_there_is),
		SCRATCH_TEST(binds_nfs_to_ipv4_only),
		SCRATCH_TEST(writes_and_removes),
		SCRATCH_TEST(knows_whose_a_file_is),
		SCRATCH_TEST(leaves_links_alone),
		SCRATCH_TEST(sees_other_exports),
		SCRATCH_TEST(compares_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
