#include "desc.h"
struct str emit_dictionary(struct all *all) { (void)all; return STR(""); }
