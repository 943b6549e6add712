/*
 * The initrd that this one was, before `xf-mkinitrd exchange` put xf-init into it.
 */
#ifndef INITRD_ORIGINAL_H
#define INITRD_ORIGINAL_H

/*
 * Put back what the exchange moved aside (NAME.orig) and execute the initrd's own /init with argv,
 * as if xf-init had never been there. Returns if this initrd was not exchanged, or its init does
 * not run. To be called before anything is mounted.
 */
void original_exec(char **argv);

#endif
