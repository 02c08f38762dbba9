/*
 * password.h - passwords as argon2id hashes (RFC 9106), with memory that cannot run away.
 *
 * One hash takes 19 MiB for about 20 ms. At most two run at once in the process, and at most two
 * more wait: whoever comes then is told ERR_BUSY and tries again. The line is short because each in
 * it holds a worker that others need for reading.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define PASSWORD_CHARACTERS_MIN 10
#define PASSWORD_BYTES_MAX 200

struct password_gate; /* lets two through at a time; one per process, made by app */
NODISCARD struct password_gate *password_gate_open(void); /* NULL: no memory */
void password_gate_close(struct password_gate *gate);

/* ERR_UNPROCESSABLE tells what a good password needs: length, not the login name, no common one. */
NODISCARD enum err password_check(struct str password, struct str login_name, struct fault *fault);
/* The text to keep ("$argon2id$…"). Slow by design: never on the writer. */
NODISCARD enum err password_hash(struct password_gate *gate, struct arena *arena,
                                 struct str password, struct fault *fault, struct str *ret);
/* `*good` is false also when `hash` is empty, after the same time: an unknown name must not answer
 * sooner. ERR_BUSY: too many wait. */
NODISCARD enum err password_verify(struct password_gate *gate, struct str password,
                                   struct str hash, struct fault *fault, bool *good);
