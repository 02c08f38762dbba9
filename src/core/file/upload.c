/*
 * Resumable uploads: begin, send parts of at most 8 MB in order, look how far it came, finish. A
 * part that is sent twice is written to the same place twice: a lost answer costs one part.
 */
#include "core/file/file_part.h"

#include "base/hex.h"
#include "base/io.h"
#include "core/file/file.gen.h"
#include "core/setting/setting.h"
#include "may.gen.h"
#include "setting.gen.h"

#include <fcntl.h>
#include <unistd.h>

static const char *part_path(struct cx *cx, int64_t upload)
{
    return str_fmt(cx->arena, "%s/%lld", file_folder(cx, "upload"), (long long)upload).data;
}

static enum err answer(struct cx *cx, const struct upload *row, struct reply *out)
{
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "id");
    json_put_id(&w, row->id.v);
    json_key(&w, "bytes");
    json_put_i64(&w, row->bytes);
    json_key(&w, "received");
    json_put_i64(&w, row->received);
    json_key(&w, "status");
    json_put_cstr(&w, upload_status_code(row->status));
    json_key(&w, "file");
    json_put_id(&w, row->file.v);
    json_end_object(&w);
    (void)cx;
    return OK;
}

static enum err begin(struct cx *cx, const struct request *in, struct reply *out)
{
    struct upload row = upload_blank;
    const struct json *name = json_get(in->json, "name"), *type = json_get(in->json, "type");
    if (!name || name->type != JSON_STRING || !name->text.len || utf8_count(name->text) > 200)
        problem(cx, "name", "required", "a file name of at most 200 characters",
                "请给出文件名（最多 200 字）");
    if (!type || type->type != JSON_STRING || !type->text.len || type->text.len > 100)
        problem(cx, "type", "required", "a media type", "请给出文件类型");
    int64_t most = setting_number(cx, SETTING_FILE_BYTES_MAX);
    if (!json_i64(json_get(in->json, "bytes"), &row.bytes) || row.bytes < 1 || row.bytes > most)
        problem(cx, "bytes", "range", "between 1 and %lld", "应在 1 与 %lld 之间",
                (long long)most);
    TRY(problems_end(cx));
    row.name = name->text;
    row.type = type->text;
    row.owner.v = cx->actor.person;
    TRY(upload_insert(cx, &row));
    out->status = 201;
    return answer(cx, &row, out);
}

/* Uploads belong to whoever began them, whatever else they may see. */
static enum err own_upload(struct cx *cx, const struct request *in, struct upload *ret)
{
    int64_t id;
    TRY(request_id(cx, in, "id", &id));
    TRY(upload_get(cx, (struct upload_id){ id }, ret));
    if (ret->created_by != cx->actor.login)
        return refuse(cx, ERR_NOT_FOUND, "there is no such upload", "没有找到该上传");
    return OK;
}

static enum err offset_of(struct cx *cx, const struct request *in, const struct upload *row,
                          int64_t *ret)
{
    struct str text;
    if (!request_query(in, "offset", &text) || !str_to_i64(text, ret) || *ret < 0)
        problem(cx, "offset", "required", "where the part begins", "请给出分段起点");
    else if (*ret > row->received || *ret + (int64_t)in->body.len > row->bytes)
        problem(cx, "offset", "range", "go on at %lld", "请从 %lld 继续",
                (long long)row->received);
    return problems_end(cx);
}

static enum err part_before(struct cx *cx, const struct request *in, void **ret)
{
    struct upload row;
    int64_t offset;
    *ret = NULL;
    TRY(own_upload(cx, in, &row));
    if (row.status != UPLOAD_OPEN)
        return refuse(cx, ERR_STATE, "this upload has ended", "该上传已结束");
    TRY(offset_of(cx, in, &row, &offset));
    TRY(io_make_folder(file_folder(cx, "upload"), &cx->fault));
    const char *path = part_path(cx, row.id.v);
    CLOSE_ON_EXIT int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(cx, "open %s", path);
    if (lseek(fd, offset, SEEK_SET) != offset)
        return fail_errno(cx, "seek in %s", path);
    TRY(io_write_all(fd, in->body.data, in->body.len, &cx->fault));
    return fsync(fd) == 0 ? OK : fail_errno(cx, "sync %s", path);
}

static enum err part(struct cx *cx, const struct request *in, struct reply *out)
{
    struct upload row;
    int64_t offset;
    TRY(own_upload(cx, in, &row));
    TRY(offset_of(cx, in, &row, &offset));
    row.received = MAX(row.received, offset + (int64_t)in->body.len);
    TRY(upload_update(cx, &row));
    return answer(cx, &row, out);
}

static enum err state(struct cx *cx, const struct request *in, struct reply *out)
{
    struct upload row;
    TRY(own_upload(cx, in, &row));
    return answer(cx, &row, out);
}

/* Looks at the whole content on a worker: reading a large file must not hold up the writer. */
static enum err finish_before(struct cx *cx, const struct request *in, void **ret)
{
    struct upload row;
    struct file_look look;
    TRY(own_upload(cx, in, &row));
    *ret = NULL;
    if (row.status != UPLOAD_OPEN)
        return OK;
    if (row.received != row.bytes)
        return refuse(cx, ERR_STATE, "%lld of %lld bytes have arrived: send the rest",
                      "已收到 %lld / %lld 字节，请继续上传", (long long)row.received,
                      (long long)row.bytes);
    TRY(file_look(cx, part_path(cx, row.id.v), &look));
    const char *sniffed = file_sniff(look.head);
    if (!file_type_fits(sniffed, row.type))
        return refuse(cx, ERR_MEDIA_TYPE, "the content is %s, not " STR_FMT,
                      "文件内容是 %s，与声明的 " STR_FMT " 不符", sniffed, STR_ARG(row.type));
    return OK;
}

static enum err finish(struct cx *cx, const struct request *in, struct reply *out)
{
    struct upload row;
    TRY(own_upload(cx, in, &row));
    if (row.status == UPLOAD_OPEN) {
        TRY(file_service_keep(cx, part_path(cx, row.id.v), row.name,
                              str_cstr(cx->arena, row.type), &row.file.v));
        TRY(upload_move(cx, &row, UPLOAD_KEPT));
    }
    return answer(cx, &row, out);
}

const struct route upload_routes[] = {
    { POST, "/uploads", begin, .may = MAY_FILE_UPLOAD, .body = BODY_JSON,
      .about = "Begin a resumable upload", .about_zh = "开始可续传的上传" },
    { GET, "/uploads/{id}", state, .may = MAY_FILE_UPLOAD, .about = "How far an upload came",
      .about_zh = "上传进度" },
    { PUT, "/uploads/{id}", part, .may = MAY_FILE_UPLOAD, .body = BODY_BYTES, .unkeyed = true,
      .before = part_before, .about = "Send one part, ?offset=", .about_zh = "上传一段" },
    { POST, "/uploads/{id}/finish", finish, .may = MAY_FILE_UPLOAD, .body = BODY_JSON,
      .before = finish_before, .about = "Check and keep the file", .about_zh = "校验并保存文件" },
    { 0 },
};
