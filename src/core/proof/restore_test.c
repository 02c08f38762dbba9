/* Old backups, resumed and new logs, keys that are gone. */
#include "core/proof/testing.h"

#include "base/io.h"

#include <stdio.h>

/* As if the database of `size` entries had been restored. */
static void roll_back(struct world *w, int size)
{
    struct str sql = str_fmt(test_arena(),
        "DELETE FROM proof_entry WHERE seq >= %d; DELETE FROM proof_checkpoint WHERE size > %d;"
        "DELETE FROM proof_tile; UPDATE proof_guard SET next_seq = %d;"
        "UPDATE proof_tree SET size = 0, signed_size = 0;", size, size, size);
    CHECK_EQ(db_fixture_script(&w->db, str_cstr(test_arena(), sql)), OK, "%s",
             w->db.fault.message);
}

TEST(proof_refuses_after_an_old_backup)
{
    struct world w;
    int three = 3, twenty = 20;
    if (!world_open(&w, DB_SQLITE))
        return;
    write_must(&w, log_orders, &three);
    CHECK_EQ(sequence(&w), OK);
    write_must(&w, log_orders, &three);
    CHECK_EQ(sequence(&w), OK);
    struct str published = status_of(&w).checkpoint;

    roll_back(&w, 3);
    CHECK_EQ(sequence(&w), ERR_STATE, "smaller than what was signed");
    write_must(&w, log_orders, &twenty);
    CHECK_EQ(sequence(&w), ERR_STATE, "larger, but with other entries");
    CHECK_EQ(proof_resume(&w.core, &as_server, published, &w.fault), ERR_STATE);
    CHECK(strstr(w.fault.message, "is not the published one"), "%s", w.fault.message);

    /* A new log names the old one; everything that is there can be proven again. */
    fault_clear(&w.fault);
    CHECK_EQ(proof_new_log(&w.core, &as_server, published, &w.fault), OK, "%s", w.fault.message);
    struct proof_status status = status_of(&w);
    CHECK_EQ(status.number, 2, "named after the first");
    CHECK_STR(status.origin, STR("qibing.example/log/demo/2"));
    CHECK_EQ(status.signed_size, 24);
    int net = 5;
    write_must(&w, log_plan, NULL);
    write_must(&w, log_statement, &net);
    CHECK_EQ(sequence(&w), OK, "%s", w.fault.message);
    struct str zip;
    CHECK_EQ(core_read(&w.core, &as_server, get_zip, &zip, &w.fault), OK, "%s", w.fault.message);
    struct tlog_verdict verdict = judge(&w, zip, STR_NONE, STR_NONE);
    CHECK_EQ(verdict.refusal, TLOG_ACCEPTED, "%s", verdict.fault.message);
    CHECK_EQ(check_of(&w).bad, 0, STR_FMT, STR_ARG(check_of(&w).last));
    world_close(&w);
}

TEST(proof_resumes_after_a_restore)
{
    struct world w;
    int three = 3;
    if (!world_open(&w, DB_SQLITE))
        return;
    write_must(&w, log_orders, &three);
    CHECK_EQ(sequence(&w), OK);
    struct str older = status_of(&w).checkpoint;
    write_must(&w, log_orders, &three);
    CHECK_EQ(sequence(&w), OK);
    struct str published = status_of(&w).checkpoint;

    CHECK_EQ(proof_forget_signer(w.folder, &w.fault), OK);
    write_must(&w, log_orders, &three);
    CHECK_EQ(sequence(&w), ERR_STATE, "restored");
    CHECK_EQ(proof_resume(&w.core, &as_server, older, &w.fault), ERR_STATE, "not the newest");
    CHECK(proof_resume(&w.core, &as_server, STR("nonsense"), &w.fault) != OK);
    struct str forged = str_fmt(test_arena(), STR_FMT, STR_ARG(published));
    ((char *)(uintptr_t)forged.data)[forged.len - 5] ^= 1;
    CHECK(proof_resume(&w.core, &as_server, forged, &w.fault) != OK);
    CHECK_EQ(sequence(&w), ERR_STATE, "still held");
    fault_clear(&w.fault);
    CHECK_EQ(proof_resume(&w.core, &as_server, published, &w.fault), OK, "%s", w.fault.message);
    CHECK_EQ(sequence(&w), OK, "%s", w.fault.message);
    CHECK_EQ(status_of(&w).signed_size, 9);
    CHECK_EQ(check_of(&w).bad, 0);
    world_close(&w);
}

/* Signed and remembered, but the server died before it was published. */
TEST(proof_signs_again_after_a_crash)
{
    struct world w;
    int three = 3;
    if (!world_open(&w, DB_SQLITE))
        return;
    write_must(&w, log_orders, &three);
    CHECK_EQ(sequence(&w), OK);
    write_must(&w, log_orders, &three);
    CHECK_EQ(sequence(&w), OK);
    struct str published = status_of(&w).checkpoint;
    CHECK_EQ(db_fixture_script(&w.db, "DELETE FROM proof_checkpoint WHERE size = 6;"
                                      "UPDATE proof_tree SET signed_size = 3;"), OK);
    CHECK_EQ(sequence(&w), OK, "%s", w.fault.message);
    CHECK_STR(status_of(&w).checkpoint, published, "the same bytes");
    CHECK_EQ(db_fixture_script(&w.db, "DELETE FROM proof_checkpoint WHERE size = 6;"
                                      "UPDATE proof_tree SET signed_size = 3;"), OK);
    write_must(&w, log_orders, &three);
    CHECK_EQ(sequence(&w), OK, "%s", w.fault.message);
    CHECK_EQ(status_of(&w).signed_size, 9);
    CHECK_EQ(check_of(&w).bad, 0);
    world_close(&w);
}

/* ---- keys ---- */

TEST(proof_keys_are_private_and_needed)
{
    struct world w;
    int one = 1;
    if (!world_open(&w, DB_SQLITE))
        return;
    write_must(&w, log_orders, &one);
    CHECK_EQ(sequence(&w), OK);
    const char *key =
        str_cstr(test_arena(), str_fmt(test_arena(), "%s/keys/log-7-1.ed25519", w.folder));
    const char *sql = "SELECT count(*) FROM proof_log WHERE vkey LIKE 'qibing.example/log/demo+%'";
    CHECK_EQ(db_fixture_i64(&w.db, sql), 1);
    write_must(&w, log_orders, &one);
    CHECK_EQ(rename(key, str_cstr(test_arena(), str_fmt(test_arena(), "%s.away", key))), 0);
    CHECK_EQ(sequence(&w), ERR_UNAVAILABLE, "no key, and none is made up");
    CHECK_EQ(io_write_file(key, STR("0123456789abcdef0123456789abcdef"), 0600, &w.fault), OK);
    CHECK_EQ(sequence(&w), ERR_STATE, "another key");
    CHECK_EQ(io_write_file(key, STR("0123456789abcdef0123456789abcdef"), 0644, &w.fault), OK);
    CHECK_EQ(sequence(&w), ERR_FORBIDDEN, "others may read it");
    world_close(&w);
}
