// SPDX-License-Identifier: GPL-2.0

#include <crypto/public_key.h>
#include <keys/asymmetric-subtype.h>
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "crypto.h"

/* The kernel asks for algorithms by their names, but for no parser. */
MODULE_SOFTDEP("pre: x509_key_parser ecdsa_generic rsa_generic");

void tsm_helper_sha256_update(struct sha256_ctx *ctx, const u8 *data, size_t len)
{
	sha256_update(ctx, data, len);
}

void tsm_helper_sha384_update(struct sha384_ctx *ctx, const u8 *data, size_t len)
{
	sha384_update(ctx, data, len);
}

#if __has_include(<crypto/aes-gcm.h>)

int tsm_helper_aes_gcm_preparekey(struct tsm_helper_aes_gcm_key *key,
				  const u8 *raw_key, unsigned int raw_key_len,
				  unsigned int tag_len)
{
	return aes_gcm_preparekey(&key->key, raw_key, raw_key_len, tag_len);
}

void tsm_helper_aes_gcm_encrypt(const struct tsm_helper_aes_gcm_key *key,
				const u8 *nonce, const u8 *ad, int ad_len,
				u8 *text, int text_len, u8 *tag)
{
	aes_gcm_encrypt(text, text, text_len, tag, ad, ad_len, nonce, &key->key);
}

int tsm_helper_aes_gcm_decrypt(const struct tsm_helper_aes_gcm_key *key,
			       const u8 *nonce, const u8 *ad, int ad_len,
			       u8 *text, int text_len, const u8 *tag)
{
	return aes_gcm_decrypt(text, text, text_len, tag, ad, ad_len, nonce,
			       &key->key);
}

#else

int tsm_helper_aes_gcm_preparekey(struct tsm_helper_aes_gcm_key *key,
				  const u8 *raw_key, unsigned int raw_key_len,
				  unsigned int tag_len)
{
	return aesgcm_expandkey(&key->key, raw_key, raw_key_len, tag_len);
}

void tsm_helper_aes_gcm_encrypt(const struct tsm_helper_aes_gcm_key *key,
				const u8 *nonce, const u8 *ad, int ad_len,
				u8 *text, int text_len, u8 *tag)
{
	aesgcm_encrypt(&key->key, text, text, text_len, ad, ad_len, nonce, tag);
}

/* Linux 7.3 clears what it decrypted when the tag is wrong, 7.2 decrypts nothing then. */
int tsm_helper_aes_gcm_decrypt(const struct tsm_helper_aes_gcm_key *key,
			       const u8 *nonce, const u8 *ad, int ad_len,
			       u8 *text, int text_len, const u8 *tag)
{
	if (aesgcm_decrypt(&key->key, text, text, text_len, ad, ad_len, nonce, tag))
		return 0;
	memset(text, 0, text_len);
	return -EBADMSG;
}

#endif

/* No task may do anything with the key, even if it guesses its serial number. */
struct key *tsm_helper_key_alloc(struct key_type *type, const char *description)
{
	return key_alloc(type, description, GLOBAL_ROOT_UID, GLOBAL_ROOT_GID,
			 current_cred(), 0, KEY_ALLOC_NOT_IN_QUOTA, NULL);
}

/* Null if @key, which is an asymmetric one, is not the public key of a certificate. */
const char *tsm_helper_certificate_algorithm(const struct key *key)
{
	const struct public_key *public_key = key->payload.data[asym_crypto];

	if (asymmetric_key_subtype(key) != &public_key_subtype || !public_key ||
	    public_key->key_is_private || !public_key->id_type ||
	    strcmp(public_key->id_type, "X509"))
		return NULL;
	return public_key->pkey_algo;
}
