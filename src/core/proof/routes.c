/* The public log: C2SP tlog-tiles. What is served is commitments and hashes, never a fact. */
#include "core/proof/tree.h"
#include "db/db.h"
#include "entity/route.h"

#define WHY "the log proves the company's statements to anybody, and holds only commitments"

/* The company named in the address becomes the one that this request reads. */
static enum err enter(struct cx *cx, const struct request *in, struct proof_status *status)
{
    struct company_id company;
    enum err e = proof_company_by_code(
        cx, (struct proof_company_by_code_in){ request_param(in, "org") }, &company);
    if (e == ERR_NOT_FOUND)
        return refuse(cx, ERR_NOT_FOUND, "there is no such log", "没有这个日志");
    if (e)
        return e;
    cx->org = company.v;
    TRY(proof_status(cx, status));
    if (status->number == 0)
        return refuse(cx, ERR_NOT_FOUND, "there is no such log", "没有这个日志");
    return OK;
}

static void put_text(struct reply *out, struct str text)
{
    buf_str(&out->body, text);
    out->type = "text/plain; charset=utf-8";
    out->weigh = true;
}

static enum err get_checkpoint(struct cx *cx, const struct request *in, struct reply *out)
{
    struct proof_status status;
    TRY(enter(cx, in, &status));
    if (status.checkpoint.len == 0)
        return refuse(cx, ERR_NOT_FOUND, "nothing was signed yet", "尚未签署检查点");
    put_text(out, status.checkpoint);
    return OK;
}

static enum err get_vkey(struct cx *cx, const struct request *in, struct reply *out)
{
    struct proof_status status;
    TRY(enter(cx, in, &status));
    put_text(out, str_fmt(cx->arena, STR_FMT "\n", STR_ARG(status.vkey)));
    return OK;
}

static enum err put_bundle(struct cx *cx, struct tlog_tile tile, struct buf *out)
{
    struct proof_entries_cursor cursor;
    const struct proof_entries_row *row;
    int64_t from = (int64_t)tile.n * TLOG_TILE_WIDTH;
    TRY(proof_entries(cx, (struct proof_entries_in){ from, from + tile.width }, &cursor));
    for (;;) {
        TRY(proof_entries_next(cx, &cursor, &row));
        if (!row)
            return OK;
        tlog_bundle_add(out, proof_entry_text(cx, row));
    }
}

static enum err put_hashes(struct cx *cx, struct tlog_tile tile, struct buf *out)
{
    struct str hashes;
    size_t bytes = (size_t)tile.width * sizeof(struct merkle_hash);
    TRY(proof_tile_get(cx, (struct proof_tile_get_in){ tile.level, (int64_t)tile.n }, &hashes));
    if (hashes.len < bytes)
        return fail(cx, ERR_CORRUPT, "a tile is too short");
    buf_add(out, hashes.data, bytes);
    return OK;
}

static enum err get_tile(struct cx *cx, const struct request *in, struct reply *out)
{
    struct proof_status status;
    struct tlog_tile tile;
    struct str path = str_fmt(cx->arena, "tile/" STR_FMT, STR_ARG(request_param(in, "path")));
    TRY(enter(cx, in, &status));
    if (!tlog_tile_parse(path, &tile))
        return refuse(cx, ERR_NOT_FOUND, "that is no tile", "不是有效的瓦片地址");
    /* Only what a checkpoint covers: tiles of an unsigned tree prove nothing. */
    int level = tile.level == TLOG_TILE_ENTRIES ? 0 : tile.level;
    if (tile.width > tlog_tile_width(level, tile.n, status.signed_size))
        return refuse(cx, ERR_NOT_FOUND, "the log does not reach so far", "日志尚未到达该位置");
    out->type = "application/octet-stream";
    out->cache_forever = true;
    return tile.level == TLOG_TILE_ENTRIES ? put_bundle(cx, tile, &out->body)
                                           : put_hashes(cx, tile, &out->body);
}

static enum err get_extension(struct cx *cx, const struct request *in, struct reply *out)
{
    struct proof_status status;
    struct str text;
    uint64_t old_size;
    TRY(enter(cx, in, &status));
    if (!tlog_size_parse(request_param(in, "size"), &old_size) || old_size > status.signed_size)
        return refuse(cx, ERR_NOT_FOUND, "no checkpoint had that size", "没有该大小的检查点");
    TRY(proof_extension(cx, old_size, &text));
    put_text(out, text);
    return OK;
}

const struct route proof_routes[] = {
    { GET, "//log/{org}/checkpoint", get_checkpoint, .may = MAY_ANYONE, .why = WHY,
      .about = "The last signed checkpoint (C2SP tlog-checkpoint)",
      .about_zh = "最近签署的检查点（C2SP tlog-checkpoint）" },
    { GET, "//log/{org}/vkey", get_vkey, .may = MAY_ANYONE, .why = WHY,
      .about = "The key that signs checkpoints (C2SP signed-note)",
      .about_zh = "检查点的验证公钥（C2SP signed-note）" },
    { GET, "//log/{org}/tile/{path*}", get_tile, .may = MAY_ANYONE, .why = WHY,
      .about = "Hash tiles and entry bundles (C2SP tlog-tiles)",
      .about_zh = "哈希瓦片与条目包（C2SP tlog-tiles）" },
    { GET, "//log/{org}/extension/{size}", get_extension, .may = MAY_ANYONE, .why = WHY,
      .about = "Proof that the last checkpoint extends a smaller tree (C2SP add-checkpoint body)",
      .about_zh = "证明最近检查点延续较小的树（C2SP add-checkpoint 正文）" },
    { 0 },
};
