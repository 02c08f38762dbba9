/* kernels_avx2.c - x86-64 with AVX2 (2013 and later). Compiled with -mavx2. */
#define KERNELS_NAME kernels_avx2
#include "engine/formula/kernels.h"
