/* internal.h - between the files of this folder: the shape of each section as a table. */
#pragma once

#include "core/playbook/playbook.h"

/* What a key of an entry may hold. */
enum playbook_value {
    VALUE_CODE,        /* lower_case_word */
    VALUE_BOTH,        /* {"zh": text, "en": text} */
    VALUE_LEVEL,       /* core, middle, execution */
    VALUE_RANGE,       /* {"min": n, "max": n} */
    VALUE_REF,         /* code of an entry of `target` */
    VALUE_REFS,        /* list of such codes */
    VALUE_OBJECTS,     /* list of objects with `keys` */
    VALUE_PERMISSIONS, /* {permission: reach} */
};

struct playbook_key {
    const char *name; /* NULL ends a table */
    enum playbook_value kind;
    bool required;
    bool nullable;      /* VALUE_REF: null says that there is none, on purpose */
    int64_t high;       /* VALUE_BOTH: characters; VALUE_RANGE: the largest number */
    const char *target; /* a section */
    const struct playbook_key *keys;
};

struct playbook_section {
    const char *name;
    const char *file; /* NULL: plans/ */
    const char *list; /* member of the file that holds the entries; NULL: the file is the entry */
    const struct playbook_key *keys;
    bool required;
};
extern const struct playbook_section playbook_sections[]; /* ends with .name NULL */

/* A file that was read. */
struct playbook_document {
    struct playbook_file file;
    const struct json *json; /* NULL: it could not be read */
};

struct playbook_reader {
    struct arena *arena;
    const struct model *model; /* NULL: permissions are not looked up */
    playbook_mistakes *mistakes;
    VEC(struct playbook_document) documents;
    VEC(struct playbook_entry) entries;
};

/* Notes a mistake where `at` stood in the file (NULL: the file as a whole). */
void playbook_mistake_at(struct playbook_reader *r, const struct playbook_document *d,
                         const struct json *at, struct str field, const char *format, ...)
    PRINTF_LIKE(5, 6);
const struct playbook_document *playbook_document_of(const struct playbook_reader *r,
                                                     struct str name);
const struct playbook_entry *playbook_find(const struct playbook_entry *entries, size_t count,
                                           const char *section, struct str code);

/* entry.c: one entry against its table. */
void playbook_check_entry(struct playbook_reader *r, const struct playbook_document *d,
                          const struct json *v, const struct playbook_key *keys, struct str path);
/* cross.c: what no table can say: the tree of units, merged posts, plans. */
void playbook_check_whole(struct playbook_reader *r);

/* The member's text, {"zh", "en"} and numbers of an entry that was checked. */
struct str playbook_word(const struct json *v, const char *key);
struct str playbook_zh(const struct json *v, const char *key);
struct str playbook_en(const struct json *v, const char *key);
int64_t playbook_bound(const struct json *v, const char *key, const char *bound, int64_t otherwise);

/* rows.c: the entries of a stored version; bodies are read. */
struct playbook_id;
NODISCARD enum err playbook_stored(struct cx *cx, int64_t playbook,
                                   const struct playbook_source **ret);
/* Writes the row and its items. */
NODISCARD enum err playbook_store(struct cx *cx, const struct playbook_source *source,
                                  struct playbook *row);
/* apply.c: what differs goes into roles, posts and plans. `before` NULL: everything is new. */
NODISCARD enum err playbook_apply(struct cx *cx, const struct playbook_source *before,
                                  const struct playbook_source *after, struct date from);
NODISCARD enum err playbook_apply_plans(struct cx *cx, const struct playbook_source *before,
                                        const struct playbook_source *after, struct date from);
/* ERR_FORBIDDEN: the caller may not change what differs: roles, posts, plans. */
NODISCARD enum err playbook_require_rights(struct cx *cx, const struct playbook_source *before,
                                           const struct playbook_source *after);
/* Checks the names of permissions of a source against the program. */
NODISCARD enum err playbook_check_permissions(struct cx *cx, const struct playbook_source *source);
/* bundle.c: a zip of the files, or {"files": {name: text}}. */
NODISCARD enum err playbook_unpack(struct arena *arena, struct str zip, struct fault *fault,
                                   playbook_files *ret);
/* The story of a refused playbook: the first mistake and how many there are. */
enum err playbook_refused(struct fault *fault, const playbook_mistakes *mistakes);
/* The version in force of the playbook the company began with. ERR_NOT_FOUND. */
NODISCARD enum err playbook_now(struct cx *cx, const struct playbook_source **ret);
/* Puts into force what is due; a job does so by itself. */
NODISCARD enum err playbook_take_effect(struct cx *cx, void *arg);
/* company.c: what of the company departs from the playbook; who is in a group (ORG-37). */
NODISCARD enum err playbook_flag_company(struct cx *cx, const struct playbook_source *source,
                                         playbook_flags *ret);
NODISCARD enum err playbook_put_group(struct cx *cx, struct json_writer *w,
                                      const struct playbook_source *source, struct str code);
