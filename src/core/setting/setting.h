/* setting.h - what the company has set, else the default of the description. */
#pragma once

#include "entity/route.h"

extern const struct module setting_module;
extern const struct route setting_routes[];

/* By SETTING_… number: int, fen, ppm, 0 or 1, day, or the value of an enum. */
int64_t setting_number(struct cx *cx, int setting);
struct str setting_words(struct cx *cx, int setting);
