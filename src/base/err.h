/*
 * err.h - the outcome of a call (`enum err`, zero is OK) and its story (`struct fault`).
 *
 * Inner code never logs: it tells the fault what went wrong in words for a person, the callers add
 * what they were doing, and the edge (HTTP, CLI, job) reports once.
 */
#pragma once

#include "base/base.h"

enum err {
    OK = 0,
#define ERROR(name, status, code, english, chinese) ERR_##name,
#include "base/errors.def"
#undef ERROR
    ERR_COUNT
};

/* What is known of a kind of failure. Static storage. */
struct err_info {
    const char *code;    /* on the wire: "not_found" */
    const char *english; /* one sentence */
    const char *chinese;
    int http_status;
};
const struct err_info *err_info(enum err e);

#define FAULT_MESSAGE_MAX 1024
#define FAULT_FIELD_MAX 128

/* The story of one failure. Fixed size: telling it must not need memory. */
struct fault {
    enum err code;
    char message[FAULT_MESSAGE_MAX]; /* outermost first: "paying settlement 7: it is open" */
    char field[FAULT_FIELD_MAX];     /* the input at fault, "" if none: "lines[2].amount" */
    int line, column;                /* of a text that was read, 1-based; 0 unknown */
};

/* Begins a story and returns `code`, so that `return fault_set(...)` reads well. */
enum err fault_set(struct fault *fault, enum err code, const char *format, ...) PRINTF_LIKE(3, 4);
enum err fault_set_field(struct fault *fault, enum err code, const char *field, const char *format,
                         ...) PRINTF_LIKE(4, 5);
/* Adds errno's text. Maps ENOSPC and EDQUOT to ERR_FULL, ENOMEM to ERR_NO_MEMORY, else ERR_IO. */
enum err fault_errno(struct fault *fault, const char *format, ...) PRINTF_LIKE(2, 3);
/* Puts what the caller was doing before the story, and returns `code`. */
enum err fault_explain(struct fault *fault, enum err code, const char *format, ...)
    PRINTF_LIKE(3, 4);
void fault_clear(struct fault *fault);
