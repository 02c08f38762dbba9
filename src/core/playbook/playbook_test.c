#include "core/playbook/internal.h"

#include "base/test.h"
#include "entity/model.h"

/* JSON is written with ' for " below. */
static struct str json(const char *text)
{
    struct str copy = str_copy(test_arena(), str_from(text));
    for (size_t i = 0; i < copy.len; i++)
        if (copy.data[i] == '\'')
            ((char *)(uintptr_t)copy.data)[i] = '"';
    return copy;
}

/* A playbook that is as small as one can be; each case below spoils one thing of it. */
static const char good_head[] =
    "{'code': 'mini', 'name': {'zh': '小', 'en': 'Mini'},\n"
    " 'about': {'zh': '试', 'en': 'A trial'}}";
static const char good_org[] =
    "{'kinds': [\n"
    "  {'code': 'head', 'name': {'zh': '总部', 'en': 'Head'}, 'level': 'core'},\n"
    "  {'code': 'squad', 'name': {'zh': '小组', 'en': 'Squad'}, 'level': 'execution',\n"
    "   'people': {'min': 3, 'max': 5}}],\n"
    " 'units': [\n"
    "  {'code': 'hq', 'name': {'zh': '总部', 'en': 'Head'}, 'kind': 'head', 'parent': null},\n"
    "  {'code': 's1', 'name': {'zh': '一组', 'en': 'S1'}, 'kind': 'squad', 'parent': 'hq'}],\n"
    " 'stages': [{'code': 'startup', 'name': {'zh': '初创', 'en': 'Start-up'},\n"
    "   'about': {'zh': '合', 'en': 'merge'}, 'merge': [{'post': 'boss', 'takes': ['seller']}]}]}";
static const char good_posts[] =
    "{'posts': [\n"
    "  {'code': 'boss', 'name': {'zh': '领导', 'en': 'Boss'}, 'level': 'core', 'kind': 'head',\n"
    "   'heads': {'min': 1, 'max': 1}, 'what': {'zh': '定', 'en': 'decide'},\n"
    "   'how': {'zh': '会', 'en': 'meet'}, 'to': [], 'role': 'admin'},\n"
    "  {'code': 'seller', 'name': {'zh': '销售', 'en': 'Seller'}, 'level': 'execution',\n"
    "   'kind': 'squad', 'heads': {'min': 3, 'max': 5}, 'what': {'zh': '卖', 'en': 'sell'},\n"
    "   'how': {'zh': '走', 'en': 'walk'}, 'to': ['boss'], 'role': 'seller'}]}";
static const char good_roles[] =
    "{'roles': [\n"
    "  {'code': 'admin', 'name': {'zh': '管理', 'en': 'Admin'}, 'permissions': {'*': 'org'}},\n"
    "  {'code': 'seller', 'name': {'zh': '销售', 'en': 'Seller'}, \n"
    "   'permissions': {'org.read': 'own'}}]}";
static const char good_duties[] =
    "{'duties': [{'code': 'sell', 'name': {'zh': '卖', 'en': 'Sell'}, 'owner': 'seller',\n"
    "  'what': {'zh': '卖', 'en': 'sell'}, 'due': {'zh': '每日', 'en': 'daily'}, 'to': ['boss']}]}";
static const char good_plan[] =
    "{'plan': 'pay', 'title': {'zh': '薪', 'en': 'Pay'}, 'effective': {'from': '2026-01-01'},\n"
    " 'person': 'people', 'result': 'net',\n"
    " 'tables': [{'name': 'people', 'facts': 'person', 'key': 'id',\n"
    "   'columns': [{'name': 'id', 'type': 'integer'}]}],\n"
    " 'components': [{'name': 'net', 'on': 'people', 'kind': 'formula', 'rounding': 'none',\n"
    "   'title': {'zh': '实发', 'en': 'Net'}, 'text': {'zh': '固定', 'en': 'fixed'},\n"
    "   'formula': '100'}],\n"
    " 'outputs': [{'file': 'statement', 'table': 'people', 'columns': ['id', 'net']}]}";

static const struct permission permissions[] = { { "", "", "" }, { "org.read", "", "" } };
static const struct model small_model = { .permissions = permissions, .permission_count = 2 };

static const struct {
    const char *name, *text;
} good_files[] = {
    { "duties.json", good_duties },     { "org.json", good_org },
    { "plans/pay.json", good_plan },    { "playbook.json", good_head },
    { "posts.json", good_posts },       { "roles.json", good_roles },
};

static struct str replaced(struct str text, const char *what, const char *with)
{
    ptrdiff_t at = str_find(text, json(what));
    CHECK(at >= 0, "%s is not in the text", what);
    struct buf out = buf_in(test_arena());
    buf_str(&out, str_cut(text, 0, (size_t)at));
    buf_str(&out, json(with));
    buf_str(&out, str_cut(text, (size_t)at + strlen(what), text.len));
    return buf_view(&out);
}

/* The good files, `file` with `what` replaced; `with` NULL leaves the file out. */
static playbook_files spoilt(const char *file, const char *what, const char *with)
{
    playbook_files files = { 0 };
    for (size_t i = 0; i < COUNT(good_files); i++) {
        struct playbook_file f = { str_from(good_files[i].name), json(good_files[i].text) };
        bool hit = file && strcmp(file, good_files[i].name) == 0;
        if (hit && !with)
            continue;
        if (hit)
            f.text = replaced(f.text, what, with);
        vec_add(test_arena(), &files, f);
    }
    return files;
}

static const struct playbook_source *read_good(const playbook_files *files)
{
    playbook_mistakes mistakes = { 0 };
    const struct playbook_source *source;
    CHECK_EQ(playbook_read(test_arena(), files, &small_model, &mistakes, &source), OK);
    for (size_t i = 0; i < mistakes.count; i++)
        CHECK(false, STR_FMT ":%d " STR_FMT ": " STR_FMT, STR_ARG(mistakes.items[i].file),
              mistakes.items[i].line, STR_ARG(mistakes.items[i].field),
              STR_ARG(mistakes.items[i].reason));
    return source;
}

TEST(playbook_reads_the_smallest)
{
    playbook_files files = spoilt(NULL, NULL, NULL);
    const struct playbook_source *source = read_good(&files);
    if (!source)
        return;
    CHECK_STR(source->code, STR("mini"));
    CHECK_EQ(source->count, 2 + 2 + 1 + 1 + 2 + 2 + 1 + 1);
    CHECK_EQ(source->sha256.len, 64);
    playbook_flags flags = { 0 };
    playbook_flag(test_arena(), source, &flags);
    CHECK_EQ(flags.count, 0);
}

TEST(playbook_tells_each_mistake_with_its_place)
{
    static const struct {
        const char *file, *what, *with; /* what of the file becomes what */
        int line;
        const char *field, *reason;     /* of the first mistake; reason: a part of it */
    } cases[] = {
        { "playbook.json", "", NULL, 0, "", "the file is missing" },
        { "roles.json", "", NULL, 0, "", "the file is missing" },
        { "posts.json", "'to': []", "'to': [", 4, "", "not a JSON" },
        { "posts.json", "{'posts'", "[{'posts'", 7, "", "is expected" },
        { "playbook.json", "'mini'", "'Mini Book'", 1, "code", "a code is up to 40" },
        { "playbook.json", "'about'", "'x': 1, 'about'", 2, "x", "unknown key" },
        { "playbook.json", "'en': 'Mini'", "'en': ' '", 1, "name.en", "not empty" },
        { "playbook.json", "'zh': '小', ", "", 1, "name.zh", "missing" },
        { "org.json", "'core'", "'top'", 2, "kinds[0].level", "a level is" },
        { "org.json", "'max': 5", "'max': 2", 4, "kinds[1].people", "min 3 is more than max 2" },
        { "org.json", "'max': 5", "'max': '5'", 4, "kinds[1].people", "'min': number" },
        { "org.json", "'max': 5", "'max': 100001", 4, "kinds[1].people", "within 0 and" },
        { "org.json", "'kind': 'squad'", "'kind': 'squat'", 7, "units[1].kind",
          "there is no kind 'squat'" },
        { "org.json", "'parent': 'hq'", "'parent': 's1'", 7, "s1.parent", "circle" },
        { "org.json", "'parent': 'hq'", "'parent': null", 7, "s1.parent", "only one unit" },
        { "org.json", "'code': 's1'", "'code': 'hq'", 7, "units[1].code", "two unit" },
        { "org.json", "'units'", "'unit'", 1, "units", "missing" },
        { "org.json", "'kind': 'head', 'parent': null",
          "'kind': 'head', 'parent': null, 'x': 1", 6, "units[0].x", "unknown key" },
        { "org.json", "['seller']", "['boss']", 8, "startup.merge", "itself" },
        { "org.json", "['seller']", "['seller', 'seller']", 9, "stages[0].merge[0].takes[1]",
          "twice" },
        { "org.json", "'merge': [", "'merge': {}, 'm': [", 9, "stages[0].merge", "a list" },
        { "posts.json", "'role': 'seller'", "'role': 'salesman'", 7, "posts[1].role",
          "there is no role 'salesman'" },
        { "posts.json", "'kind': 'squad'", "'kind': 'squads'", 6, "posts[1].kind", "no kind" },
        { "posts.json", "'level': 'execution'", "'level': 'middle'", 5, "seller.level",
          "not the level of its kind" },
        { "posts.json", "'to': ['boss']", "'to': ['seller']", 5, "seller.to", "circle" },
        { "posts.json", "'how': {'zh': '走', 'en': 'walk'}", "'how': 'walk'", 7,
          "posts[1].how", "{'zh': text" },
        { "roles.json", "org.read", "org.see", 4, "roles[1].permissions.org.see",
          "there is no permission 'org.see'" },
        { "roles.json", "'own'", "'mine'", 4, "roles[1].permissions.org.read", "the reach is" },
        { "duties.json", "'owner': 'seller'", "'owner': 'nobody'", 1, "duties[0].owner",
          "there is no post" },
        { "duties.json", ", 'owner': 'seller'", "", 1, "duties[0].owner", "missing" },
        { "plans/pay.json", "'100'", "'100 +'", 7, "components[0].formula", "" },
        { "plans/pay.json", "'plan': 'pay'", "'plan': 'wage'", 1, "plan", "named like" },
        { "plans/pay.json", "'en': 'fixed'", "'en': ' '", 0, NULL, "" },
        { "plans/pay.json", "'statement'", "'result'", 1, "pay.outputs", "statement" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        playbook_files files = spoilt(cases[i].file, cases[i].what, cases[i].with);
        playbook_mistakes mistakes = { 0 };
        const struct playbook_source *source;
        CHECK_EQ(playbook_read(test_arena(), &files, &small_model, &mistakes, &source), OK);
        CHECK(!source, "case %zu", i);
        CHECK(mistakes.count > 0, "case %zu: no mistake was found", i);
        if (!mistakes.count)
            continue;
        const struct playbook_mistake *m = &mistakes.items[0];
        CHECK_STR(m->file, str_from(cases[i].file), "case %zu", i);
        if (!cases[i].field)
            continue;
        CHECK_EQ(m->line, cases[i].line, "case %zu " STR_FMT ": " STR_FMT, i, STR_ARG(m->field),
                 STR_ARG(m->reason));
        CHECK_STR(m->field, str_from(cases[i].field), "case %zu " STR_FMT, i, STR_ARG(m->reason));
        CHECK(str_find(m->reason, json(cases[i].reason)) >= 0, "case %zu: " STR_FMT, i,
              STR_ARG(m->reason));
    }
}

TEST(playbook_tells_all_mistakes_at_once)
{
    playbook_files files = spoilt("roles.json", "org.read", "org.see");
    for (size_t i = 0; i < files.count; i++) {
        if (str_is(files.items[i].name, "org.json"))
            files.items[i].text = replaced(files.items[i].text, "'max': 5", "'max': 1");
        if (str_is(files.items[i].name, "posts.json"))
            files.items[i].text = replaced(files.items[i].text, "'to': ['boss'], ", "");
    }
    vec_add(test_arena(), &files, ((struct playbook_file){ STR("notes.json"), STR("{}") }));
    playbook_mistakes mistakes = { 0 };
    const struct playbook_source *source;
    CHECK_EQ(playbook_read(test_arena(), &files, &small_model, &mistakes, &source), OK);
    static const char *const want[] = { "notes.json", "org.json", "posts.json", "roles.json" };
    CHECK_EQ(mistakes.count, COUNT(want));
    for (size_t i = 0; i < MIN(mistakes.count, COUNT(want)); i++)
        CHECK_STR(mistakes.items[i].file, str_from(want[i]));
    struct fault fault = { 0 };
    CHECK_EQ(playbook_refused(&fault, &mistakes), ERR_INVALID);
    CHECK(strstr(fault.message, "and 3 more"), "%s", fault.message);
}

TEST(playbook_digest_ignores_white_space_and_order_of_keys)
{
    playbook_files one = spoilt(NULL, NULL, NULL);
    playbook_files two = spoilt("posts.json", "'to': [], 'role': 'admin'",
                                "'role' :\n 'admin',   'to':[ ]");
    playbook_files three = spoilt("posts.json", "'decide'", "'decides'");
    struct str digest = read_good(&one)->sha256;
    CHECK_STR(read_good(&two)->sha256, digest);
    CHECK(!str_eq(read_good(&three)->sha256, digest));
}

TEST(playbook_compare_shows_values)
{
    playbook_files one = spoilt(NULL, NULL, NULL);
    playbook_files two = spoilt("posts.json", "'max': 5", "'max': 6");
    for (size_t i = 0; i < two.count; i++) {
        struct playbook_file *f = &two.items[i];
        if (str_is(f->name, "roles.json"))
            f->text = replaced(f->text, "'org.read': 'own'", "'*': 'own'");
        if (str_is(f->name, "duties.json"))
            f->text = replaced(f->text, "'sell', 'name'", "'offer', 'name'");
        if (str_is(f->name, "plans/pay.json"))
            f->text = replaced(f->text, "'100'", "'120'");
    }
    const struct playbook_source *a = read_good(&one), *b = read_good(&two);
    struct fault fault = { 0 };
    playbook_differences d = { 0 };
    CHECK_EQ(playbook_compare(test_arena(), a->entries, a->count, b->entries, b->count, &fault, &d),
             OK, "%s", fault.message);
    static const struct {
        enum playbook_change change;
        const char *section, *code, *path, *before, *after;
    } want[] = {
        { PLAYBOOK_CHANGED, "role", "seller", "permissions.org.read", "'own'", NULL },
        { PLAYBOOK_CHANGED, "post", "seller", "heads.max", "5", "6" },
        { PLAYBOOK_ADDED, "duty", "offer", NULL, NULL, NULL },
        { PLAYBOOK_CHANGED, "plan", "pay", "components[net].formula", "'100'", "'120'" },
        { PLAYBOOK_REMOVED, "duty", "sell", NULL, NULL, NULL },
    };
    CHECK_EQ(d.count, COUNT(want));
    for (size_t i = 0; i < MIN(d.count, COUNT(want)); i++) {
        CHECK_EQ(d.items[i].change, want[i].change, "%zu", i);
        CHECK_STR(d.items[i].section, str_from(want[i].section));
        CHECK_STR(d.items[i].code, str_from(want[i].code));
        if (!want[i].path || !d.items[i].values.count)
            continue;
        const struct playbook_value_change *v = &d.items[i].values.items[0];
        CHECK_STR(v->path, str_from(want[i].path));
        CHECK_STR(v->before, want[i].before ? json(want[i].before) : STR_NONE);
        CHECK_STR(v->after, want[i].after ? json(want[i].after) : STR_NONE);
    }
}

TEST(playbook_compare_the_same_is_nothing)
{
    playbook_files one = spoilt(NULL, NULL, NULL), two = spoilt("plans/pay.json", "{'plan'",
                                                                  "\n{ 'plan'");
    const struct playbook_source *a = read_good(&one), *b = read_good(&two);
    struct fault fault = { 0 };
    playbook_differences d = { 0 };
    CHECK_EQ(playbook_compare(test_arena(), a->entries, a->count, b->entries, b->count, &fault, &d),
             OK);
    CHECK_EQ(d.count, 0);
}

/* "items[x]" before and after: one put in front must not change all that follow. */
TEST(playbook_compare_named_lists)
{
    static const struct {
        const char *before, *after;
        size_t changes;
        const char *path;
    } cases[] = {
        { "{'l':[{'code':'a','n':1}]}", "{'l':[{'code':'b','n':2},{'code':'a','n':1}]}",
          1, "l[b]" },
        { "{'l':[{'code':'a','n':1}]}", "{'l':[{'code':'a','n':2}]}", 1, "l[a].n" },
        { "{'l':[{'name':'a'},{'name':'b'}]}", "{'l':[{'name':'b'},{'name':'a'}]}", 1,
          "l[]" },
        { "{'l':[1,2,3]}", "{'l':[1,3]}", 2, "l[1]" },
        { "{'l':[1]}", "{'l':{}}", 1, "l" },
        { "{'l':[1]}", "{'l':[1]}", 0, NULL },
        { "{'l':[]}", "{'l':[{'code':'a'}]}", 1, "l[0]" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct playbook_entry a = { .section = STR("s"), .code = STR("c"),
                                    .body = json(cases[i].before) };
        struct playbook_entry b = a;
        b.body = json(cases[i].after);
        struct fault fault = { 0 };
        playbook_differences d = { 0 };
        CHECK_EQ(playbook_compare(test_arena(), &a, 1, &b, 1, &fault, &d), OK);
        CHECK_EQ(d.count, cases[i].changes > 0, "case %zu", i);
        if (!d.count)
            continue;
        CHECK_EQ(d.items[0].values.count, cases[i].changes, "case %zu", i);
        CHECK_STR(d.items[0].values.items[0].path, str_from(cases[i].path), "case %zu", i);
    }
}
