/* store.c - see store.h. */
#include "entity/store.h"
#include "entity/secret.h"

#include "base/vec.h"
#include "db/db.h"

/* ------------------------------------------------------------------ changes */

static const struct db_statement insert_change = {
    .name = "change_record_insert", .file = __FILE__, .line = __LINE__, .params = 9,
    .writes = true,
    .sql = "INSERT INTO change_record (org, id, version, kind, subject, operation, by_name,"
           " changes, created_at, created_by)"
           " VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9)",
};

enum err store_change(struct cx *cx, const char *kind, int64_t row, const char *operation,
                      struct str changes)
{
    const struct db_value values[] = {
        db_int(cx->org), db_int(cx_new_id(cx)), db_str(str_from(kind)), db_int(row),
        db_str(str_from(operation)), cx->actor.name.len ? db_str(cx->actor.name) : db_null(),
        db_str(changes), db_int(cx->now.us), db_int(cx->actor.login),
    };
    return db_run(cx->tx, &insert_change, values, NULL, &cx->fault);
}

static const struct db_statement changes_of = {
    .name = "change_record_of", .file = __FILE__, .line = __LINE__, .params = 4, .columns = 5,
    .sql = "SELECT created_by, by_name, operation, changes, created_at FROM change_record"
           " WHERE org = $1 AND kind = $2 AND subject = $3 ORDER BY id DESC LIMIT $4",
};

enum err store_changes(struct cx *cx, const char *kind, int64_t row, int limit,
                       const struct change_seen **ret, size_t *count)
{
    const struct db_value values[] = { db_int(cx->org), db_str(str_from(kind)), db_int(row),
                                       db_int(limit) };
    VEC(struct change_seen) seen = { 0 };
    struct db_rows *rows;
    TRY(db_query(cx->tx, &changes_of, values, &cx->fault, &rows));
    for (bool has;;) {
        TRY(db_next(rows, &has, &cx->fault));
        if (!has)
            break;
        vec_add(cx->arena, &seen, ((struct change_seen){
            .login = db_i64(rows, 0),
            .by_name = db_text_copy(cx->arena, rows, 1),
            .operation = db_text_copy(cx->arena, rows, 2),
            .changes = db_text_copy(cx->arena, rows, 3),
            .at = { db_i64(rows, 4) },
        }));
    }
    *ret = seen.items;
    *count = seen.count;
    return OK;
}

/* ------------------------------------------------------------------ events */

static const struct db_statement insert_event = {
    .name = "event_insert", .file = __FILE__, .line = __LINE__, .params = 9, .writes = true,
    .sql = "INSERT INTO event (org, id, version, name, kind, subject, person, data, created_at,"
           " created_by) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9)",
};

static struct db_value id_or_null(int64_t id)
{
    return id ? db_int(id) : db_null();
}

enum err store_event(struct cx *cx, const struct event *event)
{
    const struct db_value values[] = {
        db_int(cx->org), db_int(event->id), db_str(str_from(event->name)),
        event->entity ? db_str(str_from(event->entity)) : db_null(), id_or_null(event->row),
        id_or_null(event->person), event->data.data ? db_str(event->data) : db_null(),
        db_int(event->at.us), db_int(event->login),
    };
    return db_run(cx->tx, &insert_event, values, NULL, &cx->fault);
}

/* ------------------------------------------------------------------ answers */

static const struct db_statement get_answer = {
    .name = "kept_answer_get", .file = __FILE__, .line = __LINE__, .params = 3, .columns = 6,
    .sql = "SELECT request, status, body, type, location, row_version FROM kept_answer"
           " WHERE org = $1 AND login = $2 AND key = $3",
};

/* An answer may hold what is shown once: a token, the secret of an authenticator app. */
static struct str answer_context(struct cx *cx, struct str key)
{
    return str_fmt(cx->arena, "kept_answer %lld %lld " STR_FMT, (long long)cx->org,
                   (long long)cx->actor.login, STR_ARG(key));
}

enum err store_answer_get(struct cx *cx, struct str key, bool *found, struct kept_answer *ret)
{
    const struct db_value values[] = { db_int(cx->org), db_int(cx->actor.login), db_str(key) };
    struct db_rows *rows;
    TRY(db_query(cx->tx, &get_answer, values, &cx->fault, &rows));
    TRY(db_next(rows, found, &cx->fault));
    if (!*found)
        return OK;
    *ret = (struct kept_answer){
        .request = db_blob_copy(cx->arena, rows, 0),
        .status = (int)db_i64(rows, 1),
        .body = db_blob_copy(cx->arena, rows, 2),
        .type = db_text_copy(cx->arena, rows, 3),
        .location = db_text_copy(cx->arena, rows, 4),
        .version = db_i64(rows, 5),
    };
    db_rows_close(rows);
    return secret_unwrap(cx, answer_context(cx, key), ret->body, &ret->body);
}

static const struct db_statement put_answer = {
    .name = "kept_answer_put", .file = __FILE__, .line = __LINE__, .params = 12, .writes = true,
    .sql = "INSERT INTO kept_answer (org, id, version, login, key, request, status, body, type,"
           " location, row_version, created_at, created_by)"
           " VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
};

enum err store_answer_put(struct cx *cx, struct str key, const struct kept_answer *answer)
{
    struct str body;
    TRY(secret_wrap(cx, answer_context(cx, key), answer->body, &body));
    const struct db_value values[] = {
        db_int(cx->org), db_int(cx_new_id(cx)), db_int(cx->actor.login), db_str(key),
        db_bytes(answer->request), db_int(answer->status), db_bytes(body),
        answer->type.len ? db_str(answer->type) : db_null(),
        answer->location.len ? db_str(answer->location) : db_null(),
        answer->version ? db_int(answer->version) : db_null(),
        db_int(cx->now.us), db_int(cx->actor.login),
    };
    return db_run(cx->tx, &put_answer, values, NULL, &cx->fault);
}

static const struct db_statement forget_answers = {
    .name = "kept_answer_forget", .file = __FILE__, .line = __LINE__, .params = 2, .writes = true,
    .sql = "DELETE FROM kept_answer WHERE org = $1 AND created_at < $2",
};

enum err store_answers_forget(struct cx *cx, struct instant before, int64_t *dropped)
{
    const struct db_value values[] = { db_int(cx->org), db_int(before.us) };
    return db_run(cx->tx, &forget_answers, values, dropped, &cx->fault);
}
