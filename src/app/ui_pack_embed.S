/*
 * Takes the packed interface (ui/pack.mjs) into the program as it is. QIBING_UI_PACK is the path of
 * the file, in quotes; without it the pack is empty and the program has no interface.
 */
    .section .rodata.ui_pack, "a", %progbits
    .global ui_pack_begin
    .global ui_pack_end
    .type ui_pack_begin, %object
    .balign 16
ui_pack_begin:
#ifdef QIBING_UI_PACK
    .incbin QIBING_UI_PACK
#endif
ui_pack_end:
    .byte 0
    .size ui_pack_begin, ui_pack_end - ui_pack_begin
    .section .note.GNU-stack, "", %progbits
