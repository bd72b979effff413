// SPDX-License-Identifier: GPL-2.0
/*
 * A report provider for tests, which does what its parameters say.
 *
 * It needs nothing but linux/tsm.h, so it runs on tsm.ko and on the kernel's
 * own tsm_report.ko. Documentation/writing-a-provider.md explains it.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tsm.h>
#include <linux/uuid.h>

#include "tsm_fake.h"

static unsigned int delay_ms;
module_param(delay_ms, uint, 0644);
MODULE_PARM_DESC(delay_ms, "how long a call takes");

static bool killable = true;
module_param(killable, bool, 0644);
MODULE_PARM_DESC(killable, "a call that waits can be killed");

static unsigned int hold;
module_param(hold, uint, 0644);
MODULE_PARM_DESC(hold, "calls whose inblob begins with this byte, if not 0, wait for another value");

static unsigned int error;
module_param(error, uint, 0644);
MODULE_PARM_DESC(error, "errno that calls fail with, 0 for none");

static bool leave_blobs;
module_param(leave_blobs, bool, 0644);
MODULE_PARM_DESC(leave_blobs, "a call that fails leaves its blobs to the core");

static bool no_blob;
module_param(no_blob, bool, 0644);
MODULE_PARM_DESC(no_blob, "calls succeed and make no blob");

static unsigned int outblob_size = 1000;
module_param(outblob_size, uint, 0644);
MODULE_PARM_DESC(outblob_size, "size of the outblob");

static unsigned int auxblob_size;
module_param(auxblob_size, uint, 0644);
MODULE_PARM_DESC(auxblob_size, "size of the auxblob, 0 for none");

static unsigned int manifestblob_size;
module_param(manifestblob_size, uint, 0644);
MODULE_PARM_DESC(manifestblob_size, "size of the manifestblob, 0 for none");

static unsigned int hidden_text;
module_param(hidden_text, uint, 0644);
MODULE_PARM_DESC(hidden_text, "text files that new reports do not have, a bit for each enum tsm_attr_index");

static unsigned int hidden_binary;
module_param(hidden_binary, uint, 0644);
MODULE_PARM_DESC(hidden_binary, "binary files that new reports do not have, a bit for each enum tsm_bin_attr_index");

static unsigned int privlevel_floor;
module_param(privlevel_floor, uint, 0444);
MODULE_PARM_DESC(privlevel_floor, "lowest privilege level");

static char *wrong = "";
module_param(wrong, charp, 0444);
MODULE_PARM_DESC(wrong, "what of the registration is wrong, which then has to fail");

static atomic_t calls;
module_param_cb(calls, &counter_ops, &calls, 0444);
MODULE_PARM_DESC(calls, "how many calls there have been");

static atomic_t running;
module_param_cb(running, &counter_ops, &running, 0444);
MODULE_PARM_DESC(running, "how many calls there are now");

/* What a blob begins with: what it is, and what was asked for. */
struct fake_header {
	char magic[8];
	__le32 size;
	__le32 call;
	__le32 privlevel;
	__le32 manifest_version;
	__le32 inblob_len;
	u8 inblob[TSM_REPORT_INBLOB_MAX];
	u8 guid[16];
	char service_provider[60];
};

/* A header, and then a pattern that is another one for each inblob and call. */
static u8 *make_blob(const char *magic, size_t size, u32 call,
		     const struct tsm_report_desc *desc)
{
	struct fake_header header = {
		.size = cpu_to_le32(size),
		.call = cpu_to_le32(call),
		.privlevel = cpu_to_le32(desc->privlevel),
		.manifest_version = cpu_to_le32(desc->service_manifest_version),
		.inblob_len = cpu_to_le32(desc->inblob_len),
	};
	u8 *blob = kvmalloc(max_t(size_t, size, 1), GFP_KERNEL);
	size_t i;

	if (!blob)
		return NULL;
	strscpy_pad(header.magic, magic);
	memcpy(header.inblob, desc->inblob, desc->inblob_len);
	export_guid(header.guid, &desc->service_guid);
	strscpy_pad(header.service_provider, desc->service_provider ?: "");

	memcpy(blob, &header, min(size, sizeof(header)));
	for (i = sizeof(header); i < size; i++)
		blob[i] = desc->inblob[i % desc->inblob_len] + (i >> 8) + call;
	return blob;
}

static int wait_as_requested(const struct tsm_report_desc *desc)
{
	while (READ_ONCE(hold) && READ_ONCE(hold) == desc->inblob[0]) {
		if (fake_sleep(1, READ_ONCE(killable)))
			return -EINTR;
	}
	return fake_delay(READ_ONCE(delay_ms), READ_ONCE(killable));
}

static int make_blobs(struct tsm_report *report, u32 call)
{
	const struct {
		const char *magic;
		size_t size;
		u8 **blob;
		size_t *len;
		bool wanted;
	} blobs[] = {
		{ "fakeout", READ_ONCE(outblob_size), &report->outblob,
		  &report->outblob_len, !READ_ONCE(no_blob) },
		{ "fakeaux", READ_ONCE(auxblob_size), &report->auxblob,
		  &report->auxblob_len, READ_ONCE(auxblob_size) },
		{ "fakeman", READ_ONCE(manifestblob_size), &report->manifestblob,
		  &report->manifestblob_len, READ_ONCE(manifestblob_size) },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(blobs); i++) {
		if (!blobs[i].wanted)
			continue;
		/* What has been made until now is the core's, also after a failure. */
		*blobs[i].blob = make_blob(blobs[i].magic, blobs[i].size, call,
					   &report->desc);
		if (!*blobs[i].blob)
			return -ENOMEM;
		*blobs[i].len = blobs[i].size;
	}
	return 0;
}

static int fake_report_new(struct tsm_report *report, void *data)
{
	u32 call = atomic_inc_return(&calls);
	int fail = READ_ONCE(error);
	int ret = 0;

	atomic_inc(&running);
	/* Sizes are those of the begin of a call. */
	if (!fail || READ_ONCE(leave_blobs))
		ret = make_blobs(report, call);
	ret = wait_as_requested(&report->desc) ?: ret;
	atomic_dec(&running);
	return ret ?: -fail;
}

static bool fake_text_visible(int index)
{
	return !(READ_ONCE(hidden_text) & BIT(index));
}

static bool fake_binary_visible(int index)
{
	return !(READ_ONCE(hidden_binary) & BIT(index));
}

static struct tsm_report_ops fake_ops = {
	.name = "fake",
	.report_new = fake_report_new,
	.report_attr_visible = fake_text_visible,
	.report_bin_attr_visible = fake_binary_visible,
};

static int __init fake_init(void)
{
	static const struct tsm_report_ops stranger = { .name = "stranger" };
	int ret;

	fake_ops.privlevel_floor = privlevel_floor;
	if (!strcmp(wrong, "ops"))
		return tsm_report_register(NULL, NULL);
	if (!strcmp(wrong, "name"))
		fake_ops.name = NULL;
	else if (!strcmp(wrong, "callback"))
		fake_ops.report_new = NULL;
	ret = tsm_report_register(&fake_ops, NULL);
	if (ret || !*wrong)
		return ret;

	if (!strcmp(wrong, "twice"))
		ret = tsm_report_register(&fake_ops, NULL);
	else if (!strcmp(wrong, "stranger"))
		ret = tsm_report_unregister(&stranger);
	tsm_report_unregister(&fake_ops);
	return ret ?: -ENOMSG;
}
module_init(fake_init);

static void __exit fake_exit(void)
{
	tsm_report_unregister(&fake_ops);
}
module_exit(fake_exit);

MODULE_DESCRIPTION("Report provider for tests");
MODULE_LICENSE("GPL");
