/* keeper.h - keys and the signer's memory, as files. Private to core/proof. */
#pragma once

#include "core/proof/proof.h"


const char *keeper_host(const struct proof_keeper *keeper);

/* The key of HMACs; `make` creates it. ERR_UNAVAILABLE: it is not there. */
NODISCARD enum err keeper_subject_key(struct proof_keeper *keeper, int64_t org, bool make,
                                      struct fault *fault, uint8_t ret[32]);
/* A signer of log `number`; `make` creates the key. Its name is `origin`, not copied. */
NODISCARD enum err keeper_signer(struct proof_keeper *keeper, struct arena *arena, int64_t org,
                                 int64_t number, struct str origin, bool make,
                                 struct fault *fault, struct tlog_signer *ret);
void keeper_wipe(struct tlog_signer *signer);

/* What was signed last. *has false: nothing is remembered. */
NODISCARD enum err keeper_last_signed(struct proof_keeper *keeper, struct arena *arena,
                                      int64_t org, struct fault *fault, bool *has,
                                      struct str *ret);
/* Durable before it returns. */
NODISCARD enum err keeper_remember(struct proof_keeper *keeper, int64_t org, struct str checkpoint,
                                   struct fault *fault);
/* Was the data folder restored, and the company's log not resumed since? */
NODISCARD enum err keeper_held(struct proof_keeper *keeper, int64_t org, struct fault *fault,
                               bool *ret);
NODISCARD enum err keeper_release(struct proof_keeper *keeper, int64_t org, struct fault *fault);
/* One signer at a time over all processes: a descriptor to close. */
NODISCARD enum err keeper_lock(struct proof_keeper *keeper, int64_t org, struct fault *fault,
                               int *fd);
