/* What a file is by its first bytes: a name or a header may say anything. */
#include "core/file/file.h"

struct magic {
    const char *bytes;
    size_t len, at;
    const char *type;
};

static const struct magic magics[] = {
    { "\x89PNG\r\n\x1a\n", 8, 0, "image/png" },  { "\xff\xd8\xff", 3, 0, "image/jpeg" },
    { "GIF87a", 6, 0, "image/gif" },             { "GIF89a", 6, 0, "image/gif" },
    { "WEBP", 4, 8, "image/webp" },              { "%PDF-", 5, 0, "application/pdf" },
    { "PK\x03\x04", 4, 0, "application/zip" },   { "PK\x05\x06", 4, 0, "application/zip" },
    { "\x1f\x8b", 2, 0, "application/gzip" },    { "MZ", 2, 0, "application/x-msdownload" },
    { "\x7f" "ELF", 4, 0, "application/x-executable" },
};

/* Text has no control characters but white space. The head may end inside a character. */
static bool looks_like_text(struct str head)
{
    for (size_t i = 0; i < head.len; i++) {
        unsigned char c = (unsigned char)head.data[i];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
            return false;
    }
    size_t whole = head.len;
    while (whole && whole + 4 > head.len && ((unsigned char)head.data[whole - 1] & 0x80))
        whole--;
    return utf8_valid(str_cut(head, 0, whole)) || utf8_valid(head);
}

const char *file_sniff(struct str head)
{
    for (size_t i = 0; i < COUNT(magics); i++) {
        const struct magic *m = &magics[i];
        if (head.len >= m->at + m->len && memcmp(head.data + m->at, m->bytes, m->len) == 0)
            return m->type;
    }
    return head.len && looks_like_text(head) ? "text/plain" : "application/octet-stream";
}

bool file_type_fits(const char *sniffed, struct str declared)
{
    static const struct {
        const char *sniffed, *declared;
    } fits[] = {
        { "application/zip",
          "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
        { "text/plain", "text/csv" },
        { "text/plain", "application/json" },
        { "image/jpeg", "image/jpg" },
    };
    if (str_is(declared, sniffed))
        return true;
    for (size_t i = 0; i < COUNT(fits); i++)
        if (str_is(str_from(sniffed), fits[i].sniffed) && str_is(declared, fits[i].declared))
            return true;
    return false;
}
