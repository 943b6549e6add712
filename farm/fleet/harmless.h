/* Programs whose output is what clients say. */
#ifndef FARM_FLEET_HARMLESS_H
#define FARM_FLEET_HARMLESS_H

/*
 * Run a program with our standard input and terminal, as spawn_run() does with interactive. If
 * standard output is a terminal, what the program prints, its errors too, reaches it without
 * control characters: see fleet_add_harmless(). Returns as spawn_run().
 */
int harmless_run(const char *const *argv, int *status);

#endif
