/*
 * A module by hand, of one workflow and two activities:
 *
 *	error full(room: int)
 *	activity step() -> string fails no, full
 *	activity back() { retry none }
 *	workflow w() { do step() undo back() }
 *
 * What a step does, and by which policy, is for the test to say.
 */
#ifndef DTF_TESTS_ONE_STEP_H
#define DTF_TESTS_ONE_STEP_H

#include <dtf/abi.h>

extern const struct dtf_module one_step_module;
struct one_step_full {
	int64_t room;
};
extern const struct dtf_error_def one_step_declared, one_step_full, one_step_undeclared;

extern struct dtf_activity_def one_step; /* "w.step"; its policy may be set before it runs */
extern int (*one_step_does)(struct dtf_activity *act, const void *args, void *ret);
extern _Atomic unsigned one_step_backs; /* how often it was undone */

/* Another attempt a second after each; no limits; nothing was undone. */
void one_step_reset(void);

#endif
