// SPDX-License-Identifier: GPL-2.0

#include <linux/string.h>

#include "helpers.h"

void tsm_helper_memzero_explicit(void *start, size_t size)
{
	memzero_explicit(start, size);
}
