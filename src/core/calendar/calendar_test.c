#include "base/test.h"
#include "core/calendar/calendar.h"

/* The notice of the State Council's office for 2025: 1 to 8 October off, 28 September and 11
 * October worked. */
static const struct calendar_exception autumn_2025[] = {
    { { 20359 }, true },                      /* Sunday 2025-09-28 */
    { { 20362 }, false }, { { 20363 }, false }, { { 20364 }, false }, { { 20367 }, false },
    { { 20368 }, false }, { { 20369 }, false },
    { { 20372 }, true },                      /* Saturday 2025-10-11 */
};

TEST(calendar_knows_moved_days)
{
    struct calendar calendar = { autumn_2025, COUNT(autumn_2025) };
    static const struct {
        int month, day;
        bool worked;
    } cases[] = {
        { 9, 27, false }, { 9, 28, true }, { 9, 30, true },  { 10, 1, false },
        { 10, 8, false }, { 10, 9, true }, { 10, 11, true }, { 10, 12, false },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_EQ(calendar_is_workday(&calendar, date_of(2025, cases[i].month, cases[i].day)),
                 cases[i].worked, "%d-%d", cases[i].month, cases[i].day);
    CHECK_EQ(calendar_add_workdays(&calendar, date_of(2025, 9, 30), 1).day,
             date_of(2025, 10, 9).day);
    CHECK_EQ(calendar_add_workdays(&calendar, date_of(2025, 10, 9), -1).day,
             date_of(2025, 9, 30).day);
    CHECK_EQ(calendar_add_workdays(&calendar, date_of(2025, 10, 1), 0).day,
             date_of(2025, 10, 9).day);
}
