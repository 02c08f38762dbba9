/* The invented part: units, people, customers, logins. */
#include "app/calendars.h"
#include "app/demo_parts.h"

#include "core/identity/identity.h"
#include "core/org/org.gen.h"
#include "core/playbook/playbook.gen.h"
#include "mod/customer/customer.gen.h"

enum { REGION_ANY = -1, SUPERVISORS = 2, SQUAD_PEOPLE = DEMO_PROMOTERS / DEMO_SQUADS };

/* Posts of the playbook `ditui`; whoever holds one has its role. */
static const char post_manager[] = "regional_manager",
                  post_supervisor[] = "promotion_supervisor",
                  post_specialist[] = "promotion_specialist",
                  post_recorder[] = "information_recorder", post_logistics[] = "logistics_support";

static const struct {
    const char *code, *zh, *en;
} regions[DEMO_REGIONS] = {
    { "east", "华东", "East" },
    { "north", "华北", "North" },
    { "south", "华南", "South" },
    { "southwest", "西南", "Southwest" },
};

/* Which region has the customers of a country. */
static const struct {
    const char *country;
    int region;
} countries[] = {
    { "United Kingdom", REGION_ANY }, { "Unspecified", REGION_ANY }, { "EIRE", 0 },
    { "Channel Islands", 0 }, { "Netherlands", 0 }, { "Belgium", 0 }, { "Norway", 0 },
    { "Sweden", 0 }, { "Denmark", 0 }, { "Finland", 0 }, { "Iceland", 0 }, { "Lithuania", 0 },
    { "Germany", 1 }, { "Austria", 1 }, { "Switzerland", 1 }, { "Poland", 1 },
    { "Czech Republic", 1 }, { "European Community", 1 }, { "France", 2 }, { "Spain", 2 },
    { "Portugal", 2 }, { "Italy", 2 }, { "Greece", 2 }, { "Cyprus", 2 }, { "Malta", 2 },
};
enum { REGION_OF_THE_REST = 3 };

static const char *const surnames[] = {
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭",
    "何", "林", "罗", "高", "梁", "郑", "谢", "宋", "唐", "许", "韩", "冯", "邓", "曹", "彭", "曾",
};
static const char *const given[] = {
    "伟", "芳", "娜", "敏", "静", "磊", "洋", "勇", "艳", "杰", "涛", "明", "超", "秀兰", "霞", "平",
    "晓东", "建华", "志强", "丽娟", "海燕", "雨桐", "子涵", "思远", "佳怡", "梓轩", "欣然", "浩然",
    "文博", "嘉慧", "俊杰", "雪梅", "春华", "国栋", "婷婷", "小龙", "诗雨", "天宇", "若琳", "永康",
};
static const char *const towns[] = { "临江", "青石", "东湖", "南桥", "西街", "北苑", "新港", "古城",
                                     "柳河", "松山", "云溪", "白塔" };
static const char *const shops[] = { "百货", "文创店", "礼品行", "家居馆", "生活超市", "花店",
                                     "书店", "玩具屋", "茶舍", "便利店" };
static const char *const strengths[] = { "破冰", "深谈", "数据", "组织", "讲解" };

/* One number from a text and the seed: the same whatever else is invented before it. */
static uint64_t lot(const struct demo *demo, const char *what, struct str text)
{
    struct rand r = rand_seeded(demo->seed ^ str_hash(str_from(what)) ^ str_hash(text) * 3);
    rand_u64(&r);
    return rand_u64(&r);
}

static struct str person_name(struct demo *demo, struct str number)
{
    uint64_t n = lot(demo, "name", number);
    return str_fmt(demo->arena, "%s%s", surnames[n % COUNT(surnames)],
                   given[n / 64 % COUNT(given)]);
}

/* ---- units ---- */

static enum err add_unit(struct cx *cx, struct unit_id parent, struct str code, struct str name,
                         struct str name_en, enum unit_level level, const char *kind,
                         struct unit_id *ret)
{
    struct unit row = unit_blank;
    row.parent = parent;
    row.code = code;
    row.name = name;
    row.name_en = name_en;
    row.level = level;
    row.kind = str_from(kind);
    TRY(unit_insert(cx, &row));
    *ret = row.id;
    return OK;
}

/* ---- people ---- */

struct hire {
    const char *number;
    struct str name; /* empty: invented from the number */
    const char *post;
    enum person_kind kind;
    struct unit_id unit;
    struct person_id leader;
    int64_t rank;
};

static enum err hire(struct cx *cx, struct demo *demo, const struct hire *in,
                     struct person_id *ret)
{
    struct person row = person_blank;
    struct post_by_code_row post;
    uint64_t n = lot(demo, "person", str_from(in->number));
    row.number = str_from(in->number);
    row.name = in->name.len ? in->name : person_name(demo, row.number);
    row.kind = in->kind;
    row.unit = in->unit;
    row.leader = in->leader;
    row.rank = in->rank;
    row.joined_on.day = date_of(2026, 4, 1).day - 1 - (int32_t)(n % 300);
    row.strength = str_from(strengths[n / 512 % COUNT(strengths)]);
    row.phone.plain = str_fmt(demo->arena, "1990000%04llu", (unsigned long long)(n % 10000));
    enum err e = post_by_code(cx, (struct post_by_code_in){ str_from(in->post) }, &post);
    if (e)
        return explain(cx, e, "the playbook's post %s", in->post);
    row.post = post.id;
    TRY(person_insert(cx, &row));
    *ret = row.id;
    return OK;
}

/* The leader is the most senior and has the first number. */
static enum err fill_squad(struct cx *cx, struct demo *demo, int at, struct unit_id unit,
                           struct person_id supervisor)
{
    struct demo_squad *squad = &demo->squads[at];
    struct person_id leader = supervisor;
    for (int i = 0; i < squad->count; i++) {
        struct demo_person *person = &demo->promoters[squad->first + i];
        person->number = str_fmt(demo->arena, "P%03d", squad->first + i + 1);
        person->squad = at;
        uint64_t n = lot(demo, "rank", person->number);
        struct hire in = {
            .number = person->number.data, .kind = PERSON_KIND_PART_TIME, .unit = unit,
            .leader = leader, .rank = i == 0 ? 4 + (int64_t)(n % 2) : 1 + (int64_t)(n % 3),
            .post = i == SQUAD_PEOPLE - 2   ? post_recorder
                    : i == SQUAD_PEOPLE - 1 ? post_logistics
                                            : post_specialist,
        };
        TRY(hire(cx, demo, &in, &person->id));
        if (i == 0)
            leader = person->id;
    }
    squad->shop = demo->promoters[squad->first].number;
    return OK;
}

static enum err make_squads(struct cx *cx, struct demo *demo, int region, struct unit_id unit,
                            const struct person_id supervisors[SUPERVISORS])
{
    int per_region = DEMO_SQUADS / DEMO_REGIONS;
    for (int i = 0; i < per_region; i++) {
        int at = region * per_region + i;
        struct demo_squad *squad = &demo->squads[at];
        struct unit_id id;
        squad->code = str_fmt(demo->arena, "%s-%d", regions[region].code, i + 1);
        squad->region = region;
        squad->count = SQUAD_PEOPLE; /* three specialists, a recorder, one for logistics: ORG-4 */
        squad->first = at * SQUAD_PEOPLE;
        TRY(add_unit(cx, unit, squad->code,
                     str_fmt(demo->arena, "%s第%d小组", regions[region].zh, i + 1),
                     str_fmt(demo->arena, "%s squad %d", regions[region].en, i + 1),
                     UNIT_LEVEL_EXECUTION, "squad", &id));
        TRY(fill_squad(cx, demo, at, id, supervisors[i % SUPERVISORS]));
    }
    return OK;
}

/* One manager and two promotion supervisors each (ORG-3). */
static enum err make_region(struct cx *cx, struct demo *demo, int at, struct unit_id office,
                            struct person_id chief, struct person_id *first_supervisor)
{
    struct person_id manager, supervisors[SUPERVISORS];
    struct unit_id unit;
    TRY(add_unit(cx, office, str_from(regions[at].code),
                 str_fmt(demo->arena, "%s区域执行组", regions[at].zh),
                 str_fmt(demo->arena, "%s region", regions[at].en), UNIT_LEVEL_MIDDLE, "region",
                 &unit));
    struct hire in = { .kind = PERSON_KIND_EMPLOYEE, .unit = unit, .leader = chief, .rank = 5,
                       .post = post_manager };
    in.number = str_fmt(demo->arena, "M%03d", at + 1).data;
    TRY(hire(cx, demo, &in, &manager));
    for (int i = 0; i < SUPERVISORS; i++) {
        in.number = str_fmt(demo->arena, "S%03d", at * SUPERVISORS + i + 1).data;
        in.leader = manager;
        in.post = post_supervisor;
        TRY(hire(cx, demo, &in, &supervisors[i]));
    }
    *first_supervisor = supervisors[0];
    return make_squads(cx, demo, at, unit, supervisors);
}

/* ---- logins ---- */

/* Who is a person has the role of their post; the administrator is nobody in particular. */
static enum err add_login(struct cx *cx, struct demo *demo, int which, struct person_id person)
{
    struct demo_login *login = &demo->logins[which];
    struct login_new in = { .name = str_from(login->name), .password_hash = demo->password_hash,
                            .person = person.v, .role = person.v ? NULL : login->role };
    return identity_add_login(cx, &in, &login->id);
}

static const struct {
    const char *number, *name, *post;
    bool support; /* in the support office */
    int login;
} office_people[] = {
    { "H001", "沈国华", "marketing_director", false, -1 },
    { "H002", "顾雅琴", "operations_manager", false, DEMO_HQ },
    { "H003", "陆子谦", "data_analyst", false, -1 },
    { "H004", "钱慧敏", "finance_officer", true, DEMO_FINANCE },
    { "H005", "崔若水", "service_officer", true, -1 },
};

static enum err make_office(struct cx *cx, struct demo *demo, struct unit_id *office,
                            struct person_id *chief)
{
    struct unit_id support;
    TRY(add_unit(cx, (struct unit_id){ 0 }, STR("hq"), STR("战略决策组"),
                 STR("Strategic decision group"), UNIT_LEVEL_CORE, "decision_group", office));
    TRY(add_unit(cx, *office, STR("support"), STR("职能支持组"), STR("Support office"),
                 UNIT_LEVEL_CORE, "support_office", &support));
    for (size_t i = 0; i < COUNT(office_people); i++) {
        struct person_id person;
        struct hire in = { .number = office_people[i].number,
                           .name = str_from(office_people[i].name),
                           .post = office_people[i].post, .kind = PERSON_KIND_EMPLOYEE,
                           .unit = office_people[i].support ? support : *office, .rank = 5 };
        TRY(hire(cx, demo, &in, &person));
        if (i == 0)
            *chief = person;
        if (office_people[i].login >= 0)
            TRY(add_login(cx, demo, office_people[i].login, person));
    }
    return OK;
}

enum err demo_make_company(struct cx *cx, void *arg)
{
    struct demo *demo = arg;
    struct company_new company = { demo->code, demo->name, demo->playbook->code };
    struct unit_id office;
    struct person_id chief, supervisor;
    TRY(identity_add_company(cx, &company));
    demo->call.org = cx->org;
    demo->call.zone_minutes = cx->zone_minutes;
    TRY(playbook_install(cx, demo->playbook));
    TRY(calendars_install(cx));
    TRY(make_office(cx, demo, &office, &chief));
    TRY(add_login(cx, demo, DEMO_ADMIN, (struct person_id){ 0 }));
    for (int i = 0; i < DEMO_REGIONS; i++) {
        TRY(make_region(cx, demo, i, office, chief, &supervisor));
        if (i == 0)
            TRY(add_login(cx, demo, DEMO_SUPERVISOR, supervisor));
    }
    return add_login(cx, demo, DEMO_PROMOTER_LOGIN, demo->promoters[1].id);
}

/* ---- customers ---- */

static int region_of(struct str country)
{
    for (size_t i = 0; i < COUNT(countries); i++)
        if (str_is(country, countries[i].country))
            return countries[i].region;
    return REGION_OF_THE_REST;
}

int demo_squad_of(const struct demo *demo, struct str country, struct str number)
{
    int region = region_of(country), per_region = DEMO_SQUADS / DEMO_REGIONS;
    uint64_t n = lot(demo, "squad", number);
    if (region == REGION_ANY)
        return (int)(n % DEMO_SQUADS);
    return region * per_region + (int)(n % (uint64_t)per_region);
}

int demo_promoter_of(const struct demo *demo, struct str country, struct str number)
{
    const struct demo_squad *squad = &demo->squads[demo_squad_of(demo, country, number)];
    /* Selling is the work of the three specialists; the other two have customers of old. */
    static const int chances[] = { 0, 0, 1, 1, 1, 2, 2, 2, 3, 4 };
    return squad->first + chances[lot(demo, "promoter", number) % COUNT(chances)];
}

static enum err add_customer(struct cx *cx, struct demo *demo, struct str number,
                             struct str country)
{
    struct customer row = customer_blank;
    int promoter = demo_promoter_of(demo, country, number);
    uint64_t n = lot(demo, "customer", number);
    row.number = number;
    row.name = str_fmt(cx->arena, "%s%s记%s", towns[n % COUNT(towns)],
                       surnames[n / 16 % COUNT(surnames)], shops[n / 1024 % COUNT(shops)]);
    row.kind = CUSTOMER_KIND_BUSINESS;
    row.promoter = demo->promoters[promoter].id;
    row.region = str_from(regions[demo->squads[demo->promoters[promoter].squad].region].zh);
    row.note = country;
    return customer_insert(cx, &row);
}

enum err demo_make_customers(struct cx *cx, void *arg)
{
    struct demo *demo = arg;
    struct str_map seen = str_map_in(cx->arena);
    for (size_t i = 0; i < demo->orders.rows.count; i++) {
        const struct sheet_row *row = &demo->orders.rows.items[i];
        struct str number = import_number(row->cells[DEMO_CUSTOMER]);
        void **at;
        if (!number.len || *(at = str_map_at(&seen, number, true)))
            continue;
        *at = demo;
        TRY(add_customer(cx, demo, number, row->cells[DEMO_COUNTRY]));
    }
    return OK;
}
