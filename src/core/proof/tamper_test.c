/* Every byte of every proven value, changed in the database: the check must notice. */
#include "core/proof/testing.h"

#include <stdio.h>

struct place {
    const char *name;
    struct db_statement get, set; /* $1 company, $2 row; set: $3 value */
    bool text;
};
#define PLACE(table, key, column, is_text)                                                     \
    {                                                                                          \
        .name = #table "." #column,                                                            \
        .get = { .name = "get_" #table "_" #column,                                            \
                 .sql = "SELECT " #column " FROM " #table " WHERE org = $1 AND " #key " = $2", \
                 .params = 2, .columns = 1 },                                                  \
        .set = { .name = "set_" #table "_" #column,                                            \
                 .sql = "UPDATE " #table " SET " #column " = $3 WHERE org = $1 AND " #key      \
                        " = $2",                                                               \
                 .params = 3, .writes = true },                                                \
        .text = is_text,                                                                       \
    }
static const struct place places[] = {
    PLACE(proof_entry, seq, kind, true),     PLACE(proof_entry, seq, period, true),
    PLACE(proof_entry, seq, content, true),  PLACE(proof_entry, seq, salt, false),
    PLACE(proof_entry, seq, digest, false),  PLACE(proof_entry, seq, leaf, false),
    PLACE(proof_entry, seq, subject, false), PLACE(proof_tile, level, hashes, false),
    PLACE(proof_checkpoint, size, note, true), PLACE(proof_checkpoint, size, root, false),
    PLACE(proof_log, number, vkey, true),
};

struct flip {
    const struct place *place;
    int64_t row;
    size_t byte;
    uint8_t mask;
    bool beyond;   /* the value has no such byte */
    bool possible; /* false: the changed text could not be stored */
    int64_t bad;
};

static void ignore(void *arg, bool bad, struct str line)
{
    (void)arg;
    (void)bad;
    (void)line;
}

static enum err load_value(struct cx *cx, const struct flip *flip, bool *has, struct str *ret)
{
    struct db_rows *rows;
    struct db_value key[] = { db_int(cx->org), db_int(flip->row) };
    TRY(db_query(cx->tx, &flip->place->get, key, &cx->fault, &rows));
    TRY(db_next(rows, has, &cx->fault));
    if (!*has)
        return OK;
    *ret = flip->place->text ? db_text_copy(cx->arena, rows, 0) : db_blob_copy(cx->arena, rows, 0);
    db_rows_close(rows);
    return OK;
}

/* Changes one byte, checks, and fails so that the change is undone. */
static enum err flip_and_check(struct cx *cx, void *arg)
{
    struct flip *flip = arg;
    struct str value;
    bool has;
    TRY(load_value(cx, flip, &has, &value));
    flip->beyond = !has || flip->byte >= value.len;
    if (flip->beyond)
        return OK;
    char *bytes = arena_copy(cx->arena, value.data, value.len);
    bytes[flip->byte] = (char)(bytes[flip->byte] ^ flip->mask);
    struct str changed = { bytes, value.len };
    flip->possible = !flip->place->text || (bytes[flip->byte] && utf8_valid(changed));
    if (!flip->possible)
        return OK;
    struct db_value set[] = { db_int(cx->org), db_int(flip->row),
                              flip->place->text ? db_str(changed) : db_bytes(changed) };
    TRY(db_run(cx->tx, &flip->place->set, set, NULL, &cx->fault));
    TRY(proof_check(cx, NULL, ignore, NULL, &flip->bad));
    return fail(cx, ERR_STATE, "undo");
}

TEST(proof_check_finds_every_changed_byte)
{
    struct world w;
    int flips = 0, missed = 0;
    if (!world_open(&w, DB_SQLITE))
        return;
    month(&w, 5, 123456);
    CHECK_EQ(sequence(&w), OK, "%s", w.fault.message);
    for (size_t p = 0; p < COUNT(places); p++)
        for (int64_t row = 0; row <= 8; row++)
            for (size_t byte = 0;; byte++) {
                struct flip flip = { &places[p], row, byte, (uint8_t)(1u << (byte % 7)), 0, 0, 0 };
                struct fault fault = { 0 };
                enum err e = core_write(&w.core, &as_server, flip_and_check, &flip, &fault);
                if (flip.beyond)
                    break;
                if (!flip.possible)
                    continue;
                flips++;
                missed += e != ERR_STATE || flip.bad == 0;
                CHECK(e == ERR_STATE && flip.bad > 0, "%s row %d byte %zu: %s", places[p].name,
                      (int)row, byte, fault.message);
            }
    CHECK_EQ(missed, 0);
    CHECK(flips > 2000, "%d flips", flips);
    CHECK_EQ(check_of(&w).bad, 0, "all was undone");
    world_close(&w);
}
