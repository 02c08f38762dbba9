/* openapi.h - the whole API as one OpenAPI 3.1 document: entities and routes of the modules. */
#pragma once

#include "entity/route.h"

NODISCARD enum err openapi_print(struct arena *arena, const struct route *const *tables,
                                 struct fault *fault, struct str *ret);
