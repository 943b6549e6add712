/* The commands of xf-mkinitrd: each gets its own argv, argv[0] being the command's name. */
#ifndef MKINITRD_HOOK_XF_MKINITRD_H
#define MKINITRD_HOOK_XF_MKINITRD_H

enum { EXIT_USAGE = 2 }; /* beside EXIT_SUCCESS and EXIT_FAILURE */

int cmd_build(int argc, char **argv);
int cmd_exchange(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_extract(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_verify(int argc, char **argv);

#endif
