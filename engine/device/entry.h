/* Many kernels as one. For each kernel that it compiles PoCL takes 0.15 s and more, whatever is in it: it
   copies the program, links its library, and calls the linker. An entry is a kernel that calls others by
   number, so that a plan costs that once. Its arguments: so much memory and local memory as the call with the
   most has, and the numbers of a call, packed in vectors of four words: PoCL copies each argument at each
   launch. It tells a kernel which group it is: what asks for that itself, PoCL compiles three times. */
#ifndef GZ_ENTRY_H
#define GZ_ENTRY_H
#include "device.h"
#include "../base/text.h"

/* The number of a call among some; `count`: it isn't there. */
size_t gz_call_find(const gz_call_form *calls, size_t count, const gz_call_form *call);

/* In the arena, strings included. calls: distinct, of groups of one item. */
gaze_status gz_entry_make(gz_arena *arena, const gz_call_form *calls, size_t count, const gz_entry **out);

/* The kernel's text: it follows the files of the calls. */
void gz_entry_write(const gz_entry *entry, gz_text *text);

/* Does it call this kernel? */
bool gz_entry_has(const gz_entry *entry, const gz_call_form *call);

#endif
