#include "entity/ops.h"
enum err op_import(struct cx *cx, const struct request *in, struct reply *out) { (void)in; (void)out; return fail(cx, ERR_UNAVAILABLE, "soon"); }
enum err op_export(struct cx *cx, const struct request *in, struct reply *out) { (void)in; (void)out; return fail(cx, ERR_UNAVAILABLE, "soon"); }
