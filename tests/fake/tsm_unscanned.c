// SPDX-License-Identifier: GPL-2.0
/*
 * Has kmemleak pass over KASAN's shadow of memory. The kernel registers it as
 * an object to scan, an eighth of all memory, in which there are no pointers.
 */
#include <linux/kasan.h>
#include <linux/kmemleak.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pgtable.h>

/* Size of the memory that a large page of the shadow stands for. */
#define SHADOWED (PMD_SIZE << KASAN_SHADOW_SCALE_SHIFT)

static int __init tsm_unscanned_init(void)
{
	unsigned int level;
	char *at;
	pte_t *pte;

	for (at = (char *)PAGE_OFFSET; virt_addr_valid(at); at += SHADOWED) {
		/* Each large page is an object; in what is smaller there are holes. */
		pte = lookup_address((unsigned long)kasan_mem_to_shadow(at), &level);
		if (pte && pte_present(*pte) && level == PG_LEVEL_2M)
			kmemleak_ignore_phys(PFN_PHYS(pte_pfn(*pte)));
	}
	return 0;
}

module_init(tsm_unscanned_init);
MODULE_DESCRIPTION("Has kmemleak pass over KASAN's shadow");
MODULE_LICENSE("GPL");
