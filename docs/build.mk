# The pages that belong to no single program; each program's man page is in its directory's build.mk.
MANS += docs/xenfarm-client.7 docs/xenfarm-manifest.5 docs/xenfarm-share.5 docs/xfnet.7
CHECKS += docs/test/docs.test docs/test/guide.test
VM_CHECKS += docs/test/guide-vm.test
SHELLS += docs/test/guide-blocks docs/cast-svg

# The picture of README.md; it is in the repository, as few have graphviz.
.PHONY: picture recording
picture:
	lib/test/install-deps dev
	dot -Tsvg -o docs/farm.svg docs/farm.dot
# The recording that README.md shows: the demonstration, as it ran.
recording:
	$(MAKE) demo RECORD=$(B)/vm/demo.cast
	docs/cast-svg $(B)/vm/demo.cast >docs/demo.svg
