/* The rows of the requirement catalogue that the shipped playbooks carry, each by its id. */
#include "core/playbook/internal.h"

#include "base/test.h"

static const struct playbook_source *shipped(const char *code)
{
    struct fault fault = { 0 };
    const struct playbook_source *source = NULL;
    CHECK_EQ(playbook_read_folder(test_arena(), NULL, code, &fault, &source), OK, "%s: %s", code,
             fault.message);
    return source;
}

static const struct json *entry(const struct playbook_source *s, const char *section,
                                const char *code)
{
    const struct playbook_entry *e = playbook_entry_of(s, section, str_from(code));
    CHECK(e, "there is no %s %s", section, code);
    return e ? e->json : NULL;
}

static int count_of(const struct playbook_source *s, const char *section, const char *key,
                    const char *value)
{
    int n = 0;
    for (size_t i = 0; i < s->count; i++)
        n += str_is(s->entries[i].section, section) &&
             (!key || str_is(playbook_word(s->entries[i].json, key), value));
    return n;
}

static void check_range(const struct json *v, const char *key, int64_t low, int64_t high)
{
    CHECK_EQ(playbook_bound(v, key, "min", -1), low, "%s", key);
    CHECK_EQ(playbook_bound(v, key, "max", -1), high, "%s", key);
}

static bool has_in(const struct json *list, const char *word)
{
    for (const struct json *v = list ? list->first : NULL; v; v = v->next)
        if (str_is(v->text, word))
            return true;
    return false;
}

/* A post stands in its kind of unit, under its Chinese name. */
static void check_post(const struct playbook_source *s, const char *code, const char *zh,
                       const char *kind)
{
    const struct json *post = entry(s, "post", code);
    if (!post)
        return;
    CHECK_STR(playbook_zh(post, "name"), str_from(zh));
    CHECK_STR(playbook_word(post, "kind"), str_from(kind));
}

static int posts_of(const struct playbook_source *s, const char *kind)
{
    return count_of(s, "post", "kind", kind);
}

/* ---- ditui ---- */

TEST(ORG_1_three_tiers_core_middle_execution)
{
    const struct playbook_source *s = shipped("ditui");
    static const char *const chain[][2] = { { "squad", "execution" }, { "region", "middle" },
                                            { "decision_group", "core" } };
    const struct json *unit = entry(s, "unit", "squad_1_1");
    for (size_t i = 0; i < COUNT(chain); i++) {
        CHECK_STR(playbook_word(unit, "kind"), str_from(chain[i][0]));
        CHECK_STR(playbook_word(entry(s, "kind", chain[i][0]), "level"), str_from(chain[i][1]));
        struct str parent = playbook_word(unit, "parent");
        CHECK_EQ(parent.len == 0, i == 2);
        unit = parent.len ? entry(s, "unit", str_cstr(test_arena(), parent)) : NULL;
    }
}

TEST(ORG_2_strategic_decision_group)
{
    const struct playbook_source *s = shipped("ditui");
    check_post(s, "marketing_director", "市场总监", "decision_group");
    check_post(s, "operations_manager", "运营经理", "decision_group");
    check_post(s, "data_analyst", "数据分析师", "decision_group");
    CHECK_EQ(posts_of(s, "decision_group"), 3);
    /* overall goals, resources, strategy: the rights of the role behind the posts */
    const struct json *rights = json_get(entry(s, "role", "hq"), "permissions");
    static const char *const needed[] = { "setting.update", "org.manage", "person.manage",
                                          "playbook.publish", "plan.publish" };
    for (size_t i = 0; i < COUNT(needed); i++)
        CHECK_STR(playbook_word(rights, needed[i]), STR("org"));
    CHECK_STR(playbook_word(entry(s, "post", "marketing_director"), "role"), STR("hq"));
}

TEST(ORG_3_regional_execution_group_3_to_5_regions)
{
    const struct playbook_source *s = shipped("ditui");
    check_range(entry(s, "kind", "region"), "count", 3, 5);
    check_range(entry(s, "post", "regional_manager"), "heads", 1, 1);
    check_range(entry(s, "post", "promotion_supervisor"), "heads", 2, 2);
    CHECK_EQ(posts_of(s, "region"), 2);
    int regions = count_of(s, "unit", "kind", "region");
    CHECK(regions >= 3 && regions <= 5, "%d", regions);
}

TEST(ORG_4_squad_of_3_to_5_people)
{
    const struct playbook_source *s = shipped("ditui");
    check_range(entry(s, "kind", "squad"), "people", 3, 5);
    check_post(s, "promotion_specialist", "地推专员", "squad");
    check_post(s, "information_recorder", "信息记录员", "squad");
    check_post(s, "logistics_support", "后勤支持", "squad");
}

TEST(ORG_5_squad_types_for_target_groups)
{
    const struct playbook_source *s = shipped("ditui");
    const struct json *variants = json_get(entry(s, "kind", "squad"), "variants");
    CHECK_EQ(variants->count, 3);
    for (const struct json *v = variants->first; v; v = v->next) {
        CHECK(playbook_zh(v, "audience").len && playbook_zh(v, "suits").len);
        if (str_is(playbook_word(v, "code"), "youth"))
            CHECK(str_find(playbook_zh(v, "suits"), STR("高校")) >= 0);
        if (str_is(playbook_word(v, "code"), "senior_service"))
            CHECK(str_find(playbook_zh(v, "suits"), STR("社区")) >= 0);
    }
    CHECK(playbook_zh(entry(s, "unit", "squad_1_2"), "audience").len > 0);
}

TEST(ORG_6_role_card_for_every_post)
{
    static const char *const codes[] = { "ditui", "weishang", "agency", "brand" };
    for (size_t c = 0; c < COUNT(codes); c++) {
        const struct playbook_source *s = shipped(codes[c]);
        int tops = 0;
        for (size_t i = 0; i < s->count; i++) {
            const struct json *post = s->entries[i].json;
            if (!str_is(s->entries[i].section, "post"))
                continue;
            CHECK(playbook_zh(post, "what").len && playbook_zh(post, "how").len);
            CHECK(playbook_en(post, "what").len && playbook_en(post, "how").len);
            tops += !json_get(post, "to")->first;
        }
        CHECK_EQ(tops, 1, "%s: one post is responsible to nobody", codes[c]);
        playbook_flags flags = { 0 };
        playbook_flag(test_arena(), s, &flags);
        CHECK_EQ(flags.count, 0, "%s: " STR_FMT, codes[c],
                 STR_ARG(flags.count ? flags.items[0].en : STR_NONE));
    }
}

static struct str without(struct str text, const char *what, const char *with)
{
    ptrdiff_t at = str_find(text, str_from(what));
    CHECK(at >= 0, "%s", what);
    return str_fmt(test_arena(), STR_FMT "%s" STR_FMT, STR_ARG(str_cut(text, 0, (size_t)at)), with,
                   STR_ARG(str_cut(text, (size_t)at + strlen(what), text.len)));
}

TEST(ORG_6_three_no_care_is_flagged)
{
    static const struct {
        const char *file, *what, *with, *flag, *item;
    } cases[] = {
        { "duties.json", "\"owner\": \"promotion_specialist\"", "\"owner\": null", "no_owner",
          "visits" },
        { "posts.json", "\"to\": [\"operations_manager\"], \"role\": \"region_manager\"",
          "\"to\": [], \"role\": \"region_manager\"", "no_superior", "regional_manager" },
        { "posts.json", "\"role\": \"recorder\"", "\"role\": null", "no_role",
          "information_recorder" },
        { "org.json", "\"functions\": [{\"code\": \"pr\", \"name\": {\"zh\": \"公关\", \"en\": "
          "\"Public relations\"}, \"posts\": [\"pr_officer\"]",
          "\"functions\": [{\"code\": \"pr\", \"name\": {\"zh\": \"公关\", \"en\": "
          "\"Public relations\"}, \"posts\": []", "no_owner", "emergency" },
        { "org.json", "\"people\": {\"min\": 3, \"max\": 5}",
          "\"people\": {\"min\": 1, \"max\": 2}", "heads", "squad" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fault fault = { 0 };
        playbook_files files;
        playbook_mistakes mistakes = { 0 };
        playbook_flags flags = { 0 };
        const struct playbook_source *s;
        CHECK_EQ(playbook_files_of(test_arena(), NULL, "ditui", &fault, &files), OK);
        for (size_t f = 0; f < files.count; f++)
            if (str_is(files.items[f].name, cases[i].file))
                files.items[f].text = without(files.items[f].text, cases[i].what, cases[i].with);
        CHECK_EQ(playbook_read(test_arena(), &files, NULL, &mistakes, &s), OK);
        CHECK(s, "case %zu: " STR_FMT, i,
              STR_ARG(mistakes.count ? mistakes.items[0].reason : STR_NONE));
        if (!s)
            continue;
        playbook_flag(test_arena(), s, &flags);
        CHECK_EQ(flags.count, 1, "case %zu", i);
        if (!flags.count)
            continue;
        CHECK_STR(str_from(flags.items[0].code), str_from(cases[i].flag), "case %zu", i);
        CHECK_STR(flags.items[0].item, str_from(cases[i].item), "case %zu", i);
    }
}

TEST(ORG_7_specialist_submits_daily_before_leaving)
{
    const struct playbook_source *s = shipped("ditui");
    const struct json *duty = entry(s, "duty", "visit_record");
    CHECK_STR(playbook_word(duty, "owner"), STR("promotion_specialist"));
    CHECK_STR(playbook_zh(duty, "due"), STR("每日下班前"));
    CHECK_STR(playbook_word(entry(s, "duty", "visits"), "owner"), STR("promotion_specialist"));
    CHECK_STR(playbook_word(json_get(entry(s, "role", "promoter"), "permissions"),
                            "activity.record"), STR("own"));
}

TEST(ORG_8_recorder_is_the_information_hub)
{
    const struct playbook_source *s = shipped("ditui");
    const struct json *sync = entry(s, "duty", "sync");
    CHECK_STR(playbook_word(sync, "owner"), STR("information_recorder"));
    CHECK(has_in(json_get(sync, "to"), "regional_manager"));
    CHECK(has_in(json_get(sync, "to"), "data_analyst"));
    CHECK_STR(playbook_zh(sync, "due"), STR("实时"));
    CHECK_STR(playbook_word(entry(s, "duty", "policy_check"), "owner"),
              STR("information_recorder"));
    /* may look at policy, and at the squad's customers to mark them */
    const struct json *rights = json_get(entry(s, "role", "recorder"), "permissions");
    CHECK_STR(playbook_word(rights, "customer.manage"), STR("squad"));
    CHECK_STR(playbook_word(rights, "playbook.read"), STR("org"));
}

TEST(ORG_9_logistics_on_request_of_the_regional_manager)
{
    const struct playbook_source *s = shipped("ditui");
    const struct json *post = entry(s, "post", "logistics_support");
    CHECK_STR(json_get(post, "to")->first->text, STR("regional_manager"));
    CHECK_STR(playbook_word(entry(s, "duty", "prepare"), "owner"), STR("logistics_support"));
    CHECK_STR(playbook_zh(entry(s, "duty", "prepare"), "due"), STR("活动前"));
    CHECK_STR(playbook_word(entry(s, "duty", "field_problem"), "owner"), STR("logistics_support"));
}

TEST(ORG_37_crisis_functions_join_the_emergency_group)
{
    const struct playbook_source *s = shipped("ditui");
    const struct json *functions = json_get(entry(s, "group", "emergency"), "functions");
    static const char *const want[][2] = { { "公关", "pr_officer" }, { "法务", "legal_officer" },
                                           { "客服", "service_officer" } };
    CHECK_EQ(functions->count, 3);
    const struct json *f = functions->first;
    for (size_t i = 0; i < COUNT(want) && f; i++, f = f->next) {
        CHECK_STR(playbook_zh(f, "name"), str_from(want[i][0]));
        CHECK(has_in(json_get(f, "posts"), want[i][1]));
    }
}

/* ---- agency ---- */

static void check_unit(const struct playbook_source *s, const char *code, const char *zh, int posts)
{
    CHECK_STR(playbook_zh(entry(s, "unit", code), "name"), str_from(zh));
    CHECK_EQ(posts_of(s, code), posts, "%s", code);
}

static void check_owner(const struct playbook_source *s, const char *duty, const char *kind)
{
    struct str owner = playbook_word(entry(s, "duty", duty), "owner");
    CHECK_STR(playbook_word(entry(s, "post", str_cstr(test_arena(), owner)), "kind"),
              str_from(kind), "%s", duty);
}

TEST(ORG_22_agency_management_one_of_five_units)
{
    const struct playbook_source *s = shipped("agency");
    CHECK_EQ(count_of(s, "unit", NULL, NULL), 5);
    check_unit(s, "management", "管理层", 1);
    check_owner(s, "strategy", "management");
}

TEST(ORG_23_agency_operations)
{
    const struct playbook_source *s = shipped("agency");
    check_unit(s, "operations", "运营部门", 5);
    static const char *const duties[] = { "recruit", "train", "schedule", "attendance" };
    for (size_t i = 0; i < COUNT(duties); i++)
        check_owner(s, duties[i], "operations");
}

TEST(ORG_24_agency_marketing_and_sales)
{
    const struct playbook_source *s = shipped("agency");
    check_unit(s, "marketing_sales", "市场与销售团队", 2);
    check_owner(s, "develop_clients", "marketing_sales");
    check_owner(s, "keep_clients", "marketing_sales");
}

TEST(ORG_25_agency_service_and_technical_support)
{
    const struct playbook_source *s = shipped("agency");
    check_unit(s, "service_tech", "客服与技术支持", 3);
    check_owner(s, "enquiries", "service_tech");
    check_owner(s, "technical", "service_tech");
}

TEST(ORG_26_agency_finance_and_legal)
{
    const struct playbook_source *s = shipped("agency");
    check_unit(s, "finance_legal", "财务与法务部门", 2);
    check_owner(s, "contract_review", "finance_legal");
    check_owner(s, "settle", "finance_legal");
    check_owner(s, "tax", "finance_legal");
}

TEST(ORG_27_stages_merge_and_split_functions)
{
    static const char *const codes[] = { "ditui", "weishang", "agency", "brand" };
    for (size_t c = 0; c < COUNT(codes); c++) {
        const struct playbook_source *s = shipped(codes[c]);
        uint32_t merged[3] = { 0 };
        static const char *const stages[] = { "startup", "growth", "mature" };
        for (size_t i = 0; i < COUNT(stages); i++)
            for (const struct json *m = json_get(entry(s, "stage", stages[i]), "merge")->first; m;
                 m = m->next)
                merged[i] += json_get(m, "takes")->count;
        CHECK(merged[0] > merged[1], "%s: a start-up merges more than a growing company", codes[c]);
        CHECK_EQ(merged[2], 0, "%s", codes[c]);
    }
}

/* ---- weishang ---- */

static void check_department(const char *kind, const char *zh, const char *const (*posts)[2],
                             int count)
{
    const struct playbook_source *s = shipped("weishang");
    check_unit(s, kind, zh, count);
    for (int i = 0; i < count; i++)
        check_post(s, posts[i][0], posts[i][1], kind);
}

TEST(ORG_28_weishang_core_management_of_8_departments)
{
    static const char *const posts[][2] = { { "team_leader", "团队领导人" },
                                            { "operations_director", "运营总监" } };
    check_department("management", "核心管理层", posts, COUNT(posts));
    CHECK_EQ(count_of(shipped("weishang"), "unit", NULL, NULL), 8);
    CHECK_STR(playbook_word(entry(shipped("weishang"), "duty", "activity_plan"), "owner"),
              STR("operations_director"));
}

TEST(ORG_29_weishang_sales)
{
    static const char *const posts[][2] = { { "sales_manager", "销售经理" },
                                            { "senior_representative", "高级销售代表" },
                                            { "representative", "普通销售代表" } };
    check_department("sales", "销售部门", posts, COUNT(posts));
    CHECK_STR(playbook_word(entry(shipped("weishang"), "duty", "role_model"), "owner"),
              STR("senior_representative"));
}

TEST(ORG_30_weishang_marketing)
{
    static const char *const posts[][2] = { { "promotion_manager", "市场推广经理" },
                                            { "copywriter", "文案策划" },
                                            { "promotion_specialist", "推广专员" } };
    check_department("marketing", "市场推广部门", posts, COUNT(posts));
}

TEST(ORG_31_weishang_training)
{
    static const char *const posts[][2] = { { "training_manager", "培训经理" },
                                            { "trainer", "培训讲师" } };
    check_department("training", "培训部门", posts, COUNT(posts));
}

TEST(ORG_32_weishang_customer_service)
{
    static const char *const posts[][2] = { { "service_manager", "客服经理" },
                                            { "service_specialist", "客服专员" } };
    check_department("service", "客服部门", posts, COUNT(posts));
    CHECK_STR(playbook_word(entry(shipped("weishang"), "duty", "quality"), "owner"),
              STR("service_manager"));
}

TEST(ORG_33_weishang_supply_chain)
{
    static const char *const posts[][2] = { { "purchasing_manager", "采购经理" },
                                            { "warehouse_specialist", "仓储物流专员" } };
    check_department("supply", "供应链管理部门", posts, COUNT(posts));
}

TEST(ORG_34_weishang_technical_support_if_there_is_a_platform)
{
    static const char *const posts[][2] = { { "technical_manager", "技术经理" },
                                            { "developer", "程序员" } };
    check_department("tech", "技术支持部门", posts, COUNT(posts));
    check_range(entry(shipped("weishang"), "kind", "tech"), "count", 0, 1);
}

TEST(ORG_35_weishang_finance)
{
    static const char *const posts[][2] = { { "finance_manager", "财务经理" },
                                            { "accountant", "会计" } };
    check_department("finance_dept", "财务部门", posts, COUNT(posts));
}

/* ---- brand ---- */

TEST(ORG_36_parties_with_contract_data_and_view)
{
    const struct playbook_source *s = shipped("brand");
    static const char *const want[][2] = { { "enterprise", "hq" },
                                           { "platform", "platform_partner" },
                                           { "seller", "promoter" },
                                           { "customer", "" },
                                           { "client", "client_partner" } };
    CHECK_EQ(count_of(s, "party", NULL, NULL), COUNT(want));
    for (size_t i = 0; i < COUNT(want); i++) {
        const struct json *party = entry(s, "party", want[i][0]);
        CHECK(playbook_zh(party, "contract").len && playbook_zh(party, "data").len);
        CHECK_STR(playbook_word(party, "role"), str_from(want[i][1]));
    }
    /* A platform never sees the whole company's people or orders. */
    const struct json *rights = json_get(entry(s, "role", "platform_partner"), "permissions");
    CHECK_STR(playbook_word(rights, "order.read"), STR("squad"));
    CHECK_STR(playbook_word(rights, "person.read"), STR("squad"));
}

/* ---- all ---- */

TEST(playbook_rights_are_split_between_two_people)
{
    static const char *const codes[] = { "ditui", "weishang", "agency", "brand" };
    static const char *const apart[][2] = { { "period.calculate", "period.approve" },
                                            { "period.lock", "period.approve" },
                                            { "period.lock", "period.unlock" } };
    for (size_t c = 0; c < COUNT(codes); c++) {
        const struct playbook_source *s = shipped(codes[c]);
        bool given[COUNT(apart)][2] = { { false } };
        for (size_t i = 0; i < s->count; i++) {
            if (!str_is(s->entries[i].section, "role"))
                continue;
            const struct json *rights = json_get(s->entries[i].json, "permissions");
            for (size_t k = 0; k < COUNT(apart); k++) {
                bool one = json_get(rights, apart[k][0]), two = json_get(rights, apart[k][1]);
                CHECK(!(one && two), "%s: " STR_FMT, codes[c], STR_ARG(s->entries[i].code));
                given[k][0] |= one;
                given[k][1] |= two;
            }
        }
        for (size_t k = 0; k < COUNT(apart); k++)
            CHECK(given[k][0] && given[k][1], "%s: somebody has each right", codes[c]);
        CHECK(entry(s, "role", "admin") != NULL);
        CHECK_EQ(count_of(s, "plan", NULL, NULL), 1);
    }
}
