#include "core/proof/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static enum err get_extension(struct cx *cx, void *arg)
{
    struct str *ret = arg, text;
    uint64_t old_size = (uint64_t)ret->len;
    TRY(proof_extension(cx, old_size, &text));
    *ret = str_copy(test_arena(), text);
    return OK;
}

TEST(proof_statement_holds)
{
    FOR_EACH_ENGINE(engine) {
        struct world w;
        struct str zip = STR_NONE, again = STR_NONE;
        if (!world_open(&w, engine))
            continue;
        CHECK_EQ(status_of(&w).number, 0, "no log before the first entry");
        month(&w, 9, 123456);
        CHECK_EQ(core_read(&w.core, &as_server, get_zip, &zip, &w.fault), ERR_NOT_FOUND);
        CHECK_EQ(sequence(&w), OK, "%s", w.fault.message);
        struct proof_status status = status_of(&w);
        CHECK_STR(status.origin, STR("qibing.example/log/demo"));
        CHECK_EQ(status.entries, 12);
        CHECK_EQ(status.signed_size, 12);
        CHECK_EQ(core_read(&w.core, &as_server, get_zip, &zip, &w.fault), OK, "%s",
                 w.fault.message);
        struct tlog_verdict verdict = judge(&w, zip, STR_NONE, STR_NONE);
        CHECK_EQ(verdict.refusal, TLOG_ACCEPTED, "%s", verdict.fault.message);
        CHECK_EQ(verdict.head.count, 5, "four orders and the statement");
        CHECK_EQ(core_read(&w.core, &as_server, get_zip, &again, &w.fault), OK);
        CHECK(str_eq(zip, again), "the same file each time");

        /* Unlocked and locked again: the new head covers the old one. */
        struct str old = status.checkpoint;
        int net = 100000;
        write_must(&w, log_statement, &net);
        CHECK_EQ(sequence(&w), OK, "%s", w.fault.message);
        CHECK_EQ(core_read(&w.core, &as_server, get_zip, &again, &w.fault), OK);
        struct str extension = { NULL, 12 };
        CHECK_EQ(core_read(&w.core, &as_server, get_extension, &extension, &w.fault), OK);
        verdict = judge(&w, again, old, extension);
        CHECK_EQ(verdict.refusal, TLOG_ACCEPTED, "%s", verdict.fault.message);
        CHECK_EQ(verdict.head.count, 7);
        CHECK_EQ(judge(&w, again, old, STR_NONE).refusal, TLOG_REFUSED_HISTORY);
        CHECK_EQ(check_of(&w).bad, 0);
        world_close(&w);
    }
}

static enum err log_and_fail(struct cx *cx, void *arg)
{
    TRY(log_orders(cx, arg));
    return fail(cx, ERR_STATE, "changed my mind");
}

/* Without the fact no entry: numbers have no gap. */
TEST(proof_entry_lives_with_its_transaction)
{
    FOR_EACH_ENGINE(engine) {
        struct world w;
        int one = 1;
        if (!world_open(&w, engine))
            continue;
        for (int i = 0; i < 3; i++) {
            CHECK_EQ(core_write(&w.core, &as_server, log_and_fail, &one, &w.fault), ERR_STATE);
            write_must(&w, log_orders, &one);
        }
        CHECK_EQ(sequence(&w), OK, "%s", w.fault.message);
        CHECK_EQ(status_of(&w).signed_size, 3);
        CHECK_EQ(check_of(&w).bad, 0);
        world_close(&w);
    }
}

static enum err log_text(struct cx *cx, void *arg)
{
    struct proof_fact fact = { .kind = "order", .entity = "", .content = str_from(arg) };
    return proof_append(cx, &fact, NULL);
}

TEST(proof_takes_canonical_json_only)
{
    struct world w;
    static const char *const bad[] = { "", "{", "{ }", "{\"b\":1,\"a\":2}", "{\"a\":1.5}",
                                       "{\"a\":\"\\u0041\"}", "{\"a\":1}\n" };
    if (!world_open(&w, DB_SQLITE))
        return;
    for (size_t i = 0; i < COUNT(bad); i++)
        CHECK(core_write(&w.core, &as_server, log_text, (void *)(uintptr_t)bad[i], &w.fault) != OK,
              "%s", bad[i]);
    write_must(&w, log_text, (void *)(uintptr_t) "{\"a\":\"\xe7\x8e\x8b\"}");
    CHECK_EQ(status_of(&w).entries, 1);
    world_close(&w);
}

TEST(proof_grows_over_tiles)
{
    struct world w;
    if (!world_open(&w, DB_SQLITE))
        return;
    static const int steps[] = { 1, 254, 1, 1, 300, 3 };
    for (size_t i = 0; i < COUNT(steps); i++) {
        int count = steps[i];
        write_must(&w, log_orders, &count);
        CHECK_EQ(sequence(&w), OK, "%s", w.fault.message);
        CHECK_EQ(sequence(&w), OK, "again changes nothing");
    }
    CHECK_EQ(status_of(&w).signed_size, 560);
    CHECK_EQ(db_fixture_i64(&w.db, "SELECT count(*) FROM proof_checkpoint"), 6);
    CHECK_EQ(db_fixture_i64(&w.db, "SELECT count(*) FROM proof_tile"), 4);
    CHECK_EQ(check_of(&w).bad, 0);
    world_close(&w);
}

/* Each column of a logged row, tile or checkpoint, changed by SQL: the check names it. */
TEST(proof_check_finds_tampering)
{
    static const char *const changes[] = {
        "UPDATE proof_entry SET content = '{\"amount_fen\":999900,\"order\":\"3\"}' WHERE seq = 4",
        "UPDATE proof_entry SET salt = leaf WHERE seq = 4",
        "UPDATE proof_entry SET digest = leaf WHERE seq = 4",
        "UPDATE proof_entry SET leaf = digest WHERE seq = 4",
        "UPDATE proof_entry SET kind = 'consent' WHERE seq = 4",
        "UPDATE proof_entry SET period = '2026-09' WHERE seq = 4",
        "UPDATE proof_entry SET subject = NULL WHERE seq = 4",
        "UPDATE proof_entry SET written_at = written_at + 1 WHERE seq = 4",
        "UPDATE proof_entry SET content = NULL, salt = NULL WHERE seq = 4",
        "DELETE FROM proof_entry WHERE seq = 4",
        "DELETE FROM proof_entry WHERE seq = 11",
        "UPDATE proof_entry SET seq = 100 - seq WHERE seq IN (49, 51)",
        "UPDATE proof_guard SET next_seq = 11",
        "UPDATE proof_tile SET hashes = (SELECT leaf FROM proof_entry WHERE seq = 0)",
        "DELETE FROM proof_tile",
        "UPDATE proof_checkpoint SET size = 11",
        "UPDATE proof_checkpoint SET root = (SELECT leaf FROM proof_entry WHERE seq = 0)",
        "UPDATE proof_checkpoint SET note = replace(note, 'demo', 'demi')",
        "UPDATE proof_checkpoint SET note = replace(note, '12', '11')",
    };
    for (size_t i = 0; i < COUNT(changes); i++) {
        struct world w;
        if (!world_open(&w, DB_SQLITE))
            return;
        month(&w, 9, 1);
        CHECK_EQ(sequence(&w), OK, "%s", w.fault.message);
        CHECK_EQ(check_of(&w).bad, 0);
        CHECK_EQ(db_fixture_script(&w.db, changes[i]), OK, "%s", w.db.fault.message);
        bool nothing = strstr(changes[i], "(49, 51)") != NULL; /* no such rows: the control */
        CHECK_EQ(check_of(&w).bad > 0, !nothing, "%s", changes[i]);
        world_close(&w);
    }
}

/* Who changes content, digest, leaf, tile and all together still cannot sign. */
TEST(proof_check_finds_a_rewritten_log)
{
    struct world w;
    if (!world_open(&w, DB_SQLITE))
        return;
    month(&w, 9, 1);
    CHECK_EQ(sequence(&w), OK);
    struct proof_status honest = status_of(&w);
    CHECK_EQ(db_fixture_script(&w.db, "DELETE FROM proof_entry; DELETE FROM proof_tile;"
                                      "UPDATE proof_guard SET next_seq = 0;"
                                      "UPDATE proof_tree SET size = 0, signed_size = 0;"), OK);
    month(&w, 9, 2);
    CHECK_EQ(sequence(&w), ERR_STATE, "the signer remembers");
    struct checked checked = check_of(&w);
    CHECK(checked.bad > 0, "the checkpoint is of another tree");
    CHECK_EQ(status_of(&w).signed_size, 0);
    CHECK(str_eq(status_of(&w).checkpoint, honest.checkpoint));
    world_close(&w);
}

static enum err erase_wang(struct cx *cx, void *arg)
{
    return proof_erase(cx, WANG, arg);
}

/* A person who must be forgotten: the log still proves everything of the others. */
TEST(proof_survives_an_erasure)
{
    struct world w;
    struct str zip;
    int64_t erased = 0;
    if (!world_open(&w, DB_SQLITE))
        return;
    month(&w, 9, 1);
    CHECK_EQ(sequence(&w), OK);
    write_must(&w, erase_wang, &erased);
    CHECK_EQ(erased, 6);
    CHECK_EQ(core_read(&w.core, &as_server, get_zip, &zip, &w.fault), ERR_NOT_FOUND);
    CHECK_EQ(check_of(&w).bad, 0);
    CHECK_EQ(db_fixture_i64(&w.db, "SELECT count(*) FROM proof_entry WHERE person_id = 1001"), 0);
    CHECK_EQ(sequence(&w), OK);
    world_close(&w);
}

/* ---- the thread ---- */

TEST(proof_sequencer_signs_within_two_seconds)
{
    FOR_EACH_ENGINE(engine) {
        struct world w;
        struct proof_sequencer *sequencer = NULL;
        int three = 3;
        if (!world_open(&w, engine))
            continue;
        CHECK_EQ(proof_sequencer_start(&w.core, &w.fault, &sequencer), OK);
        for (int64_t round = 1; round <= 3; round++) {
            write_must(&w, log_orders, &three);
            int64_t waited_ms = 0;
            while ((int64_t)status_of(&w).signed_size < 3 * round && waited_ms < 10000) {
                usleep(20000);
                waited_ms += 20;
            }
            CHECK(waited_ms <= 2000, "%d ms", (int)waited_ms);
        }
        proof_sequencer_stop(sequencer);
        CHECK_EQ(check_of(&w).bad, 0);
        world_close(&w);
    }
}

/* ---- a million entries, when asked for: QIBING_PROOF_BENCH=1000000 ---- */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* of one core: other work must not count */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

TEST(proof_check_of_many_entries)
{
    const char *asked = getenv("QIBING_PROOF_BENCH");
    struct world w;
    if (!asked) {
        test_skip("set QIBING_PROOF_BENCH to a number of entries");
        return;
    }
    if (!world_open(&w, DB_SQLITE))
        return;
    double begun = seconds();
    for (int done = 0, step = 10000; done < atoi(asked); done += step)
        CHECK_EQ(core_write_alone(&w.core, &as_server, log_orders, &step, &w.fault), OK);
    double appended = seconds();
    CHECK_EQ(sequence(&w), OK, "%s", w.fault.message);
    double sequenced = seconds();
    CHECK_EQ(check_of(&w).bad, 0);
    printf("proof: %s entries, CPU: appended in %.1f s, sequenced in %.1f s, checked in %.1f s\n",
           asked, appended - begun, sequenced - appended, seconds() - sequenced);
    world_close(&w);
}
