/* SPDX-License-Identifier: GPL-2.0 */
/* What helpers.h is, for cryptography: only the modules that use that link it. */
#ifndef _TSM_CRYPTO_HELPERS_H
#define _TSM_CRYPTO_HELPERS_H

#include <crypto/ecdh.h>
#include <crypto/internal/ecc.h>
#include <crypto/public_key.h>
#include <crypto/sha2.h>
#include <keys/asymmetric-type.h>
#include <linux/key.h>
#include <linux/random.h>
#include <linux/types.h>

/* Linux 7.2 has the same under other names, and with other types. */
#if __has_include(<crypto/aes-gcm.h>)
#include <crypto/aes-gcm.h>
struct tsm_helper_aes_gcm_key {
	struct aes_gcm_key key;
};
#else
#include <crypto/gcm.h>
struct tsm_helper_aes_gcm_key {
	struct aesgcm_ctx key;
};
#endif

static const u32 TSM_HELPER_P256 = ECC_CURVE_NIST_P256;
static const u32 TSM_HELPER_P384 = ECC_CURVE_NIST_P384;

void tsm_helper_sha256_update(struct sha256_ctx *ctx, const u8 *data, size_t len);
void tsm_helper_sha384_update(struct sha384_ctx *ctx, const u8 *data, size_t len);

int tsm_helper_aes_gcm_preparekey(struct tsm_helper_aes_gcm_key *key,
				  const u8 *raw_key, unsigned int raw_key_len,
				  unsigned int tag_len);
void tsm_helper_aes_gcm_encrypt(const struct tsm_helper_aes_gcm_key *key,
				const u8 *nonce, const u8 *ad, int ad_len,
				u8 *text, int text_len, u8 *tag);
int tsm_helper_aes_gcm_decrypt(const struct tsm_helper_aes_gcm_key *key,
			       const u8 *nonce, const u8 *ad, int ad_len,
			       u8 *text, int text_len, const u8 *tag);

struct key *tsm_helper_key_alloc(struct key_type *type, const char *description);
const char *tsm_helper_certificate_algorithm(const struct key *key);

#endif /* _TSM_CRYPTO_HELPERS_H */
