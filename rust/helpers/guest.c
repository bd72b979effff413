// SPDX-License-Identifier: GPL-2.0

#include <linux/cc_platform.h>
#include <linux/cpufeature.h>

#ifdef CONFIG_AMD_MEM_ENCRYPT
#include <asm/sev.h>
#endif

#include "helpers.h"

bool tsm_helper_is_tdx_guest(void)
{
	return cpu_feature_enabled(X86_FEATURE_TDX_GUEST);
}

bool tsm_helper_is_snp_guest(void)
{
	return cc_platform_has(CC_ATTR_GUEST_SEV_SNP);
}

#ifdef CONFIG_AMD_MEM_ENCRYPT
/* The header is a copy of the host's, which was found to be authentic. */
size_t tsm_helper_snp_answer_size(const struct snp_msg_desc *desc)
{
	return desc->secret_response.hdr.msg_sz;
}
#endif
