#include "agent/fetch/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/cleanup.h"

#define NOBODY      65534
#define MEMORY_MORE (256ul << 20) /* bytes above what it begins with */

static int keep_one_capability(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	data[0].effective = data[0].permitted = 1u << CAP_NET_BIND_SERVICE;
	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

int confine_user(void)
{
	int r = 0;

	if (geteuid() == 0) {
		if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setgroups(0, NULL) < 0 ||
			setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
			setresuid(NOBODY, NOBODY, NOBODY) < 0)
			return -errno;
		r = keep_one_capability();
	}
	/* A change of user clears the first two. */
	if (r == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 ||
			      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0))
		r = -errno;
	return r;
}

int confine_memory(void)
{
	AUTO_CLOSE int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	char text[32] = "";
	unsigned long pages;
	struct rlimit limit;

	/* Without /proc there is no such limit. */
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return 0;
	pages = strtoul(text, NULL, 10);
	limit.rlim_cur = limit.rlim_max = pages * (unsigned long)getpagesize() + MEMORY_MORE;
	return setrlimit(RLIMIT_AS, &limit) < 0 ? -errno : 0;
}

/* Every right that a kernel of the first version handles, and no rule that grants one. */
int confine_files(void)
{
	const struct landlock_ruleset_attr attr = {
		.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1,
	};
	AUTO_CLOSE int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	if (fd < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -errno;
	return syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 0;
}

static int allow_sockets(scmp_filter_ctx filter)
{
	static const int family[] = { AF_INET, AF_INET6 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < 2; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family[i]));
	return r;
}

int confine_calls(void)
{
	static const int calls[] = {
		SCMP_SYS(bind),
		SCMP_SYS(brk),
		SCMP_SYS(clock_gettime),
		SCMP_SYS(close),
		SCMP_SYS(connect),
		SCMP_SYS(exit_group),
		SCMP_SYS(fcntl),
		SCMP_SYS(futex),
		SCMP_SYS(getgid),
		SCMP_SYS(getpid),
		SCMP_SYS(getrandom),
		SCMP_SYS(getsockname),
		SCMP_SYS(getsockopt),
		SCMP_SYS(gettimeofday),
		SCMP_SYS(getuid),
		SCMP_SYS(madvise),
		SCMP_SYS(mmap),
		SCMP_SYS(mremap),
		SCMP_SYS(munmap),
		SCMP_SYS(poll),
		SCMP_SYS(ppoll),
		SCMP_SYS(read),
		SCMP_SYS(recvfrom),
		SCMP_SYS(recvmsg),
		SCMP_SYS(rt_sigreturn),
		SCMP_SYS(sendmsg),
		SCMP_SYS(sendto),
		SCMP_SYS(setsockopt),
		SCMP_SYS(time),
		SCMP_SYS(write),
		SCMP_SYS(writev),
	};
	/* Refused calls return an error, and do not kill: the resolver tries to open files. */
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = filter ? allow_sockets(filter) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < sizeof(calls) / sizeof(calls[0]); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	r = r < 0 ? r : seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	/* A kernel without seccomp. */
	return r == -EINVAL || r == -ECANCELED ? 0 : r;
}

int confine_rest(void)
{
	int r = confine_memory();

	r = r < 0 ? r : confine_files();
	return r < 0 ? r : confine_calls();
}
