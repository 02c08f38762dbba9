/* qibing verify - a person checks their statement file alone, without network and database. */
#include "app/command.h"
#include "base/io.h"
#include "core/proof/proof.h"

#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX (1u << 20)

static const char help[] =
    "usage: qibing verify STATEMENT.zip --key VKEY|--policy FILE [options]\n"
    "\n"
    "Checks a statement offline: the file is whole, the statement is the one that was logged, the\n"
    "log's tree holds it under a signed checkpoint, all entries of the period are there, and the\n"
    "plan is the one that was published. The key must come from elsewhere than the file: from the\n"
    "contract, the notice board, a colleague, a witness.\n"
    "\n"
    "  --key VKEY          the log's key: name+id+base64, or a file that holds it\n"
    "  --policy FILE       logs, witnesses and quorum that you trust (C2SP tlog-policy)\n"
    "  --checkpoint FILE   a checkpoint that you got elsewhere: it must be of the same history\n"
    "  --consistency FILE  the proof between it and the file's, when their sizes differ\n"
    "                      (GET /log/COMPANY/extension/SIZE)\n"
    "  --lang zh|en        language of the answer; default: from LANG\n"
    "\n"
    "Exit codes: 0 everything holds, 1 refused (the reason is printed), 2 wrong usage.\n"
    "\n"
    "Examples:\n"
    "  qibing verify statement-2026-10.zip --key log.vkey\n"
    "  qibing verify statement-2026-10.zip --policy policy --checkpoint seen-in-september \\\n"
    "    --consistency extension\n";

struct options {
    const char *zip, *key, *policy, *checkpoint, *consistency;
    bool chinese;
};

static bool read_options(int argc, char **argv, struct options *o, int *exit_code)
{
    static const struct option longs[] = {
        { "key", required_argument, NULL, 'k' },
        { "policy", required_argument, NULL, 'p' },
        { "checkpoint", required_argument, NULL, 'c' },
        { "consistency", required_argument, NULL, 'x' },
        { "lang", required_argument, NULL, 'l' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    const char *lang = getenv("LC_ALL");
    if (!lang || !*lang)
        lang = getenv("LANG");
    *exit_code = EXIT_USAGE;
    for (int c; (c = getopt_long(argc, argv, "h", longs, NULL)) != -1;) {
        switch (c) {
        case 'k': o->key = optarg; break;
        case 'p': o->policy = optarg; break;
        case 'c': o->checkpoint = optarg; break;
        case 'x': o->consistency = optarg; break;
        case 'l': lang = optarg; break;
        case 'h':
            fputs(help, stdout);
            *exit_code = EXIT_DONE;
            return false;
        default: return false;
        }
    }
    o->chinese = lang && strncmp(lang, "zh", 2) == 0;
    if (optind + 1 == argc && !o->key != !o->policy && (!o->consistency || o->checkpoint)) {
        o->zip = argv[optind];
        return true;
    }
    fputs("qibing verify: name one file and either --key or --policy; --consistency needs "
          "--checkpoint (--help tells more)\n", stderr);
    return false;
}

/* The key as it is written, or a file that holds it on its only line. */
static enum err key_text(struct arena *arena, const char *given, struct fault *fault,
                         struct str *ret)
{
    *ret = str_from(given);
    if (str_find_char(*ret, '+') >= 0 && !io_exists(given))
        return OK;
    TRY(io_read_file(arena, given, TEXT_MAX, fault, ret));
    *ret = str_trim(*ret);
    return OK;
}

static enum err load_policy(struct arena *arena, const struct options *o, struct fault *fault,
                            struct tlog_policy *ret)
{
    struct str text;
    if (o->policy) {
        TRY(io_read_file(arena, o->policy, TEXT_MAX, fault, &text));
        enum err e = tlog_policy_parse(arena, &proof_crypto, text, fault, ret);
        return e ? fault_explain(fault, e, "%s", o->policy) : OK;
    }
    struct tlog_key key;
    TRY(key_text(arena, o->key, fault, &text));
    TRY(tlog_key_parse(arena, &proof_crypto, text, fault, &key));
    text = str_fmt(arena, "log " STR_FMT "\nquorum none\n", STR_ARG(text));
    return tlog_policy_parse(arena, &proof_crypto, text, fault, ret);
}

static enum err load(struct arena *arena, const struct options *o, struct fault *fault,
                     struct str *zip, struct tlog_trust *trust)
{
    struct tlog_policy *policy = arena_new(arena, struct tlog_policy);
    TRY(load_policy(arena, o, fault, policy));
    trust->policy = policy;
    if (o->checkpoint)
        TRY(io_read_file(arena, o->checkpoint, TEXT_MAX, fault, &trust->checkpoint));
    if (o->consistency)
        TRY(io_read_file(arena, o->consistency, TEXT_MAX, fault, &trust->extension));
    return io_read_file(arena, o->zip, TLOG_PACKET_MAX, fault, zip);
}

static void print_refused(const struct options *o, const struct tlog_verdict *v)
{
    if (o->chinese)
        fprintf(stderr, "未通过：%s（%s）\n", tlog_refusal_chinese(v->refusal), v->fault.message);
    else
        fprintf(stderr, "REFUSED: %s (%s)\n", tlog_refusal_english(v->refusal),
                v->fault.message);
}

static void print_accepted(const struct options *o, const struct tlog_verdict *v)
{
    unsigned long long seq = v->statement.seq, size = v->checkpoint.size, count = v->head.count;
    if (o->chinese)
        printf("核验通过：结算期 " STR_FMT "，日志 " STR_FMT "，第 %llu 条，检查点共 %llu 条，"
               "本期记录 %llu 条齐全，有效签名 %zu 个。\n"
               "注意：本命令尚未重新计算金额。\n",
               STR_ARG(v->statement.period), STR_ARG(v->checkpoint.origin), seq, size, count,
               v->signatures);
    else
        printf("OK: period " STR_FMT ", log " STR_FMT ", entry %llu under a checkpoint of %llu "
               "entries, all %llu entries of the period, %zu valid signatures.\n"
               "Note: this command does not yet work out the pay again.\n",
               STR_ARG(v->statement.period), STR_ARG(v->checkpoint.origin), seq, size, count,
               v->signatures);
}

static int verify(struct arena *arena, const struct options *o)
{
    struct fault fault = { 0 };
    struct tlog_trust trust = { 0 };
    struct tlog_verdict *verdict = arena_new(arena, struct tlog_verdict);
    struct str zip;
    if (sodium_init() < 0)
        fault_set(&fault, ERR_INTERNAL, "libsodium does not start");
    if (fault.code || load(arena, o, &fault, &zip, &trust))
        return command_failed("verify", &fault);
    tlog_packet_check(arena, &proof_crypto, zip, &trust, verdict);
    if (verdict->refusal != TLOG_ACCEPTED) {
        print_refused(o, verdict);
        return EXIT_FAILED;
    }
    print_accepted(o, verdict);
    return EXIT_DONE;
}

int cmd_verify(int argc, char **argv)
{
    struct options options = { 0 };
    int exit_code;
    if (!read_options(argc, argv, &options, &exit_code))
        return exit_code;
    struct arena *arena = arena_open((size_t)4 << 30);
    if (!arena) {
        fputs("qibing verify: no memory\n", stderr);
        return EXIT_FAILED;
    }
    exit_code = verify(arena, &options);
    arena_close(arena);
    return exit_code;
}
