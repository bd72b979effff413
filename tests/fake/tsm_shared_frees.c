// SPDX-License-Identifier: GPL-2.0
/*
 * Warns of a page that is freed while it is shared with the VMM: what its next
 * owner keeps there, the VMM can read and change. No access to such a page
 * fails, on hardware either. A write to the parameter `leak` frees one.
 */
#include <linux/cc_platform.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pgtable.h>
#include <linux/set_memory.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <asm/coco.h>

static struct tracepoint *freed;

static bool is_shared(const struct page *page)
{
	unsigned int level;
	pte_t *found = lookup_address((unsigned long)page_address(page), &level);
	/* Entries of other pages change at any time, and a large one is split. */
	pte_t pte = found ? READ_ONCE(*found) : __pte(0);

	/* The bit has the same place in the entry of a large page. */
	return pte_present(pte) && cc_mkdec(pte_val(pte)) == pte_val(pte);
}

static void look(void *data, struct page *page, unsigned int order)
{
	for (unsigned long at = 0; at < 1UL << order; at++)
		WARN_ONCE(is_shared(page + at), "page %#lx is freed while it is shared with the VMM\n",
			  page_to_pfn(page + at));
}

static int leak(const char *text, const struct kernel_param *param)
{
	unsigned long page;
	int ret;

	if (!freed)
		return -ENXIO;
	page = __get_free_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	ret = set_memory_decrypted(page, 1);
	if (!ret)
		free_page(page);
	return ret;
}

static const struct kernel_param_ops leak_ops = { .set = leak };
module_param_cb(leak, &leak_ops, NULL, 0200);
MODULE_PARM_DESC(leak, "frees a page that is shared");

static void find(struct tracepoint *tracepoint, void *data)
{
	if (!strcmp(tracepoint->name, "mm_page_free"))
		freed = tracepoint;
}

static int __init tsm_shared_frees_init(void)
{
	/* In other guests all memory is shared. */
	if (!cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return 0;
	for_each_kernel_tracepoint(find, NULL);
	return freed ? tracepoint_probe_register(freed, look, NULL) : -ENOENT;
}

static void __exit tsm_shared_frees_exit(void)
{
	if (!freed)
		return;
	tracepoint_probe_unregister(freed, look, NULL);
	tracepoint_synchronize_unregister();
}

module_init(tsm_shared_frees_init);
module_exit(tsm_shared_frees_exit);
MODULE_DESCRIPTION("Warns of pages that are freed while they are shared");
MODULE_LICENSE("GPL");
