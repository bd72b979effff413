// SPDX-License-Identifier: GPL-2.0
/*
 * Executes PVALIDATE on a page of its own, to see what the emulated CPU says in
 * the carry flag: that nothing has changed. The parameter `answers` has that for
 * each way in which the flags may have been set before. The page is validated,
 * which it is already, invalidated twice, and validated.
 */
#include <linux/cc_platform.h>
#include <linux/gfp.h>
#include <linux/module.h>

static char answers[32];
module_param_string(answers, answers, sizeof(answers), 0444);
MODULE_PARM_DESC(answers, "1 where nothing had changed");

/* The jump has TCG put away the flags as @before has left them. */
#define DEFINE_PVALIDATE(name, before)							\
static bool pvalidate_after_##name(void *page, bool validate)				\
{											\
	unsigned long status;								\
	bool unchanged;									\
											\
	asm volatile(before "\n\tjmp 1f\n1:\t.byte 0xf2, 0x0f, 0x01, 0xff"		\
		     : "=@ccc" (unchanged), "=a" (status)				\
		     : "a" (page), "c" (0), "d" (validate)				\
		     : "r8", "memory");							\
	return unchanged;								\
}

DEFINE_PVALIDATE(cmp, "cmp %%r8, %%r8")
DEFINE_PVALIDATE(sub, "xor %%r8d, %%r8d\n\tsub $1, %%r8")
DEFINE_PVALIDATE(add, "mov $-1, %%r8\n\tadd $1, %%r8")
DEFINE_PVALIDATE(inc, "xor %%r8d, %%r8d\n\tinc %%r8")
DEFINE_PVALIDATE(shl, "mov $-1, %%r8\n\tshl $1, %%r8")

static void __used stub(void) { asm volatile("stc\n\tnop\n\tclc\n\tnop" ::: "cc"); }

static int __init tsm_pvalidate_init(void)
{
	bool (*all[])(void *page, bool validate) = {
		pvalidate_after_cmp, pvalidate_after_sub, pvalidate_after_add,
		pvalidate_after_inc, pvalidate_after_shl,
	};
	char *answer = answers;
	void *page;

	if (!cc_platform_has(CC_ATTR_GUEST_SEV_SNP))
		return -ENODEV;
	page = (void *)__get_free_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		*answer++ = '0' + all[i](page, true);
		*answer++ = '0' + all[i](page, false);
		*answer++ = '0' + all[i](page, false);
		*answer++ = '0' + all[i](page, true);
		*answer++ = ' ';
	}
	free_page((unsigned long)page);
	return 0;
}

static void __exit tsm_pvalidate_exit(void)
{
}

module_init(tsm_pvalidate_init);
module_exit(tsm_pvalidate_exit);
MODULE_AUTHOR("The tsm-rs authors");
MODULE_DESCRIPTION("PVALIDATE, for a test of the emulator");
MODULE_LICENSE("GPL");
