// SPDX-License-Identifier: GPL-2.0
/*
 * Marks a PCI function as one whose DMA is mapped by an IOMMU, as long as this is
 * loaded. There is none, so that nothing may be mapped for the function meanwhile.
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/pci.h>

static char *function;
module_param(function, charp, 0444);
MODULE_PARM_DESC(function, "the function, as sysfs names it");

static struct device *marked;

static int __init tsm_translated_init(void)
{
	if (!function)
		return -EINVAL;
	marked = bus_find_device_by_name(&pci_bus_type, NULL, function);
	if (!marked)
		return -ENODEV;
	dev_set_dma_iommu(marked);
	return 0;
}

static void __exit tsm_translated_exit(void)
{
	dev_clear_dma_iommu(marked);
	put_device(marked);
}

module_init(tsm_translated_init);
module_exit(tsm_translated_exit);
MODULE_DESCRIPTION("Marks a PCI function as one whose DMA is mapped by an IOMMU");
MODULE_LICENSE("GPL");
