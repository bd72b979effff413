// SPDX-License-Identifier: GPL-2.0

#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>

#include "helpers.h"

u64 tsm_helper_virt_to_phys(const volatile void *address)
{
	return virt_to_phys((volatile void *)address);
}

void *tsm_helper_alloc_pages_exact(size_t size, gfp_t flags)
{
	return alloc_pages_exact(size, flags);
}

void *tsm_helper_alloc_contig_pages(unsigned long count, gfp_t flags)
{
#ifdef CONFIG_CONTIG_ALLOC
	struct page *page = alloc_contig_pages(count, flags, numa_mem_id(), NULL);

	return page ? page_address(page) : NULL;
#else
	return NULL;
#endif
}

void tsm_helper_free_contig_pages(void *address, unsigned long count)
{
#ifdef CONFIG_CONTIG_ALLOC
	free_contig_range(page_to_pfn(virt_to_page(address)), count);
#endif
}
