/* kernels_avx512.c - x86-64 with AVX-512 and its 52-bit products. See CMakeLists.txt for flags. */
#define KERNELS_NAME kernels_avx512
#include "engine/formula/kernels.h"
