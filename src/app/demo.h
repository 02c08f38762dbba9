/*
 * demo.h - the demo company: real orders of a published file, invented people. See demo/README.md.
 */
#pragma once

#include "app/app.h"

/* Prints the logins that `qibing demo` left in the data folder; nothing when there are none. */
void demo_print_logins(const char *data_folder);
/* Somebody makes a demo company in the folder, or began and did not finish. */
bool demo_unfinished(const char *data_folder);
