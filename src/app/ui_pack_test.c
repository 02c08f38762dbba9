#include "app/ui_pack.h"

#include "base/buf.h"
#include "base/test.h"

static void put_u32(struct buf *out, size_t n)
{
    for (int i = 0; i < 4; i++)
        buf_char(out, (char)(n >> (8 * i) & 0xff));
}

static const char *const paths[] = { "/assets/a-1.js", "/favicon.svg", "/index.html",
                                     "/m/index.html" };

/* A pack as ui/pack.mjs writes it: every body is its path, gzip is "gz", there is no brotli. */
static struct str small_pack(void)
{
    struct buf head = buf_in(test_arena()), rest = buf_in(test_arena());
    size_t base = 16 + 64 * COUNT(paths);
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct str path = str_from(paths[i]);
        size_t at = base + rest.len;
        buf_fmt(&rest, "%s%c%s%c%s%c%sgz", paths[i], 0, "text/x", 0, "abc", 0, paths[i]);
        size_t type = at + path.len + 1, etag = type + 7, raw = etag + 4, gzip = raw + path.len;
        const size_t numbers[16] = { at, path.len, type, 6, etag, 3, raw, path.len, gzip, 2, 0, 0,
                                     i == 0, 0, 0, 0 };
        for (size_t k = 0; k < 16; k++)
            put_u32(&head, numbers[k]);
    }
    struct buf pack = buf_in(test_arena());
    buf_cstr(&pack, "QBUIPAK1");
    put_u32(&pack, COUNT(paths));
    put_u32(&pack, base + rest.len);
    buf_str(&pack, buf_view(&head));
    buf_str(&pack, buf_view(&rest));
    return buf_view(&pack);
}

TEST(ui_pack_routes)
{
    static const struct {
        const char *name, *path, *file; /* NULL: not found */
    } cases[] = {
        { "a file", "/favicon.svg", "/favicon.svg" },
        { "the first", "/assets/a-1.js", "/assets/a-1.js" },
        { "the start page", "/", "/index.html" },
        { "an address of the desk", "/statements/17", "/index.html" },
        { "the phone", "/m", "/m/index.html" },
        { "the phone with a slash", "/m/", "/m/index.html" },
        { "an address of the phone", "/m/statements/17", "/m/index.html" },
        { "what only begins like the phone", "/money", "/index.html" },
        { "a file that is gone", "/assets/b-2.js", NULL },
        { "a file below the phone", "/m/x.css", NULL },
        { "a dot in a folder is no extension", "/a.b/c", "/index.html" },
    };
    struct str pack = small_pack();
    CHECK(ui_pack_valid(pack));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ui_file file;
        bool found = ui_pack_route_in(pack, str_from(cases[i].path), &file);
        CHECK_EQ(found, cases[i].file != NULL, "%s", cases[i].name);
        if (found && cases[i].file)
            CHECK_STR(file.raw, str_from(cases[i].file), "%s", cases[i].name);
    }
}

TEST(ui_pack_gives_all_parts)
{
    struct ui_file file;
    CHECK(ui_pack_find_in(small_pack(), STR("/assets/a-1.js"), &file));
    CHECK_STR(file.type, STR("text/x"));
    CHECK_STR(file.etag, STR("abc"));
    CHECK_STR(file.gzip, STR("gz"));
    CHECK_EQ(file.brotli.len, 0);
    CHECK_EQ(file.forever, true);
    CHECK(ui_pack_find_in(small_pack(), STR("/index.html"), &file));
    CHECK_EQ(file.forever, false);
    CHECK(!ui_pack_find_in(small_pack(), STR("/"), &file));
}

/* Cut at any place, or with any byte changed, a pack is refused or still lies within itself. */
TEST(ui_pack_stays_inside)
{
    struct str good = small_pack();
    struct ui_file file;
    CHECK(ui_pack_valid(STR("")));
    for (size_t len = 1; len < good.len; len++)
        CHECK(!ui_pack_valid(str_cut(good, 0, len)), "cut at %zu", len);
    for (size_t at = 0; at < good.len; at++) {
        struct str bad = str_copy(test_arena(), good);
        ((char *)bad.data)[at] = (char)(bad.data[at] ^ 0x80);
        (void)ui_pack_valid(bad);
        for (size_t i = 0; i < COUNT(paths); i++)
            if (ui_pack_find_in(bad, str_from(paths[i]), &file))
                CHECK(file.raw.data >= bad.data &&
                          file.raw.data + file.raw.len <= bad.data + bad.len,
                      "byte %zu", at);
    }
}

TEST(ui_pack_embedded_is_whole)
{
    struct ui_file file;
    CHECK(ui_pack_valid(ui_pack_embedded()));
    if (ui_pack_embedded().len == 0) {
        test_skip("built without the interface");
        return;
    }
    CHECK(ui_pack_route(STR("/"), &file));
    CHECK_STR(file.type, STR("text/html; charset=utf-8"));
    CHECK(ui_pack_route(STR("/m/"), &file));
    CHECK(file.gzip.len < file.raw.len);
}
