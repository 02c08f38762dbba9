/* The statement file as files and back. */
#include "engine/merkle/packet.h"

#include "base/hex.h"
#include "base/vec.h"

/* Files in the order of the format, or (reading) the files that were found in that order. */
struct files {
    struct arena *arena;
    VEC(struct tlog_file) list;
    size_t at;
    struct fault *fault;
};

static void add_file(struct files *files, struct str stem, const char *ending, struct str data)
{
    struct str name = str_fmt(files->arena, STR_FMT "%s", STR_ARG(stem), ending);
    vec_add(files->arena, &files->list, ((struct tlog_file){ name, data }));
}

static void add_fact(struct files *files, struct str stem, const struct tlog_fact *fact)
{
    struct str salt = base64_encode(files->arena, fact->salt, sizeof fact->salt);
    add_file(files, stem, ".json", fact->content);
    add_file(files, stem, ".salt", str_fmt(files->arena, STR_FMT "\n", STR_ARG(salt)));
    add_file(files, stem, ".entry", fact->entry);
}

static void add_proven(struct files *files, struct str stem, const struct tlog_proven *proven)
{
    add_fact(files, stem, &proven->fact);
    add_file(files, stem, ".tlog-proof", proven->proof);
}

static struct str entry_stem(struct arena *arena, size_t i)
{
    return str_fmt(arena, "entries/%06zu", i);
}

struct tlog_file *tlog_packet_files(struct arena *arena, const struct tlog_packet *packet,
                                    size_t *count)
{
    struct files files = { .arena = arena };
    assert(packet->entry_count <= TLOG_PACKET_ENTRIES_MAX);
    add_proven(&files, STR("statement"), &packet->statement);
    add_proven(&files, STR("period"), &packet->head);
    add_proven(&files, STR("publication"), &packet->publication);
    add_file(&files, STR("plan"), ".json", packet->plan);
    add_file(&files, STR("policy"), "", packet->policy);
    for (size_t i = 0; i < packet->entry_count; i++)
        add_fact(&files, entry_stem(arena, i), &packet->entries[i]);
    *count = files.list.count;
    return files.list.items;
}

struct str tlog_packet_write(struct arena *arena, const struct tlog_packet *packet)
{
    size_t count;
    struct tlog_file *files = tlog_packet_files(arena, packet, &count);
    return tlog_zip_write(arena, files, count);
}

static enum err take_file(struct files *files, struct str stem, const char *ending,
                          struct str *ret)
{
    struct str name = str_fmt(files->arena, STR_FMT "%s", STR_ARG(stem), ending);
    if (files->at == files->list.count || !str_eq(files->list.items[files->at].name, name))
        return fault_set(files->fault, ERR_PARSE, STR_FMT " is not where it must be",
                         STR_ARG(name));
    *ret = files->list.items[files->at++].data;
    return OK;
}

static enum err take_fact(struct files *files, struct str stem, struct tlog_fact *ret)
{
    struct str text, salt;
    TRY(take_file(files, stem, ".json", &ret->content));
    TRY(take_file(files, stem, ".salt", &text));
    if (text.len != 45 || text.data[44] != '\n' ||
        !base64_decode(files->arena, str_cut(text, 0, 44), &salt) || salt.len != TLOG_SALT_BYTES)
        return fault_set(files->fault, ERR_PARSE, STR_FMT ".salt is not 32 bytes in base64",
                         STR_ARG(stem));
    memcpy(ret->salt, salt.data, TLOG_SALT_BYTES);
    return take_file(files, stem, ".entry", &ret->entry);
}

static enum err take_proven(struct files *files, struct str stem, struct tlog_proven *ret)
{
    TRY(take_fact(files, stem, &ret->fact));
    return take_file(files, stem, ".tlog-proof", &ret->proof);
}

enum err tlog_packet_read(struct arena *arena, struct str bytes, struct fault *fault,
                          struct tlog_packet *ret)
{
    struct files files = { .arena = arena, .fault = fault };
    *ret = (struct tlog_packet){ 0 };
    TRY(tlog_zip_read(arena, bytes, fault, &files.list.items, &files.list.count));
    TRY(take_proven(&files, STR("statement"), &ret->statement));
    TRY(take_proven(&files, STR("period"), &ret->head));
    TRY(take_proven(&files, STR("publication"), &ret->publication));
    TRY(take_file(&files, STR("plan"), ".json", &ret->plan));
    TRY(take_file(&files, STR("policy"), "", &ret->policy));
    ret->entry_count = (files.list.count - files.at) / 3;
    if (ret->entry_count > TLOG_PACKET_ENTRIES_MAX)
        return fault_set(fault, ERR_PARSE, "more than %d entries", TLOG_PACKET_ENTRIES_MAX);
    ret->entries = arena_array(arena, struct tlog_fact, ret->entry_count);
    for (size_t i = 0; i < ret->entry_count; i++)
        TRY(take_fact(&files, entry_stem(arena, i), &ret->entries[i]));
    if (files.at != files.list.count)
        return fault_set(fault, ERR_PARSE, "the zip has a file too many");
    return OK;
}
