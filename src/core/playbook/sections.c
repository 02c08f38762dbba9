/* The shape of a playbook: which file holds which section, and what an entry of it says. */
#include "core/playbook/internal.h"

enum { TITLE = 80, TEXT = 2000, NOTE = 400, ABOUT = 1000, HEADS = 100000 };

#define CODE { "code", VALUE_CODE, true, false, 0, NULL, NULL }
#define NAME { "name", VALUE_BOTH, true, false, TITLE, NULL, NULL }
#define END { NULL, VALUE_CODE, false, false, 0, NULL, NULL }

static const struct playbook_key head_keys[] = {
    CODE, NAME, { "about", VALUE_BOTH, true, false, ABOUT, NULL, NULL }, END,
};

/* ORG-5: what a kind of unit may become to fit the people it serves. */
static const struct playbook_key variant_keys[] = {
    CODE, NAME,
    { "audience", VALUE_BOTH, true, false, NOTE, NULL, NULL },
    { "suits", VALUE_BOTH, true, false, NOTE, NULL, NULL },
    END,
};

static const struct playbook_key kind_keys[] = {
    CODE, NAME,
    { "level", VALUE_LEVEL, true, false, 0, NULL, NULL },
    { "count", VALUE_RANGE, false, false, HEADS, NULL, NULL },
    { "people", VALUE_RANGE, false, false, HEADS, NULL, NULL },
    { "variants", VALUE_OBJECTS, false, false, 0, NULL, variant_keys },
    END,
};

static const struct playbook_key unit_keys[] = {
    CODE, NAME,
    { "kind", VALUE_REF, true, false, 0, "kind", NULL },
    { "parent", VALUE_REF, true, true, 0, "unit", NULL },
    { "audience", VALUE_BOTH, false, false, NOTE, NULL, NULL },
    END,
};

/* ORG-27: in this stage whoever holds `post` does the work of `takes`, too. */
static const struct playbook_key merge_keys[] = {
    { "post", VALUE_REF, true, false, 0, "post", NULL },
    { "takes", VALUE_REFS, true, false, 0, "post", NULL },
    END,
};

static const struct playbook_key stage_keys[] = {
    CODE, NAME,
    { "about", VALUE_BOTH, true, false, NOTE, NULL, NULL },
    { "merge", VALUE_OBJECTS, true, false, 0, NULL, merge_keys },
    END,
};

static const struct playbook_key party_keys[] = {
    CODE, NAME,
    { "contract", VALUE_BOTH, true, false, TEXT, NULL, NULL },
    { "data", VALUE_BOTH, true, false, TEXT, NULL, NULL },
    { "role", VALUE_REF, true, true, 0, "role", NULL },
    END,
};

static const struct playbook_key function_keys[] = {
    CODE, NAME, { "posts", VALUE_REFS, true, false, 0, "post", NULL }, END,
};

static const struct playbook_key group_keys[] = {
    CODE, NAME,
    { "about", VALUE_BOTH, true, false, NOTE, NULL, NULL },
    { "functions", VALUE_OBJECTS, true, false, 0, NULL, function_keys },
    END,
};

static const struct playbook_key role_keys[] = {
    CODE, NAME, { "permissions", VALUE_PERMISSIONS, true, false, 0, NULL, NULL }, END,
};

static const struct playbook_key post_keys[] = {
    CODE, NAME,
    { "level", VALUE_LEVEL, true, false, 0, NULL, NULL },
    { "kind", VALUE_REF, true, false, 0, "kind", NULL },
    { "heads", VALUE_RANGE, true, false, 1000, NULL, NULL },
    { "what", VALUE_BOTH, true, false, TEXT, NULL, NULL },
    { "how", VALUE_BOTH, true, false, TEXT, NULL, NULL },
    { "to", VALUE_REFS, true, false, 0, "post", NULL },
    { "role", VALUE_REF, true, true, 0, "role", NULL },
    END,
};

/* The mechanism of duties reads more than this; a playbook says who, what and by when. */
static const struct playbook_key duty_keys[] = {
    CODE, NAME,
    { "owner", VALUE_REF, true, true, 0, "post", NULL },
    { "what", VALUE_BOTH, true, false, TEXT, NULL, NULL },
    { "due", VALUE_BOTH, true, false, NOTE, NULL, NULL },
    { "to", VALUE_REFS, true, false, 0, "post", NULL },
    END,
};

const struct playbook_section playbook_sections[] = {
    { "playbook", "playbook.json", NULL, head_keys, true },
    { "kind", "org.json", "kinds", kind_keys, true },
    { "unit", "org.json", "units", unit_keys, true },
    { "stage", "org.json", "stages", stage_keys, false },
    { "party", "org.json", "parties", party_keys, false },
    { "group", "org.json", "groups", group_keys, false },
    { "role", "roles.json", "roles", role_keys, true },
    { "post", "posts.json", "posts", post_keys, true },
    { "duty", "duties.json", "duties", duty_keys, false },
    { "plan", NULL, NULL, NULL, false },
    { 0 },
};
