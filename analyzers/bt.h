/* The parts of the bt analyzer among themselves: bt.c finds and orders the threads, bt_frames.c
 * reports one thread's frames and their variables, bt_native.c puts C frames between them. */
#ifndef ANALYZERS_BT_H
#define ANALYZERS_BT_H

#include "analyzers/session.h"
#include "analyzers/source.h"
#include "analyzers/traceback.h"
#include "cpython_layouts/frame.h"
#include "symbols/places.h"
#include "symbols/unwind.h"

enum bt_locals { LOCALS_NONE, LOCALS_SHORT, LOCALS_FULL };
enum bt_native { NATIVE_NONE, NATIVE_BRIEF, NATIVE_ALL };

struct bt {
	struct session *session;
	struct report *report;
	struct sources *sources;	/* NULL: no source lines are wanted */
	struct traceback_rule rule;
	enum bt_locals locals;
	enum bt_native native;
	struct unwinder *unwinder;	/* NULL: no C frames are wanted */
	enum places_effort lines;	/* of C frames */
	bool short_paths;		/* of C sources: where a line shall fit a screen */
	uint64_t limit;			/* innermost frames of a thread; 0: all */
	uint64_t frames_left;		/* that the memory could hold: threads cannot share them */
	size_t lost_values;		/* variables of which something cannot be read */
	struct str source_lines, repr;	/* used again and again */
};

/* A C frame, and what is known of its place. */
struct bt_call {
	struct native_frame frame;
	const struct module *module;	/* NULL: none */
	struct symbol symbol;		/* .name NULL: none */
	size_t activation;		/* that it runs; SIZE_MAX: it is no evaluation loop */
	bool is_internal;		/* how the interpreter calls, no news to who reads Python */
};

struct bt_item {
	bool is_native;
	uint32_t index;			/* into the list of its kind */
};

/* A thread's frames, innermost first. */
struct bt_frames {
	VEC(struct frame) list;
	VEC(struct bt_call) calls;	/* with --native */
	VEC(struct bt_item) items;	/* what is shown of both, in the order of the calls */
	struct activations activations;
	struct unwind unwind;		/* with --native: where that walk ended and why */
	size_t unplaced;		/* Python frames whose C frame was not found */
	uint64_t omitted;		/* older ones that --limit left out */
	size_t broken;			/* passed over: their code objects are lost */
	struct chain chain;		/* where the walk ended and why */
	unsigned gaps;			/* see struct frame_iter */
	addr_t gap_at;
};

extern const struct record bt_frame_record;

/* false: out of memory. ret is emptied first, and may be used again for the next thread. */
bool bt_frames_collect(struct bt *bt, const struct pythread *thread, struct bt_frames *ret);
/* Report them, oldest first. */
bool bt_frames_report(struct bt *bt, const struct bt_frames *frames);
/* With --native walk the C stack of an OS thread (NULL: none), and fill ret->items from both kinds
 * of frames; ret->list and ret->activations are there. false: out of memory. */
bool bt_native_collect(struct bt *bt, const struct os_thread *os, struct bt_frames *ret);
/* The second half of it: ret->items from ret->list, ret->calls and ret->activations. */
bool bt_native_merge(const struct bt *bt, struct bt_frames *ret);
/* --lines: what may be read for C frames. */
extern const char *const lines_choices[];
#define LINES_HELP "source lines and inlined calls of C frames: unless much is to be unpacked for them (auto), " \
		   "all, or off"
enum places_effort lines_wanted(const char *option);
/* Ask for source lines, inlined calls and readable names of C frames, all at once: of those that
 * some thread may show, or of these that one does. */
void bt_native_ask_all(struct bt *bt);
void bt_native_ask(struct bt *bt, const struct bt_frames *frames);
/* "how to go on from 0x... is not known"; nothing when all C frames were found. */
void bt_native_end_words(const struct bt_frames *frames, struct str *out);
void bt_frames_release(struct bt_frames *frames);

#endif
