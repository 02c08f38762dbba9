/* cmd_settle_tree.c - the tree of reasons as indented text. */
#include "app/cmd_settle.h"

static void print_line(FILE *out, int depth, const char *mark, struct str text)
{
    if (text.len)
        fprintf(out, "%*s%s" STR_FMT "\n", depth * 2 + 4, "", mark, STR_ARG(text));
}

static void print_node(FILE *out, const struct plan_node *node, bool english, int depth)
{
    struct str title = english ? node->title.en : node->title.zh;
    struct str rule = english ? node->rule.en : node->rule.zh;
    fprintf(out, "%*s" STR_FMT, depth * 2, "", STR_ARG(node->name));
    if (title.len)
        fprintf(out, " " STR_FMT, STR_ARG(title));
    if (node->row.len)
        fprintf(out, " [" STR_FMT "]", STR_ARG(node->row));
    fprintf(out, " = " STR_FMT "%s\n", STR_ARG(node->value_text),
            !node->repeated ? "" : english ? " (explained above)" : "（见上文）");
    if (node->repeated)
        return;
    print_line(out, depth, "", rule);
    print_line(out, depth, "", node->formula);
    print_line(out, depth, "", node->arithmetic);
    print_line(out, depth, "~ ", node->rounding);
    for (const struct plan_node *child = node->first; child; child = child->next)
        print_node(out, child, english, depth + 1);
}

void settle_print_tree(FILE *out, const struct plan_node *node, bool english)
{
    print_node(out, node, english, 0);
}
