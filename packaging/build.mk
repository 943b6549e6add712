# Source archive and packages, all below $(B).

DIST := $(B)/dist/xenfarm-$(VERSION).tar.gz
.PHONY: dist deb rpm check-packages
dist:
	@packaging/dist $(DIST) >/dev/null
	@echo $(DIST)
deb: dist
	lib/test/install-deps check deb
	packaging/deb $(DIST) $(B)/deb
SHELLS += packaging/dist packaging/deb packaging/deb-for packaging/static-names $(wildcard packaging/debian/*.p[or]*) \
	$(addprefix packaging/debian/tests/,server client initramfs)
CHECKS += packaging/test/dist.test packaging/test/contents.test
rpm: dist
	lib/test/install-deps check rpm
	packaging/rpm/build $(DIST) $(B)/rpm
	rpmlint --config packaging/rpm/rpmlint.toml $(B)/rpm/SPECS/xenfarm.spec $(B)/rpm/RPMS/*/*.rpm $(B)/rpm/SRPMS/*.rpm
SHELLS += packaging/rpm/build

# Packages in trees of Debian: as root, with a mirror. SUITE=trixie: of another Debian than this machine's.
check-packages: deb
	B=$(abspath $(B)) SUITE=$(SUITE) TEST_TIMEOUT=1800 lib/test/tally packaging/test/deb.test
