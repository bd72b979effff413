// SPDX-License-Identifier: GPL-2.0
/*
 * Makes functions of the kernel fail that a test can't make fail from outside.
 * The parameter `fail` says which. Kprobes replace them, as in the kernel's own
 * fault injection, which distributions leave out.
 */
#include <linux/gfp.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/string.h>

#include "tsm_fake.h"

static char *which = "";
module_param_named(fail, which, charp, 0444);
MODULE_PARM_DESC(fail, "the function");

static int times = INT_MAX;
module_param(times, int, 0444);
MODULE_PARM_DESC(times, "how often it fails, for ever if not said");

static atomic_t faults;
module_param_cb(faults, &counter_ops, &faults, 0444);
MODULE_PARM_DESC(faults, "how often it has failed");

/* Has @instead run in place of the function that @regs are at the start of. */
static int replace(struct pt_regs *regs, void *instead)
{
	if (!atomic_add_unless(&faults, 1, times))
		return 0;
	instruction_pointer_set(regs, (unsigned long)instead);
	return 1;
}

/* No memory for the page tables, say. */
static int not_converted(unsigned long address, int pages)
{
	return -ENOMEM;
}

static int fail_conversion(struct kprobe *probe, struct pt_regs *regs)
{
	return replace(regs, not_converted);
}

static void *no_pages(size_t size, gfp_t flags)
{
	return NULL;
}

/* There is memory, but it has to be waited for. */
static int fail_alloc_pages_exact(struct kprobe *probe, struct pt_regs *regs)
{
	gfp_t flags = regs_get_kernel_argument(regs, 1);

	return gfpflags_allow_blocking(flags) ? 0 : replace(regs, no_pages);
}

static struct kprobe all[] = {
	{ .symbol_name = "set_memory_decrypted", .pre_handler = fail_conversion },
	{ .symbol_name = "set_memory_encrypted", .pre_handler = fail_conversion },
	{ .symbol_name = "alloc_pages_exact_noprof", .pre_handler = fail_alloc_pages_exact },
};

static struct kprobe *probe;

static int __init tsm_faults_init(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(all[i].symbol_name, which))
			probe = &all[i];
	return probe ? register_kprobe(probe) : -EINVAL;
}

static void __exit tsm_faults_exit(void)
{
	unregister_kprobe(probe);
}

module_init(tsm_faults_init);
module_exit(tsm_faults_exit);
MODULE_DESCRIPTION("Functions of the kernel that fail when a test says so");
MODULE_LICENSE("GPL");
