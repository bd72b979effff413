// SPDX-License-Identifier: GPL-2.0
/*
 * Looks for secrets in freed memory, where its next owner finds them. The
 * parameter `marker` is 32 bytes in hex; a kprobe looks for them in each buffer
 * that is passed to kfree().
 */
#include <linux/hex.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "tsm_fake.h"

static u8 marker[32];
static bool armed;

static atomic_t found;
module_param_cb(found, &counter_ops, &found, 0444);
MODULE_PARM_DESC(found, "in how many allocations the marker was");

static atomic_t looked;
module_param_cb(looked, &counter_ops, &looked, 0444);
MODULE_PARM_DESC(looked, "in how many it was looked for");

static int set_marker(const char *text, const struct kernel_param *param)
{
	int ret;

	smp_store_release(&armed, false);
	ret = hex2bin(marker, text, sizeof(marker));
	if (ret)
		return ret;
	atomic_set(&found, 0);
	atomic_set(&looked, 0);
	smp_store_release(&armed, true);
	return 0;
}

static const struct kernel_param_ops marker_ops = { .set = set_marker };
module_param_cb(marker, &marker_ops, NULL, 0200);
MODULE_PARM_DESC(marker, "what to look for, from now on");

static int look(struct kprobe *probe, struct pt_regs *regs)
{
	const u8 *object = (const u8 *)regs_get_kernel_argument(regs, 0);
	size_t size;

	if (!smp_load_acquire(&armed) || ZERO_OR_NULL_PTR(object))
		return 0;
	atomic_inc(&looked);
	size = ksize(object);
	for (size_t at = 0; at + sizeof(marker) <= size; at += sizeof(u64)) {
		if (!memcmp(object + at, marker, sizeof(marker))) {
			atomic_inc(&found);
			break;
		}
	}
	return 0;
}

static struct kprobe probe = { .symbol_name = "kfree", .pre_handler = look };

static int __init tsm_leftovers_init(void)
{
	return register_kprobe(&probe);
}

static void __exit tsm_leftovers_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(tsm_leftovers_init);
module_exit(tsm_leftovers_exit);
MODULE_DESCRIPTION("Looks for secrets in memory that is given back");
MODULE_LICENSE("GPL");
