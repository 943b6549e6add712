/* Does KVM work on this machine? A /dev/kvm that exists need not: nested, or without rights. */
#ifndef FARM_VIRT_KVM_H
#define FARM_VIRT_KVM_H

#include <stdbool.h>

#define KVM_PROBE_SECONDS 4

/*
 * Start a machine that ends as soon as its firmware has read a boot sector, and see whether it
 * does, in KVM_PROBE_SECONDS. The answer is kept in CACHE/kvm ("yes" or "no", which an
 * administrator may remove or write) until the next boot, if cache, a directory, is not NULL and
 * can be written. Says loudly if KVM does not work although /dev/kvm exists. Where no QEMU for x86
 * is installed /dev/kvm is believed.
 */
bool kvm_works(const char *cache);

/* The same without cache and messages, with a program and an accelerator to try: for tests. Returns
 * 1 works, 0 does not, -errno: it could not be tried. */
int kvm_probe(const char *qemu, const char *accelerator, unsigned int seconds);

#endif
