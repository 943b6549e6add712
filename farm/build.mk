# Nothing here yet to build.
