/* lex.c - the words of a formula. Chinese names and full-width signs are read as they are typed. */
#include "engine/formula/internal.h"

#include <stdio.h>

static const char *const keywords[] = {
    "and", "or", "not", "if", "case", "when", "then", "else", "end", "between", "in", "true",
    "false", "default",
};

/* What an input method or a word processor makes of the signs. */
static const struct {
    uint32_t character;
    const char *sign;
} foreign_signs[] = {
    { 0xFF08, "(" }, { 0xFF09, ")" },  { 0xFF0C, "," },  { 0xFF0B, "+" },  { 0xFF0D, "-" },
    { 0x2212, "-" }, { 0x00D7, "*" },  { 0xFF0A, "*" },  { 0xFF1D, "=" },  { 0xFF1C, "<" },
    { 0xFF1E, ">" }, { 0x2264, "<=" }, { 0x2265, ">=" }, { 0x2260, "!=" }, { 0xFF05, "%" },
};

bool keyword(struct str name)
{
    for (size_t i = 0; i < COUNT(keywords); i++)
        if (str_is(name, keywords[i]))
            return true;
    return false;
}

static bool letter(uint32_t ch)
{
    if (ch < 0x80)
        return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
    if (ch == 0xD7 || ch == 0xF7)
        return false;
    return (ch >= 0xC0 && ch <= 0x52F)         /* Latin, Greek, Cyrillic */
           || (ch >= 0x3040 && ch <= 0x30FF)   /* kana */
           || (ch >= 0x3400 && ch <= 0x9FFF)   /* Chinese */
           || (ch >= 0xAC00 && ch <= 0xD7A3)   /* Hangul */
           || (ch >= 0xF900 && ch <= 0xFAFF)   /* compatibility ideographs */
           || (ch >= 0x20000 && ch <= 0x3FFFF); /* rare ideographs */
}

static bool digit(uint32_t ch)
{
    return ch >= '0' && ch <= '9';
}

/* One name from `at`: letters, digits, _, and dots between parts ("order.amount"). */
static size_t name_end(struct str text, size_t at)
{
    bool inside = false;
    while (at < text.len) {
        size_t next = at;
        uint32_t ch = utf8_next(text, &next);
        if (inside && ch == '.') {
            size_t after = next;
            if (next >= text.len || !letter(utf8_next(text, &after)))
                break;
        } else if (!letter(ch) && !(inside && digit(ch))) {
            break;
        }
        inside = true;
        at = next;
    }
    return at;
}

bool name_is_word(struct str name)
{
    return name.len > 0 && utf8_valid(name) && name_end(name, 0) == name.len && !keyword(name);
}

enum err complain(struct compiler *c, int line, int column, const char *format, ...)
{
    char message[FAULT_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    enum err e = fault_set(c->fault, ERR_PARSE, "%s", message);
    c->fault->line = line;
    c->fault->column = column;
    return e;
}

static uint32_t peek(const struct compiler *c)
{
    size_t at = c->at;
    return at < c->text.len ? utf8_next(c->text, &at) : 0;
}

static void advance(struct compiler *c)
{
    uint32_t ch = utf8_next(c->text, &c->at);
    c->column++;
    if (ch == '\n') {
        c->line++;
        c->column = 1;
    }
}

static void skip_space(struct compiler *c)
{
    for (;;) {
        uint32_t ch = peek(c);
        if (ch != ' ' && ch != '\t' && ch != '\n' && ch != '\r' && ch != 0x3000 && ch != 0xA0)
            return;
        advance(c);
    }
}

/* 'it''s' or "it""s": the quote doubled stands for itself. */
static enum err lex_text(struct compiler *c)
{
    struct word *w = &c->word;
    uint32_t quote = peek(c);
    struct buf buf = buf_in(c->arena);
    advance(c);
    for (;;) {
        if (c->at >= c->text.len || peek(c) == '\n')
            return complain(c, w->line, w->column, "the text has no end: close it with %c",
                            (int)quote);
        if (peek(c) == quote) {
            advance(c);
            if (peek(c) != quote)
                break;
        }
        size_t from = c->at;
        advance(c);
        buf_add(&buf, c->text.data + from, c->at - from);
    }
    w->kind = WORD_TEXT;
    w->text = buf_view(&buf);
    return OK;
}

static void lex_number(struct compiler *c)
{
    while (digit(peek(c)))
        advance(c);
    if (peek(c) == '.' && c->at + 1 < c->text.len && digit((uint8_t)c->text.data[c->at + 1])) {
        advance(c);
        while (digit(peek(c)))
            advance(c);
    }
    c->word.kind = WORD_NUMBER;
}

static void set_sign(struct word *w, const char *sign)
{
    w->kind = WORD_SIGN;
    strncpy(w->sign, sign, sizeof w->sign - 1);
    w->sign[sizeof w->sign - 1] = 0;
}

static enum err lex_sign(struct compiler *c)
{
    static const char *const signs[] = { "<=", ">=", "!=", "<>", "(", ")", ",", "+",
                                         "-",  "*",  "/",  "=",  "<", ">", "%" };
    struct word *w = &c->word;
    uint32_t ch = peek(c);
    for (size_t i = 0; i < COUNT(foreign_signs); i++)
        if (foreign_signs[i].character == ch) {
            advance(c);
            set_sign(w, foreign_signs[i].sign);
            return OK;
        }
    for (size_t i = 0; i < COUNT(signs); i++)
        if (str_starts(str_cut(c->text, c->at, c->text.len), str_from(signs[i]))) {
            for (size_t k = 0; k < strlen(signs[i]); k++)
                advance(c);
            set_sign(w, strcmp(signs[i], "<>") ? signs[i] : "!=");
            return OK;
        }
    if (ch < 0x20 || ch == 0x7F)
        return complain(c, w->line, w->column, "a control character (code %u): remove it", ch);
    char utf8[4];
    size_t len = utf8_put(utf8, ch);
    return complain(c, w->line, w->column, "\"%.*s\" has no meaning in a formula: remove it",
                    (int)len, utf8);
}

enum err lex_next(struct compiler *c)
{
    skip_space(c);
    c->word = (struct word){ .from = c->at, .line = c->line, .column = c->column };
    struct word *w = &c->word;
    if (c->at >= c->text.len) {
        w->kind = WORD_END;
        w->to = c->at;
        return OK;
    }
    uint32_t ch = peek(c);
    if (letter(ch)) {
        size_t end = name_end(c->text, c->at);
        while (c->at < end)
            advance(c);
        w->kind = WORD_NAME;
    } else if (digit(ch)) {
        lex_number(c);
    } else if (ch == '\'' || ch == '"') {
        TRY(lex_text(c));
    } else {
        TRY(lex_sign(c));
    }
    w->to = c->at;
    if (w->kind != WORD_TEXT)
        w->text = str_cut(c->text, w->from, w->to);
    return OK;
}
