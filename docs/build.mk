# The pages that belong to no single program; each program's man page is in its directory's build.mk.
MANS += docs/xenfarm-manifest.5 docs/xenfarm-share.5 docs/xfnet.7
CHECKS += docs/test/docs.test
