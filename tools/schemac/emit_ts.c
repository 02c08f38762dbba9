#include "desc.h"
struct str emit_typescript(struct all *all) { (void)all; return STR(""); }
