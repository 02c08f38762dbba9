/* grants.h - from roles to what the actor may do and how far. */
#pragma once

#include "entity/cx.h"

/* Adds the permissions of one role to cx->actor. `unit_path` is where squad and region are counted
 * from; empty: the actor's own unit. Unknown permissions and reaches are left out: a playbook may
 * be newer than the program, and less is safer than more. */
NODISCARD enum err grants_add(struct cx *cx, struct str permissions, struct str unit_path);
/* ERR_UNPROCESSABLE names the first permission or reach that does not exist. */
NODISCARD enum err grants_check(struct cx *cx, struct str permissions);
