/* The state's calendars, carried inside the program. The build says where data/calendar is. */
#define CALENDAR(name, file) \
    .global name             ; \
    .global name##_end       ; \
    name: .incbin file       ; \
    name##_end: .byte 0

    .section .rodata.calendars, "a", %progbits
    CALENDAR(calendar_2024, "2024.json")
    CALENDAR(calendar_2025, "2025.json")
    CALENDAR(calendar_2026, "2026.json")
    .section .note.GNU-stack, "", %progbits
