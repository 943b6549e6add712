# The pages that are no program's own; each program's man page is in its folder's build.mk.
