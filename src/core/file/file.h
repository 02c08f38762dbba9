/*
 * file.h - stored files: named by the SHA-256 of their content, type and size checked, uploaded in
 * resumable parts of at most 8 MB.
 *
 * Content lies in DIR/files/<org>/<2 hex>/<62 hex>, a part under way in
 * DIR/files/<org>/upload/<id>. A file row is a fact; the same content is kept once however often it
 * is uploaded.
 */
#pragma once

#include "core/core.h"
#include "entity/route.h"

extern const struct module file_module;
extern const struct route file_routes[], upload_routes[];

/* For struct services. */
enum err file_service_open(struct cx *cx, int64_t file, int *fd, uint64_t *bytes, struct str *name,
                           struct str *type);
enum err file_service_keep(struct cx *cx, const char *path, struct str name, const char *type,
                           int64_t *ret);

/* What the first bytes say: "image/png", "application/pdf", "application/zip", "text/plain" …;
 * "application/octet-stream" when they say nothing. */
const char *file_sniff(struct str head);
/* May content that looks like `sniffed` be called `declared`? An XLSX is a zip; a CSV is text. */
bool file_type_fits(const char *sniffed, struct str declared);
