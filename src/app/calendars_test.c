#include "base/test.h"
#include "core/calendar/calendar.h"

extern const char calendar_2026[], calendar_2026_end[];

TEST(calendar_that_comes_along_can_be_read)
{
    struct str text = { calendar_2026, (size_t)(calendar_2026_end - calendar_2026) };
    struct calendar_row *rows;
    struct fault fault = { 0 };
    size_t count = 0, off = 0;
    bool national_day = false;
    CHECK_EQ(calendar_read(test_arena(), text, &fault, &rows, &count), OK, "%s", fault.message);
    for (size_t i = 0; i < count; i++) {
        off += rows[i].off;
        national_day |= rows[i].off && rows[i].day.day == date_of(2026, 10, 1).day;
    }
    CHECK(national_day);
    CHECK(off > 20 && off < count, "%zu of %zu", off, count); /* some weekend days are worked */
}
