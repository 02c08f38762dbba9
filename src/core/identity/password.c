#include "core/identity/password.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

enum { AT_ONCE = 2, WAITING_MAX = 2, PASSES = 2, MEMORY_BYTES = 19 << 20 };

struct password_gate {
    pthread_mutex_t lock;
    pthread_cond_t free;
    int inside, waiting;
};

struct password_gate *password_gate_open(void)
{
    if (sodium_init() < 0)
        return NULL;
    struct password_gate *gate = calloc(1, sizeof *gate);
    if (!gate)
        return NULL;
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->free, NULL);
    return gate;
}

void password_gate_close(struct password_gate *gate)
{
    if (!gate)
        return;
    pthread_mutex_destroy(&gate->lock);
    pthread_cond_destroy(&gate->free);
    free(gate);
}

static enum err enter(struct password_gate *gate, struct fault *fault)
{
    pthread_mutex_lock(&gate->lock);
    if (gate->inside == AT_ONCE && gate->waiting == WAITING_MAX) {
        pthread_mutex_unlock(&gate->lock);
        return fault_set(fault, ERR_BUSY, "too many sign in at this moment: try again");
    }
    gate->waiting++;
    while (gate->inside == AT_ONCE)
        pthread_cond_wait(&gate->free, &gate->lock);
    gate->waiting--;
    gate->inside++;
    pthread_mutex_unlock(&gate->lock);
    return OK;
}

static void leave(struct password_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->inside--;
    pthread_cond_signal(&gate->free);
    pthread_mutex_unlock(&gate->lock);
}

enum err password_check(struct str password, struct str login_name, struct fault *fault)
{
    /* Long and common is still guessed first: these are the tops of published lists. */
    static const char *const common[] = { "1234567890", "0123456789", "qwertyuiop", "password123",
                                          "1111111111", "0000000000", "woaini1314", "iloveyou123",
                                          "qwerty123456", "abc1234567", "a123456789" };
    if (!utf8_valid(password) || utf8_count(password) < PASSWORD_CHARACTERS_MIN)
        return fault_set_field(fault, ERR_UNPROCESSABLE, "password",
                               "a password needs at least %d characters", PASSWORD_CHARACTERS_MIN);
    if (password.len > PASSWORD_BYTES_MAX)
        return fault_set_field(fault, ERR_UNPROCESSABLE, "password",
                               "a password has at most %d bytes", PASSWORD_BYTES_MAX);
    if (str_eq(password, login_name))
        return fault_set_field(fault, ERR_UNPROCESSABLE, "password",
                               "the password must not be the login name");
    for (size_t i = 0; i < COUNT(common); i++)
        if (str_is(password, common[i]))
            return fault_set_field(fault, ERR_UNPROCESSABLE, "password",
                                   "this password is among the first that are guessed");
    return OK;
}

enum err password_hash(struct password_gate *gate, struct arena *arena, struct str password,
                       struct fault *fault, struct str *ret)
{
    char *text = arena_alloc(arena, crypto_pwhash_STRBYTES);
    TRY(enter(gate, fault));
    int failed = crypto_pwhash_str_alg(text, password.data, password.len, PASSES, MEMORY_BYTES,
                                       crypto_pwhash_ALG_ARGON2ID13);
    leave(gate);
    if (failed)
        return fault_set(fault, ERR_NO_MEMORY, "no memory to hash a password");
    *ret = str_from(text);
    return OK;
}

/* A hash of nothing anybody knows, with the cost of real ones. */
static const char nobody[] = "$argon2id$v=19$m=19456,t=2,p=1$"
                             "c29tZXNhbHRzb21lc2FsdA$"
                             "Jk2tNSbmUyhzVvAvTIFFMQkCrs2O1HMxoiJDaSsMEi0";

enum err password_verify(struct password_gate *gate, struct str password, struct str hash,
                         struct fault *fault, bool *good)
{
    char text[crypto_pwhash_STRBYTES] = { 0 };
    bool known = hash.len > 0 && hash.len < sizeof text;
    memcpy(text, known ? hash.data : nobody, known ? hash.len : sizeof nobody - 1);
    TRY(enter(gate, fault));
    bool same = crypto_pwhash_str_verify(text, password.data, password.len) == 0;
    leave(gate);
    sodium_memzero(text, sizeof text);
    *good = known && same;
    return OK;
}
