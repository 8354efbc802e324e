/* The parts of the bt analyzer among themselves: bt.c finds and orders the threads, bt_frames.c
 * reports one thread's frames and their variables. */
#ifndef ANALYZERS_BT_H
#define ANALYZERS_BT_H

#include "analyzers/session.h"
#include "analyzers/source.h"
#include "analyzers/traceback.h"
#include "cpython_layouts/frame.h"

enum bt_locals { LOCALS_NONE, LOCALS_SHORT, LOCALS_FULL };

struct bt {
	struct session *session;
	struct report *report;
	struct sources *sources;	/* NULL: no source lines are wanted */
	struct traceback_rule rule;
	enum bt_locals locals;
	uint64_t limit;			/* innermost frames of a thread; 0: all */
	uint64_t frames_left;		/* that the memory could hold: threads cannot share them */
	size_t lost_values;		/* variables of which something cannot be read */
	struct str source_lines, repr;	/* used again and again */
};

/* A thread's frames, innermost first. */
struct bt_frames {
	VEC(struct frame) list;
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
void bt_frames_release(struct bt_frames *frames);

#endif
