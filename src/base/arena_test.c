#include "base/err.h"
#include "base/test.h"

#include <errno.h>

TEST(fault_keeps_the_story_outermost_first)
{
    struct fault fault = { 0 };
    CHECK_EQ(fault_set_field(&fault, ERR_STATE, "status", "it is %s", "open"), ERR_STATE);
    CHECK_EQ(fault_explain(&fault, ERR_STATE, "paying settlement %d", 7), ERR_STATE);
    CHECK_STR(str_from(fault.message), STR("paying settlement 7: it is open"));
    CHECK_STR(str_from(fault.field), STR("status"));
    errno = ENOSPC;
    CHECK_EQ(fault_errno(&fault, "write x"), ERR_FULL);
}

TEST(every_error_has_words_and_a_status)
{
    for (int e = 1; e < ERR_COUNT; e++) {
        const struct err_info *info = err_info((enum err)e);
        CHECK(info->english && info->chinese && info->code, "%d", e);
        CHECK(info->http_status >= 400 && info->http_status < 600, "%s", info->code);
    }
}
