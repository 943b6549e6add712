# Source archive and packages, all below $(B).

DIST := $(B)/dist/xenfarm-$(VERSION).tar.gz
.PHONY: dist deb rpm check-packages
dist:
	@packaging/dist $(DIST) >/dev/null
	@echo $(DIST)
deb: dist
	lib/test/install-deps check deb
	packaging/deb $(DIST) $(B)/deb
SHELLS += packaging/dist packaging/deb packaging/static-names $(wildcard packaging/debian/*.p[or]*) \
	$(addprefix packaging/debian/tests/,server client initramfs)
CHECKS += packaging/test/dist.test
