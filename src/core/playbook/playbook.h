/*
 * playbook.h - the policy of a company as data: a named, versioned folder of files.
 *
 *     playbooks/ditui/playbook.json     code, names, what it is for
 *                     org.json          the template of the tree of units
 *                     posts.json        role cards
 *                     roles.json        permissions and how far they reach
 *                     duties.json       who must do what by when (text; may be absent)
 *                     plans/NAME.json   pay plans, docs/PLANS.md
 *
 *     folder, bundle or the program itself
 *        │ read: every mistake is told as file:line: field: reason
 *        ▼
 *     struct playbook_source ──► draft rows (version N + 1) ──► published on a date ──► retired
 *                                 │ diff against the version in force
 *
 * The format is docs/PLAYBOOKS.md. Entries are kept canonical (RFC 8785), so two folders that say
 * the same have the same SHA-256 whatever their white space and order of keys; plans are kept as
 * they were written, because people are shown the very text that was proven.
 *
 * The four playbooks of Qibing are inside the program; QIBING_PLAYBOOKS or --playbooks names a
 * folder of others.
 */
#pragma once

#include "base/json.h"
#include "base/vec.h"
#include "core/core.h"
#include "core/job/job.h"
#include "entity/route.h"

/* ---- what was read ---- */

struct playbook_mistake {
    struct str file;   /* "posts.json" */
    int line, column;  /* 1-based; 0 unknown */
    struct str field;  /* "posts[2].role"; "" the whole file */
    struct str reason; /* English */
};
typedef VEC(struct playbook_mistake) playbook_mistakes;

/* One entry of a section: "playbook", "kind", "unit", "stage", "party", "group", "role", "post",
 * "duty" or "plan". The code is unique within it. */
struct playbook_entry {
    struct str section, code, name, name_en;
    struct str body;  /* canonical JSON; of a plan: its text as written */
    struct str file;
    const struct json *json; /* as read; offsets count in the text of the file */
    int line;
};

struct playbook_source {
    struct str code, name, name_en, about_zh, about_en;
    struct str sha256; /* of a line "section/code SHA-256-of-body" per entry; hexadecimal */
    struct playbook_entry *entries; /* by section, then as written */
    size_t count;
};

/* A file of a playbook, wherever it comes from. */
struct playbook_file {
    struct str name; /* "plans/monthly.json" */
    struct str text;
};
typedef VEC(struct playbook_file) playbook_files;

#define PLAYBOOK_BYTES_MAX (8u << 20) /* all files of one playbook */
#define PLAYBOOK_FILES_MAX 200

/* QIBING_PLAYBOOKS of the environment; NULL: the playbooks inside the program. */
const char *playbook_folder(struct arena *arena);
/* Reads <folder>/<code>/, or with folder NULL the one inside the program. ERR_NOT_FOUND,
 * ERR_INVALID: the story tells the first mistake and how many there are. Names of permissions are
 * checked when it is installed, because only the program knows them. */
NODISCARD enum err playbook_read_folder(struct arena *arena, const char *folder, const char *code,
                                        struct fault *fault, const struct playbook_source **ret);
/* Reads files and tells every mistake; with `model` names of permissions are checked too (NULL:
 * not). `*ret` stays NULL when there is a mistake. An error only when it could not be looked at. */
NODISCARD enum err playbook_read(struct arena *arena, const playbook_files *files,
                                 const struct model *model, playbook_mistakes *mistakes,
                                 const struct playbook_source **ret);
/* The files of a folder (NULL: of the program), sorted by name; those that are no .json are left
 * out. */
NODISCARD enum err playbook_files_of(struct arena *arena, const char *folder, const char *code,
                                     struct fault *fault, playbook_files *ret);
/* The codes of the playbooks in `folder`, sorted. */
typedef VEC(struct str) playbook_codes;
NODISCARD enum err playbook_list(struct arena *arena, const char *folder, struct fault *fault,
                                 playbook_codes *ret);

/* What a manager should know though it is no mistake: a duty that nobody owns, a post without role
 * or superior, a kind of unit whose posts cannot fill it (ORG-6); of a company also units that are
 * too large or small, too many or few, and duties whose post nobody holds (ORG-3, ORG-4). */
struct playbook_flag {
    const char *code; /* no_owner no_superior no_role no_posts heads people count no_holder … */
    struct str section, item;
    struct str zh, en;
};
typedef VEC(struct playbook_flag) playbook_flags;
void playbook_flag(struct arena *arena, const struct playbook_source *source, playbook_flags *ret);
const struct playbook_entry *playbook_entry_of(const struct playbook_source *source,
                                               const char *section, struct str code);

/* ---- what differs ---- */

enum playbook_change { PLAYBOOK_ADDED = 1, PLAYBOOK_REMOVED, PLAYBOOK_CHANGED };

struct playbook_value_change {
    struct str path;        /* "permissions[2].reach"; "" the whole */
    struct str before, after; /* JSON; STR_NONE: not there */
};

struct playbook_difference {
    enum playbook_change change;
    struct str section, code, name, name_en;
    VEC(struct playbook_value_change) values; /* of PLAYBOOK_CHANGED */
};
typedef VEC(struct playbook_difference) playbook_differences;

/* By section and code. Lists of objects with a "code" or "name" are compared by it, others by
 * place. ERR_PARSE: a body is no JSON. */
NODISCARD enum err playbook_compare(struct arena *arena, const struct playbook_entry *before,
                                    size_t before_count, const struct playbook_entry *after,
                                    size_t after_count, struct fault *fault,
                                    playbook_differences *ret);

/* ---- in a company ---- */

struct playbook_plan {
    struct str code, name, name_en, text;
    struct date effective_from;
};

/* core->playbooks: where the parts go that core does not know. */
struct playbook_hooks {
    /* Publishes a plan that is new or has changed. */
    enum err (*publish_plan)(struct cx *cx, const struct playbook_plan *plan);
};

/* Version 1, published today, into a company that has none: rows, roles, posts and plans. Units
 * are made by playbook_make_units() or by hand. ERR_INVALID: unknown permission. */
NODISCARD enum err playbook_install(struct cx *cx, const struct playbook_source *source);
/* The template as units, region and squad once each unless the template says more; counts those
 * made. Units whose code exists stay as they are. */
NODISCARD enum err playbook_make_units(struct cx *cx, const struct playbook_source *source,
                                       int *made);

struct playbook;
/* A draft of the next version. ERR_CONFLICT: it says what the newest version says. */
NODISCARD enum err playbook_load_draft(struct cx *cx, const struct playbook_source *source,
                                       struct playbook *ret);

/* Who decides for a person: the nearest holder of a post above them in the tree of units, by level;
 * never the person. `permission` MAY_…: only somebody whose post's role has it; 0: whoever leads.
 * ERR_NOT_FOUND: nobody. */
NODISCARD enum err playbook_approver(struct cx *cx, int64_t person, int permission, int64_t *ret);

extern const struct module playbook_module;
extern const struct route playbook_routes[];
extern const struct job_kind playbook_jobs[];
