// SPDX-License-Identifier: GPL-2.0
/*
 * Does what a driver must not: it reads a page that was converted, and that it
 * has not written since. On hardware it reads other bytes then. The parameters
 * count the words that still have what was written: before a conversion, after
 * the page became shared, and after it became private again.
 */
#include <linux/cc_platform.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/set_memory.h>

static unsigned int kept[3];

module_param_named(written, kept[0], uint, 0444);
MODULE_PARM_DESC(written, "how many words are kept by a page that is not converted");
module_param_named(shared, kept[1], uint, 0444);
MODULE_PARM_DESC(shared, "how many are kept by one that is shared");
module_param_named(private, kept[2], uint, 0444);
MODULE_PARM_DESC(private, "how many are kept by one that is private again");

static u64 word(size_t at)
{
	return 0x0123456789abcdefULL * (at + 1);
}

static void fill(u64 *page)
{
	for (size_t at = 0; at < PAGE_SIZE / sizeof(*page); at++)
		WRITE_ONCE(page[at], word(at));
}

static unsigned int count(const u64 *page)
{
	unsigned int same = 0;

	for (size_t at = 0; at < PAGE_SIZE / sizeof(*page); at++)
		same += READ_ONCE(page[at]) == word(at);
	return same;
}

static int __init tsm_converted_init(void)
{
	unsigned long page;
	int ret;

	if (!cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return -ENODEV;
	page = __get_free_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;

	fill((u64 *)page);
	kept[0] = count((u64 *)page);
	ret = set_memory_decrypted(page, 1);
	/* If this fails, it may be shared or not: it stays allocated. */
	if (ret)
		return ret;
	kept[1] = count((u64 *)page);

	fill((u64 *)page);
	ret = set_memory_encrypted(page, 1);
	if (ret)
		return ret;
	kept[2] = count((u64 *)page);
	free_page(page);
	return 0;
}

static void __exit tsm_converted_exit(void)
{
}

module_init(tsm_converted_init);
module_exit(tsm_converted_exit);
MODULE_DESCRIPTION("Reads converted pages without writing them first");
MODULE_LICENSE("GPL");
