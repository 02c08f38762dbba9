/*
 * ui_pack.h - the files of the interface, carried inside the program.
 *
 * ui/pack.mjs puts ui/dist into one file; its head describes the format. ui_pack_embed.S takes that
 * file into the program. Nothing is copied or unpacked: what is returned points into the pack, and
 * lives as long as it. Texts (type, etag) are followed by a NUL.
 *
 * A program built without the interface has an empty pack, in which nothing is found.
 */
#pragma once

#include "base/str.h"

struct ui_file {
    struct str path, type;
    struct str etag;          /* with its quotes */
    struct str raw;
    struct str gzip, brotli;  /* len 0: there is none, the raw body is as good */
    bool forever;             /* the name holds a hash of the content */
};

/* Is this a pack whose every entry lies inside it, in ascending order of paths? An empty one is. */
bool ui_pack_valid(struct str pack);

/* The file of exactly that path. False: there is none, or the pack is damaged at that place. */
bool ui_pack_find_in(struct str pack, struct str path, struct ui_file *ret);
/*
 * What a browser gets for a path of the site: the file; else, for an address that the pages make up
 * themselves (no dot in the last segment), /m/index.html below /m and /index.html elsewhere.
 */
bool ui_pack_route_in(struct str pack, struct str path, struct ui_file *ret);

/* The same with the pack of this program. */
bool ui_pack_route(struct str path, struct ui_file *ret);
struct str ui_pack_embedded(void);
