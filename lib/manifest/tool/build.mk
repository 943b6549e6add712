# xf-manifest: makes, verifies, compares and signs manifests.
PROGRAMS += xf-manifest
xf-manifest_SRC := $(addprefix lib/manifest/tool/,main.c commands.c exclude.c print.c) lib/cli.c lib/json.c lib/value.c \
	$(LIB_SRC)
xf-manifest_PKGS := $(LIB_PKGS) json-c
xf-manifest_LIBS := -pthread
CHECKS += lib/manifest/tool/test/xf-manifest.test
COMPLETIONS += lib/manifest/tool/completion/xf-manifest.bash
SHELLS += lib/manifest/tool/completion/xf-manifest.bash
MANS += docs/xf-manifest.1
