/*
 * log.h - one line per event on stderr: time, level, area, words. Secrets and personal data never.
 * Only edges log (server, jobs, CLI); inner code returns its story.
 */
#pragma once

#include "base/base.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
void log_set_level(enum log_level level);
void log_line(enum log_level level, const char *area, const char *format, ...) PRINTF_LIKE(3, 4);
