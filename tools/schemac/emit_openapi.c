#include "desc.h"
struct str emit_openapi(struct all *all) { (void)all; return STR("{}\n"); }
