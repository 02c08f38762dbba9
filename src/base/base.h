/*
 * base.h - the few words every file speaks: attributes, TRY, limits, checked assertions.
 *
 * Assertions stay on in release: a broken invariant in a program that pays people must stop the
 * program, not continue with a wrong amount.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef NDEBUG
#error "assertions stay on: build without NDEBUG"
#endif

#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, args_at) __attribute__((format(printf, format_at, args_at)))

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Hands an error on. The callee has told the story already (fault.h). */
#define TRY(expression)                \
    do {                               \
        enum err try_ = (expression);  \
        if (try_ != OK)                \
            return try_;               \
    } while (0)

/* The descriptor is closed when its scope ends; set it to -1 to keep it open. */
#define CLOSE_ON_EXIT __attribute__((cleanup(base_close_fd)))
void base_close_fd(int *fd);
