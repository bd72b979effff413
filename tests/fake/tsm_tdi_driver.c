// SPDX-License-Identifier: GPL-2.0
/*
 * A driver for the emulated device. A read of a file of the device has it do
 * one thing, and says how that went: `mmio` writes and reads the memory of the
 * interface, `dma` has the device write to memory of the driver, which it tells
 * by an interrupt, `mappings` says how the registers and that memory are mapped.
 */
#include <linux/bits.h>
#include <linux/cc_platform.h>
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pgtable.h>
#include <linux/string.h>

/* Registers in BAR 0, see emulator/src/device/pci/dma.rs. */
#define DMA_ADDRESS	0x20
#define DMA_COUNT	0x28
#define DMA_DOORBELL	0x2c
#define DMA_REFUSED	0x34
#define DMA_PRIVATE	0x38
#define DMA_BUFFER	0x1000

#define REGISTERS	0
#define MEMORY		4
#define DMA_VECTOR	1

#define PATTERN		0x5a17c0de
#define SIZE		4096

struct tdi {
	void __iomem *registers;
	void __iomem *memory;
	u8 *buffer;
	dma_addr_t address;
	struct completion done;
};

static irqreturn_t transferred(int irq, void *data)
{
	struct tdi *tdi = data;

	complete(&tdi->done);
	return IRQ_HANDLED;
}

static ssize_t mmio_show(struct device *dev, struct device_attribute *attr, char *text)
{
	struct tdi *tdi = dev_get_drvdata(dev);

	writel(PATTERN, tdi->memory + SIZE);
	return sysfs_emit(text, "%#x\n", readl(tdi->memory + SIZE));
}
static DEVICE_ATTR_ADMIN_RO(mmio);

static ssize_t dma_show(struct device *dev, struct device_attribute *attr, char *text)
{
	struct tdi *tdi = dev_get_drvdata(dev);
	u32 refused = readl(tdi->registers + DMA_REFUSED);
	u32 private = readl(tdi->registers + DMA_PRIVATE);

	memset(tdi->buffer, 0, SIZE);
	reinit_completion(&tdi->done);
	memset_io(tdi->registers + DMA_BUFFER, 0x77, SIZE);
	writel(lower_32_bits(tdi->address), tdi->registers + DMA_ADDRESS);
	writel(upper_32_bits(tdi->address), tdi->registers + DMA_ADDRESS + 4);
	writel(SIZE, tdi->registers + DMA_COUNT);
	writel(1, tdi->registers + DMA_DOORBELL);
	if (!wait_for_completion_timeout(&tdi->done, 10 * HZ))
		return sysfs_emit(text, "no interrupt\n");
	if (readl(tdi->registers + DMA_PRIVATE) != private)
		return sysfs_emit(text, "private\n");
	if (readl(tdi->registers + DMA_REFUSED) != refused)
		return sysfs_emit(text, "refused\n");
	return sysfs_emit(text, "%s\n", memchr_inv(tdi->buffer, 0x77, SIZE) ? "other bytes" : "done");
}
static DEVICE_ATTR_ADMIN_RO(dma);

/*
 * TDX marks in an entry what is shared, SEV-SNP what is private, by a bit above
 * the address. In the emulator it is bit 52.
 */
static const char *mapping(void __iomem *address, resource_size_t at)
{
	unsigned int level;
	pte_t *pte = lookup_address((unsigned long)address, &level);
	bool is_marked;

	if (!pte || !pte_present(*pte))
		return "none";
	is_marked = (pte_val(*pte) & GENMASK_ULL(52, PAGE_SHIFT)) != at;
	return is_marked == cc_platform_has(CC_ATTR_GUEST_SEV_SNP) ? "private" : "shared";
}

static ssize_t mappings_show(struct device *dev, struct device_attribute *attr, char *text)
{
	struct pci_dev *pdev = to_pci_dev(dev);
	struct tdi *tdi = dev_get_drvdata(dev);

	return sysfs_emit(text, "%s %s\n", mapping(tdi->registers, pci_resource_start(pdev, REGISTERS)),
			  mapping(tdi->memory, pci_resource_start(pdev, MEMORY)));
}
static DEVICE_ATTR_ADMIN_RO(mappings);

static struct attribute *tdi_attrs[] = {
	&dev_attr_mmio.attr,
	&dev_attr_mappings.attr,
	&dev_attr_dma.attr,
	NULL,
};
ATTRIBUTE_GROUPS(tdi);

static int tdi_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct tdi *tdi;
	int ret;

	tdi = devm_kzalloc(&pdev->dev, sizeof(*tdi), GFP_KERNEL);
	if (!tdi)
		return -ENOMEM;
	init_completion(&tdi->done);
	pci_set_drvdata(pdev, tdi);

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	tdi->registers = pcim_iomap_region(pdev, REGISTERS, KBUILD_MODNAME);
	if (IS_ERR(tdi->registers))
		return PTR_ERR(tdi->registers);
	tdi->memory = pcim_iomap_region(pdev, MEMORY, KBUILD_MODNAME);
	if (IS_ERR(tdi->memory))
		return PTR_ERR(tdi->memory);

	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	tdi->buffer = dmam_alloc_coherent(&pdev->dev, SIZE, &tdi->address, GFP_KERNEL);
	if (!tdi->buffer)
		return -ENOMEM;
	pci_set_master(pdev);

	/* Freed with the device, which is a managed one. */
	ret = pci_alloc_irq_vectors(pdev, DMA_VECTOR + 1, DMA_VECTOR + 1, PCI_IRQ_MSIX);
	if (ret < 0)
		return ret;
	return devm_request_irq(&pdev->dev, pci_irq_vector(pdev, DMA_VECTOR), transferred, 0, KBUILD_MODNAME, tdi);
}

static const struct pci_device_id tdi_ids[] = {
	{ PCI_DEVICE(0x1b36, 0x0d15) },
	{ }
};

static struct pci_driver tdi_driver = {
	.name = KBUILD_MODNAME,
	.id_table = tdi_ids,
	.probe = tdi_probe,
	.dev_groups = tdi_groups,
};
module_pci_driver(tdi_driver);

MODULE_AUTHOR("The tsm-rs authors");
MODULE_DESCRIPTION("Driver of the emulated device, for tests");
MODULE_LICENSE("GPL");
