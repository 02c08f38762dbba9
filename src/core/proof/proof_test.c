#include "core/proof/proof.h"

#include "base/test.h"
