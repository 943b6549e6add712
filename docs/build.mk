# The pages that belong to no single program; each program's man page is in its directory's build.mk.
MANS += docs/xfnet.7
