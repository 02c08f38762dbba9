/* copy_test.c - dump, load, backup, check. */
#include "base/buf.h"
#include "base/io.h"
#include "db/copy.h"
#include "db/db_testing.h"
#include "db/search.h"

#include <stdio.h>
#include <sys/stat.h>

static const struct db_migration schema[] = {
    { 1, "0001_start",
      "CREATE TABLE a_child(org REF NOT NULL, id ID NOT NULL, parent REF, PRIMARY KEY(org, id),"
      " FOREIGN KEY(org, parent) REFERENCES z_parent(org, id)) {{STRICT}};" },
};
static const char parent_first[] =
    "CREATE TABLE z_parent(org REF NOT NULL, id ID NOT NULL, name TEXT, data BLOB, boss REF,"
    " PRIMARY KEY(org, id), FOREIGN KEY(org, boss) REFERENCES z_parent(org, id)) {{STRICT}};";

static struct db_migration list[2];

static const struct db_migration *migrations(void)
{
    return list;
}

/* z_parent first, a_child after it; the dump has them the other way round, which tests the wait
 * for foreign keys. A row also refers to a later one. */
static void migrate(struct db_fixture *f)
{
    list[0] = (struct db_migration){ 1, "0001_parent", parent_first };
    list[1] = (struct db_migration){ 2, "0002_child", schema[0].sql };
    CHECK_EQ(db_migrate(f->db, migrations(), 2, (struct instant){ 5 }, &f->fault), OK, "%s",
             f->fault.message);
}

static const struct db_statement add = {
    .name = "add", .sql = "INSERT INTO z_parent VALUES($1,$2,$3,$4,$5)", .file = "copy_test.c",
    .params = 5, .writes = true,
};

static enum err fill(struct db_tx *tx, void *arg, struct fault *fault)
{
    (void)arg;
    static const char *const names[] = { "张三\t\"x\"\\", "line\nbreak\r", "", "end 1", "\\N" };
    for (int i = 4; i >= 0; i--)
        TRY(db_run(tx, &add,
                   (struct db_value[]){ db_int(1), db_int(100 + i), db_str(str_from(names[i])),
                                        i == 2 ? db_null() : db_bytes(STR("\0\x01\xff")),
                                        i == 4 ? db_null() : db_int(104) },
                   NULL, fault));
    TRY(db_run_text(tx, STR("INSERT INTO a_child VALUES(1, 1, 100)"), NULL, 0, NULL, fault));
    TRY(db_run_text(tx, STR("INSERT INTO a_child VALUES(1, -9223372036854775807, NULL)"), NULL, 0,
                    NULL, fault));
    return db_search_put(tx, 1, "parent", 100, STR("张三\n丰"), fault);
}

static enum err to_buf(void *to, struct str bytes, struct fault *fault)
{
    (void)fault;
    buf_str(to, bytes);
    return OK;
}

struct tape {
    struct str left;
    size_t step;
};

static enum err from_tape(void *from, char *into, size_t room, size_t *len, struct fault *fault)
{
    struct tape *tape = from;
    (void)fault;
    *len = MIN(MIN(room, tape->step), tape->left.len);
    memcpy(into, tape->left.data, *len);
    tape->left = str_cut(tape->left, *len, tape->left.len);
    return OK;
}

static struct str dump_of(struct db_fixture *f)
{
    struct buf out = buf_in(test_arena());
    CHECK_EQ(db_dump(f->db, to_buf, &out, &f->fault), OK, "%s", f->fault.message);
    return buf_view(&out);
}

TEST(dump_moves_between_engines_and_back)
{
    FOR_EACH_ENGINE(from) {
        struct db_fixture a;
        if (!db_fixture_open(&a, from))
            continue;
        migrate(&a);
        CHECK_EQ(db_write(a.db, fill, NULL, &a.fault), OK, "%s", a.fault.message);
        struct str first = dump_of(&a);
        CHECK(str_find(first, STR("table a_child org:i id:i parent:i\n"
                                  "1\t-9223372036854775807\t\\N\n1\t1\t100\nend 2\n")) > 0,
              STR_FMT, STR_ARG(first));
        CHECK(str_find(first, STR("1\t103\tend 1\t0001ff\t104\n")) > 0, STR_FMT, STR_ARG(first));
        FOR_EACH_ENGINE(to) {
            struct db_fixture b;
            if (!db_fixture_open(&b, to))
                continue;
            migrate(&b);
            struct tape tape = { first, 7 };
            CHECK_EQ(db_load(b.db, from_tape, &tape, &b.fault), OK, "%s", b.fault.message);
            CHECK_STR(dump_of(&b), first);
            CHECK_EQ(db_check(b.db, &b.fault), OK, "%s", b.fault.message);
            tape = (struct tape){ first, 4096 };
            CHECK_EQ(db_load(b.db, from_tape, &tape, &b.fault), ERR_STATE, "it is not empty");
            CHECK_EQ(db_fixture_script(&b, "INSERT INTO a_child VALUES(1, 2, 999)"),
                     ERR_UNPROCESSABLE, "foreign keys hold again at once");
            db_fixture_close(&b);
        }
        db_fixture_close(&a);
    }
}

/* Every prefix of a dump, and every dump with one byte changed, is refused or gives itself. */
TEST(dump_damage_is_refused)
{
    struct db_fixture a, b;
    if (!db_fixture_open(&a, DB_SQLITE))
        return;
    migrate(&a);
    CHECK_EQ(db_write(a.db, fill, NULL, &a.fault), OK, "%s", a.fault.message);
    struct str good = dump_of(&a);
    CHECK(db_fixture_open(&b, DB_SQLITE));
    migrate(&b);
    for (size_t cut = 0; cut < good.len; cut += 3) {
        struct tape tape = { str_cut(good, 0, cut), 1000 };
        enum err e = db_load(b.db, from_tape, &tape, &b.fault);
        CHECK(e == ERR_PARSE || e == ERR_STATE, "cut at %zu: %d", cut, (int)e);
    }
    struct tape orphan = { str_fmt(test_arena(), STR_FMT, STR_ARG(good)), 1000 };
    ptrdiff_t at = str_find(orphan.left, STR("\t104\n"));
    ((char *)orphan.left.data)[at + 3] = '9';
    CHECK_EQ(db_load(b.db, from_tape, &orphan, &b.fault), ERR_UNPROCESSABLE);
    CHECK_EQ(db_fixture_i64(&b, "SELECT count(*) FROM z_parent"), 0);
    db_fixture_close(&b);
    db_fixture_close(&a);
}

static void count_progress(void *arg, int64_t done, int64_t total)
{
    int64_t *last = arg;
    CHECK(done >= *last && done <= total);
    *last = done;
}

TEST(backup_is_a_whole_database)
{
    FOR_EACH_ENGINE(engine) {
        struct db_fixture f;
        if (!db_fixture_open(&f, engine))
            continue;
        migrate(&f);
        CHECK_EQ(db_write(f.db, fill, NULL, &f.fault), OK, "%s", f.fault.message);
        char path[160];
        snprintf(path, sizeof(path), "%s.copy", f.path);
        int64_t last = 0;
        enum err e = db_backup(f.db, engine == DB_SQLITE ? path : "/nowhere", count_progress, &last,
                               &f.fault);
        CHECK_EQ(e, engine == DB_SQLITE ? OK : ERR_INVALID, "%s", f.fault.message);
        if (engine == DB_SQLITE) {
            struct stat st;
            CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
            CHECK(last > 0);
            struct str before = dump_of(&f);
            char own[sizeof(f.url)];
            memcpy(own, f.url, sizeof(own));
            snprintf(f.url, sizeof(f.url), "%s", path);
            db_fixture_reopen(&f, &(struct db_config){ .must_exist = true });
            CHECK_STR(dump_of(&f), before);
            CHECK_EQ(db_check(f.db, &f.fault), OK, "%s", f.fault.message);
            CHECK_EQ(db_backup(f.db, "/nowhere/x", NULL, NULL, &f.fault), ERR_IO);
        }
        db_fixture_close(&f);
    }
}

TEST(check_names_the_damage)
{
    struct db_fixture f;
    if (!db_fixture_open(&f, DB_SQLITE))
        return;
    migrate(&f);
    CHECK_EQ(db_write(f.db, fill, NULL, &f.fault), OK, "%s", f.fault.message);
    CHECK_EQ(db_check(f.db, &f.fault), OK, "%s", f.fault.message);
    db_close(f.db);
    f.db = NULL;
    struct str bytes;
    CHECK_EQ(io_read_file(test_arena(), f.path, 1 << 24, &f.fault, &bytes), OK);
    memset((char *)bytes.data + 4096, 0x5a, bytes.len - 4096); /* all but the first page */
    CHECK_EQ(io_write_file(f.path, bytes, 0600, &f.fault), OK);
    db_fixture_reopen(&f, &(struct db_config){ 0 });
    CHECK_EQ(db_check(f.db, &f.fault), ERR_CORRUPT, "%s", f.fault.message);
    db_fixture_close(&f);
}
