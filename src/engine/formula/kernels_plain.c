/* kernels_plain.c - for every processor, and WebAssembly. */
#define KERNELS_NAME kernels_plain
#include "engine/formula/kernels.h"
