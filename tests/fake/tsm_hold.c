// SPDX-License-Identifier: GPL-2.0
/*
 * Holds the first task that calls a function until a test clears `hold`, so
 * that the test can act in the middle of what the task does, each time and on a
 * busy machine as well. The function has one argument, a pointer. A driver calls
 * misc_register() while it is loaded.
 *
 * The task leaves the kprobe before it waits, which it may not do in there.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

#include "tsm_fake.h"

static char *which = "misc_register";
module_param_named(function, which, charp, 0444);
MODULE_PARM_DESC(function, "the function");

static bool hold = true;
module_param(hold, bool, 0644);
MODULE_PARM_DESC(hold, "whether the task is held");

static int fails;
module_param(fails, int, 0444);
MODULE_PARM_DESC(fails, "the errno that this task, and later ones, get in place of the call, if not 0");

static atomic_t held;
module_param_cb(held, &counter_ops, &held, 0444);
MODULE_PARM_DESC(held, "how many tasks have been held, at most 1");

/* A test that fails must not leave a module that can not be unloaded. */
#define LONGEST (120 * HZ)

static struct kprobe probe;

/* What the task calls in place of the function, and calls that in turn unless it is to fail. */
static long held_call(void *argument)
{
	long (*function)(void *argument) = (void *)probe.addr;
	unsigned long end = jiffies + LONGEST;

	while (READ_ONCE(hold) && time_before(jiffies, end) && !fake_sleep(1, true))
		;
	return fails ? -fails : function(argument);
}

static int hold_first(struct kprobe *probe, struct pt_regs *regs)
{
	/* insmod of busybox tries a module again that could not be loaded. */
	if (!atomic_add_unless(&held, 1, 1) && !fails)
		return 0;
	instruction_pointer_set(regs, (unsigned long)held_call);
	return 1;
}

static int __init tsm_hold_init(void)
{
	probe.symbol_name = which;
	probe.pre_handler = hold_first;
	return register_kprobe(&probe);
}

/* Without module_exit(), because a task may be in held_call(). */
module_init(tsm_hold_init);
MODULE_DESCRIPTION("Holds a task that calls a function until a test lets it go on");
MODULE_LICENSE("GPL");
