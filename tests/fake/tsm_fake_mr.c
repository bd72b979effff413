// SPDX-License-Identifier: GPL-2.0
/*
 * Measurement registers for tests. The parameter `case` selects them. The module
 * loads if registration succeeds, and fails with its errno (ENOTUNIQ for
 * EEXIST).
 *
 * There is no cryptography: extending rotates each byte by one bit and XORs it
 * with the data, so that the order of extends matters.
 */
#include <linux/bitops.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <tsm/tsm.h>

#include "tsm_fake.h"

static char *which = "all";
module_param_named(case, which, charp, 0444);
MODULE_PARM_DESC(case, "what to register");

static unsigned int delay_ms;
module_param(delay_ms, uint, 0644);
MODULE_PARM_DESC(delay_ms, "how long a callback takes");

static unsigned int hold;
module_param(hold, uint, 0644);
MODULE_PARM_DESC(hold, "callbacks wait while it is not 0");

static unsigned int hold_done;
module_param(hold_done, uint, 0644);
MODULE_PARM_DESC(hold_done, "extends that are done wait before they return while it is not 0");

static unsigned int refresh_error;
module_param(refresh_error, uint, 0644);
MODULE_PARM_DESC(refresh_error, "errno that refreshes fail with, 0 for none");

static unsigned int extend_error;
module_param(extend_error, uint, 0644);
MODULE_PARM_DESC(extend_error, "errno that extends fail with, 0 for none");

static bool sets_value;
module_param(sets_value, bool, 0644);
MODULE_PARM_DESC(sets_value, "extends set the value of registers that are not live");

static atomic_t refreshes;
module_param_cb(refreshes, &counter_ops, &refreshes, 0444);
MODULE_PARM_DESC(refreshes, "how many refreshes there have been");

static atomic_t extends;
module_param_cb(extends, &counter_ops, &extends, 0444);
MODULE_PARM_DESC(extends, "how many extends there have been");

static atomic_t running;
module_param_cb(running, &counter_ops, &running, 0444);
MODULE_PARM_DESC(running, "how many callbacks run now, never more than 1");

#define MAX_REGISTERS 40

/* What was registered, and for each register its value in the "hardware". */
static struct tsm_measurement_register mrs[MAX_REGISTERS + 1];
static u8 *hardware[MAX_REGISTERS];
static unsigned int count;

static int begin(void)
{
	if (WARN_ON_ONCE(atomic_inc_return(&running) != 1))
		return -EBUSY;
	while (READ_ONCE(hold)) {
		if (fake_sleep(1, true))
			return -EINTR;
	}
	return fake_delay(READ_ONCE(delay_ms), true);
}

static int fake_refresh(struct tsm_measurement *tmr,
			const struct tsm_measurement_register *mr)
{
	int ret = begin() ?: -READ_ONCE(refresh_error);
	unsigned int i, byte;

	atomic_inc(&refreshes);
	for (i = 0; !ret && i < count; i++) {
		u8 *value = mrs[i].mr_value;

		if (mr && !(mrs[i].mr_flags & TSM_MR_F_L))
			continue;
		/* Slowly, so that a reader without a lock sees it half done. */
		for (byte = 0; byte < mrs[i].mr_size; byte++)
			WRITE_ONCE(value[byte], hardware[i][byte]);
	}
	atomic_dec(&running);
	return ret;
}

static int fake_extend(struct tsm_measurement *tmr,
		       const struct tsm_measurement_register *mr, const u8 *data)
{
	int ret = begin() ?: -READ_ONCE(extend_error);
	u8 *value = hardware[mr - mrs];
	unsigned int byte;

	for (byte = 0; !ret && byte < mr->mr_size; byte++)
		value[byte] = rol8(value[byte], 1) ^ data[byte];
	if (!ret && READ_ONCE(sets_value) && !(mr->mr_flags & TSM_MR_F_L))
		memcpy(mr->mr_value, value, mr->mr_size);
	atomic_inc(&extends);
	while (READ_ONCE(hold_done) && !fake_sleep(1, true))
		;
	atomic_dec(&running);
	return ret;
}

static struct tsm_measurement fake = {
	.name = "fake",
	.mrs = mrs,
	.refresh = fake_refresh,
	.extend = fake_extend,
};

/* Another provider of that name. */
static struct tsm_measurement_register no_mrs[1];
static struct tsm_measurement namesake = { .name = "fake", .mrs = no_mrs };

/* Adds a register, with all its bytes `size` at first. */
static int add(const char *name, u32 size, u32 flags, enum hash_algo hash)
{
	struct tsm_measurement_register *mr = &mrs[count];

	if (WARN_ON(count == MAX_REGISTERS))
		return -ENOSPC;
	mr->mr_value = kmalloc(max(size, 1u), GFP_KERNEL);
	hardware[count] = kmalloc(max(size, 1u), GFP_KERNEL);
	count++;
	if (!mr->mr_value || !hardware[count - 1])
		return -ENOMEM;
	memset(mr->mr_value, size, max(size, 1u));
	memset(hardware[count - 1], size, max(size, 1u));
	mr->mr_name = name;
	mr->mr_size = size;
	mr->mr_flags = flags;
	mr->mr_hash = hash;
	return 0;
}

#define FLAT(flags) (TSM_MR_F_F | (flags)), HASH_ALGO__LAST
#define R  TSM_MR_F_R
#define W  TSM_MR_F_W
#define RW (TSM_MR_F_R | TSM_MR_F_W)
#define RTMR (TSM_MR_F_RTMR | TSM_MR_F_W)

static int prepare_all(void)
{
	return add("flat", 32, FLAT(R))
	    ?: add("flat_rtmr", 32, FLAT(RTMR))
	    ?: add("read_only", 48, R, HASH_ALGO_SHA384)
	    ?: add("live", 48, TSM_MR_F_LIVE, HASH_ALGO_SHA384)
	    ?: add("rtmr", 48, RTMR, HASH_ALGO_SHA384)
	    ?: add("not_live", 32, RW | TSM_MR_F_X, HASH_ALGO_SHA256)
	    ?: add("replace", 20, RW, HASH_ALGO_SHA1)
	    ?: add("flat_replace", 7, FLAT(RW))
	    ?: add("write_only", 32, FLAT(W | TSM_MR_F_X | TSM_MR_F_L))
	    ?: add("write_only_replace", 32, FLAT(W))
	    ?: add("live_replace", 16, FLAT(RW | TSM_MR_F_L))
	    ?: add("hidden", 32, FLAT(0))
	    ?: add("one", 1, FLAT(RTMR))
	    ?: add("wide", 4095, FLAT(RTMR))
	    ?: add("wide_hashed", 4095, RTMR, HASH_ALGO_SHA512)
	    ?: add("page", 4096, FLAT(R))
	    ?: add("private", 32, FLAT(R | TSM_MR_F_P))
	    ?: add("private_rtmr", 32, RTMR | TSM_MR_F_P, HASH_ALGO_SHA256);
}

static int prepare_hashes(void)
{
	static char names[HASH_ALGO__LAST][8];
	int ret = 0;
	int i;

	for (i = 0; !ret && i < HASH_ALGO__LAST; i++) {
		snprintf(names[i], sizeof(names[i]), "h%d", i);
		ret = add(names[i], 16, R, i);
	}
	return ret;
}

static int prepare_banks(int banks)
{
	int ret = 0;
	int i;

	for (i = 0; !ret && i < banks; i++)
		ret = add("banks", 32, RTMR, i);
	return ret;
}

/* Makes what the case is about, without registering it. */
static int prepare(const char *name)
{
	int ret = 0;

#define CASE(label) (!strcmp(name, label))
	if (CASE("all"))
		return prepare_all();
	if (CASE("hashes"))
		return prepare_hashes();
	if (CASE("banks"))
		return prepare_banks(CONFIG_TSM_MR_MAXBANKS);
	if (CASE("too_many_banks"))
		return prepare_banks(CONFIG_TSM_MR_MAXBANKS + 1);
	if (CASE("no_registers"))
		return 0;

	/* All others have a good register first, of which nothing may remain. */
	ret = add("good", 48, RTMR, HASH_ALGO_SHA384);
	if (ret)
		return ret;
	if (CASE("good") || CASE("null") || CASE("twice") || CASE("namesake") ||
	    CASE("unregister_null") || CASE("unregister_unknown") ||
	    CASE("unregister_namesake") || CASE("shown") ||
	    CASE("show_null") || CASE("show_unknown") ||
	    CASE("show_namesake") || CASE("show_twice"))
		return 0;

	if (CASE("no_name"))
		fake.name = NULL;
	else if (CASE("empty_name"))
		fake.name = "";
	else if (CASE("slash"))
		fake.name = "fa/ke";
	else if (CASE("dot"))
		fake.name = ".";
	else if (CASE("dot_dot"))
		fake.name = "..";
	else if (CASE("no_list"))
		fake.mrs = NULL;
	else if (CASE("no_refresh"))
		fake.refresh = NULL;
	else if (CASE("no_extend"))
		fake.extend = NULL;
	else if (CASE("empty_register"))
		ret = add("", 32, FLAT(R));
	else if (CASE("slash_register"))
		ret = add("a/b", 32, FLAT(R));
	else if (CASE("dot_register"))
		ret = add(".", 32, FLAT(R));
	else if (CASE("dot_dot_register"))
		ret = add("..", 32, R, HASH_ALGO_SHA256);
	else if (CASE("size_0"))
		ret = add("bad", 0, FLAT(R));
	else if (CASE("size_4097"))
		ret = add("bad", 4097, FLAT(R));
	else if (CASE("writable_4096"))
		ret = add("bad", 4096, FLAT(RW));
	else if (CASE("unknown_flag"))
		ret = add("bad", 32, FLAT(R | 64));
	else if (CASE("unknown_hash"))
		ret = add("bad", 32, R, HASH_ALGO__LAST);
	else if (CASE("unknown_hash_far"))
		ret = add("bad", 32, R, UINT_MAX);
	else if (CASE("same_hash"))
		ret = add("good", 48, R, HASH_ALGO_SHA384);
	else if (CASE("flat_and_hashed"))
		ret = add("good", 48, FLAT(R));
	else if (CASE("two_flats"))
		ret = add("bad", 32, FLAT(R)) ?: add("bad", 32, FLAT(R));
	else if (CASE("no_value")) {
		ret = add("bad", 32, FLAT(R));
		kfree(mrs[1].mr_value);
		mrs[1].mr_value = NULL;
	} else {
		pr_err("there is no case %s\n", name);
		ret = -ENOMSG;
	}
#undef CASE
	return ret;
}

/* Registers. If the case tries more, that has to fail, and is the result. */
static int register_case(const char *name)
{
	struct kobject *kobj = &THIS_MODULE->mkobj.kobj;
	int ret, other;

	if (!strcmp(name, "null"))
		return tsm_register_measurement(NULL);
	if (!strcmp(name, "unregister_unknown"))
		return tsm_unregister_measurement(&fake);
	if (!strcmp(name, "show_unknown"))
		return tsm_show_measurement(&fake, kobj);

	ret = tsm_register_measurement(&fake);
	if (ret)
		return ret;

	if (!strcmp(name, "twice"))
		other = tsm_register_measurement(&fake);
	else if (!strcmp(name, "namesake"))
		other = tsm_register_measurement(&namesake);
	else if (!strcmp(name, "unregister_namesake"))
		other = tsm_unregister_measurement(&namesake);
	else if (!strcmp(name, "unregister_null"))
		other = tsm_unregister_measurement(NULL);
	else if (!strcmp(name, "show_null"))
		other = tsm_show_measurement(&fake, NULL);
	else if (!strcmp(name, "show_namesake"))
		other = tsm_show_measurement(&namesake, kobj);
	else if (!strcmp(name, "show_twice"))
		other = tsm_show_measurement(&fake, kobj) ?:
			tsm_show_measurement(&fake, kobj);
	else if (!strcmp(name, "shown"))
		return tsm_show_measurement(&fake, kobj);
	else
		return 0;

	/* The first one is unchanged. */
	WARN_ON(tsm_unregister_measurement(&fake));
	return other ?: -ENOMSG;
}

static void free_registers(void)
{
	while (count--) {
		kfree(mrs[count].mr_value);
		kfree(hardware[count]);
	}
}

static int __init fake_init(void)
{
	int ret = prepare(which) ?: register_case(which);

	if (ret)
		free_registers();
	/* The module loader turns EEXIST into EBUSY. */
	return ret == -EEXIST ? -ENOTUNIQ : ret;
}
module_init(fake_init);

static void __exit fake_exit(void)
{
	WARN_ON(tsm_unregister_measurement(&fake));
	free_registers();
}
module_exit(fake_exit);

MODULE_DESCRIPTION("Measurement registers for tests");
MODULE_LICENSE("GPL");
