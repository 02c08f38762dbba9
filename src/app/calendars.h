/* calendars.h - the public holidays and make-up days that come with the program. */
#pragma once

#include "entity/cx.h"

/* Puts them into the company's calendar; days that are there already stay as they are. */
NODISCARD enum err calendars_install(struct cx *cx);
