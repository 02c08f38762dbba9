#include "base/test.h"
#include "core/file/file.h"

TEST(file_type_is_what_the_bytes_say)
{
    static const struct {
        const char *head;
        size_t len;
        const char *declared;
        bool fits;
    } cases[] = {
        { "\x89PNG\r\n\x1a\n....", 12, "image/png", true },
        { "\x89PNG\r\n\x1a\n....", 12, "image/jpeg", false },
        { "MZ\x90", 3, "image/png", false },
        { "\x7f" "ELF", 4, "text/csv", false },
        { "a,b\n1,2\n", 8, "text/csv", true },
        { "姓名,电话\n", 14, "text/csv", true },
        { "姓名,电", 9, "text/csv", true }, /* cut inside a character */
        { "<html>\0", 7, "text/csv", false },
        { "PK\x03\x04", 4, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
          true },
        { "", 0, "text/csv", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str head = { cases[i].head, cases[i].len };
        CHECK_EQ(file_type_fits(file_sniff(head), str_from(cases[i].declared)), cases[i].fits,
                 "case %zu", i);
    }
}
