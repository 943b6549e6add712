# What a client has besides programs: what its package manager says, units that do not run there.

# Where dnf looks for plugins: Debian's path; with rpm it is %{python3_sitelib}/dnf-plugins.
DNFPLUGINDIR ?= /usr/lib/python3/dist-packages/dnf-plugins
CLIENT_HOOKS := agent/client/xf-packages:$(LIBEXECDIR)/xf-packages \
	agent/client/apt.conf:$(SYSCONFDIR)/apt/apt.conf.d/50xenfarm \
	agent/client/motd:$(SYSCONFDIR)/update-motd.d/60-xenfarm \
	agent/client/dpkg.cfg:$(SYSCONFDIR)/dpkg/dpkg.cfg.d/xenfarm \
	agent/client/dnf-plugin.py:$(DNFPLUGINDIR)/xf_packages.py \
	agent/client/zypp-commit:/usr/lib/zypp/plugins/commit/xenfarm \
	agent/client/hook-etckeeper:$(LIBEXECDIR)/hooks.d/pre-reconcile/50-etckeeper \
	agent/client/hook-etckeeper:$(LIBEXECDIR)/hooks.d/post-reconcile/50-etckeeper
# Timers that work for a package manager or walk through the share; all others stay, those of the client's own disks too.
# And what asks questions on the console in the first boot, which the master has answered.
CLIENT_WITHOUT := apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service dpkg-db-backup.timer man-db.timer \
	fwupd-refresh.timer dnf-makecache.timer dnf-automatic.timer dnf-automatic-install.timer backup-rpmdb.timer \
	packagekit-background.timer systemd-firstboot.service systemd-homed-firstboot.service

INSTALLS += $(CLIENT_HOOKS) $(foreach u,$(CLIENT_WITHOUT), \
	agent/client/not-on-clients.conf:$(SYSTEMDDIR)/system/$(u).d/not-on-clients.conf)
# The consoles of domains on KVM and on Xen.
INSTALLS += $(foreach tty,ttyS0 hvc0, \
	agent/client/console-wait.conf:$(SYSTEMDDIR)/system/dev-$(tty).device.d/console-wait.conf)
MANS += docs/xf-client.7
SHELLS += agent/client/xf-packages agent/client/motd agent/client/zypp-commit agent/client/hook-etckeeper
CHECKS += agent/client/test/packages.test agent/client/test/rpm.test agent/client/test/etckeeper.test agent/client/test/alternatives.test
