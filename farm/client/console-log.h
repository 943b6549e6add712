/* What clients print on their consoles, kept by libvirt's virtlogd(8), which bounds it. */
#ifndef FARM_CLIENT_CONSOLE_LOG_H
#define FARM_CLIENT_CONSOLE_LOG_H

#include "farm/settings.h"
#include "farm/virt/record.h"
#include "lib/buf.h"

/* Beside the farm's log: console/UUID.log. The caller's to free; NULL without memory. */
char *console_log_path(const struct farm_settings *settings, const char *uuid);

/* Make its directory, which only root can enter: what a guest prints may be meant for nobody else.
 * virtlogd does not make it. Returns 0, or -errno after a message. */
int console_log_prepare(const char *path);

/* Remove it, and what virtlogd has put aside of it. Returns 0, or -errno after a message. */
int console_log_remove(const char *path);

/*
 * Append text that a guest printed so that a terminal does not obey it: sequences that set colours
 * or move the cursor go, as do carriage returns; other control characters, and bytes that are not
 * ASCII, are "\ooo". No I/O.
 */
void console_log_clean(const char *text, size_t n, struct buf *out);

/* Print the log, so cleaned. Returns 0, or -errno after a message. name: the client's. */
int console_log_print(const char *path, const char *name);

#endif
