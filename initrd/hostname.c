#include "initrd/hostname.h"

#include "initrd/file.h"
#include "lib/paths.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NAME          "etc/hostname"
#define FILE_PATH_MAX 256
/* More than two names of 63 bytes, so that what is cut off equals none. */
#define TEXT_MAX 256

static int path_in(const char *root, const char *file, char path[static FILE_PATH_MAX])
{
	int n = snprintf(path, FILE_PATH_MAX, "%s/%s", root, file);

	return n < 0 || n >= FILE_PATH_MAX ? -ENAMETOOLONG : 0;
}

/* "" if there is none, or a link, which is the administrator's and would lead out of the root. */
static void read_in(const char *root, const char *file, char text[static TEXT_MAX])
{
	char path[FILE_PATH_MAX];
	struct stat st;

	text[0] = '\0';
	if (path_in(root, file, path) == 0 && lstat(path, &st) == 0 && S_ISREG(st.st_mode))
		file_read(path, text, TEXT_MAX);
}

static int replace_in(const char *root, const char *file, const char *text)
{
	char path[FILE_PATH_MAX];
	int rc = path_in(root, file, path);

	return rc < 0 ? rc : file_replace(path, 0644, text);
}

static bool has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (; n && text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, line, n) && (text[n] == '\n' || text[n] == '\0'))
			return true;
	}
	return false;
}

int hostname_set(const char *root, const char *name)
{
	char path[FILE_PATH_MAX], line[TEXT_MAX];
	int rc = path_in(root, PATH_ETC, path);

	snprintf(line, sizeof(line), "%s\n", name);
	if (rc == 0)
		rc = file_make_dirs(path);
	if (rc == 0)
		rc = replace_in(root, NAME, line);
	return rc == 0 ? replace_in(root, PATH_ETC_NAME, line) : rc;
}

int hostname_follow(const char *root, const char *name)
{
	char current[TEXT_MAX], written[TEXT_MAX], both[2 * TEXT_MAX];
	int rc;

	read_in(root, NAME, current);
	read_in(root, PATH_ETC_NAME, written);
	if (!has_line(written, current) || !strcmp(written, name))
		return 0;
	/* At no time is there a name of ours that is not in the list. */
	snprintf(both, sizeof(both), "%s\n%s\n", current, name);
	rc = replace_in(root, PATH_ETC_NAME, both);
	if (rc == 0)
		rc = hostname_set(root, name);
	return rc < 0 ? rc : 1;
}
