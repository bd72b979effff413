// SPDX-License-Identifier: GPL-2.0

//! The key exchange of Diffie and Hellman on elliptic curves.
//!
//! C header: [`include/crypto/internal/ecc.h`](srctree/include/crypto/internal/ecc.h)
//!
//! The kernel has private keys as 64-bit digits, the least significant one first; public keys and shared
//! secrets are strings of bytes in big-endian order, at an address of such digits.

use kernel::{
    error::to_result,
    ffi,
    prelude::*, //
};

use crate::secret;

/// A curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256, secp256r1.
    P256,
    /// NIST P-384, secp384r1.
    P384,
}

impl Curve {
    /// Digits of a coordinate of the largest curve.
    const MAX_DIGITS: usize = 6;

    /// Returns the number of digits of a coordinate, a private key or a shared secret.
    const fn digits(self) -> usize {
        match self {
            Self::P256 => 4,
            Self::P384 => Self::MAX_DIGITS,
        }
    }

    /// Returns the number of bytes of a coordinate, a private key or a shared secret.
    pub const fn size(self) -> usize {
        self.digits() * size_of::<u64>()
    }

    /// Returns what the kernel calls the curve, and the number of its digits.
    const fn as_raw(self) -> (ffi::c_uint, ffi::c_uint) {
        let id = match self {
            Self::P256 => tsm_bindings::TSM_HELPER_P256,
            Self::P384 => tsm_bindings::TSM_HELPER_P384,
        };

        // CAST: At most 6.
        (id, self.digits() as ffi::c_uint)
    }
}

/// As many digits as any secret of a curve has, cleared when dropped.
struct Digits([u64; Curve::MAX_DIGITS]);

impl Digits {
    const ZERO: Self = Self([0; Curve::MAX_DIGITS]);
}

impl Drop for Digits {
    fn drop(&mut self) {
        secret::clear(self.0.as_mut_bytes());
    }
}

/// A private key, cleared when dropped.
///
/// # Invariants
///
/// The first digits, as many as `curve` has, are a private key of that curve.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::crypto::{
///     Curve,
///     PrivateKey,
///     PublicKey, //
/// };
///
/// let own = PrivateKey::generate(Curve::P256)?;
/// let peer = PrivateKey::generate(Curve::P256)?.public()?;
///
/// // X and Y, which the other side gets. What came from there is parsed.
/// let bytes = peer.as_bytes();
/// let peer = PublicKey::parse(Curve::P256, bytes)?;
///
/// let mut secret = [0; Curve::P256.size()];
/// // `EINVAL` if the peer sent no point of the curve.
/// own.agree(&peer, &mut secret)?;
/// # Ok::<(), Error>(())
/// ```
pub struct PrivateKey {
    curve: Curve,
    /// They do not move with the key, so that no copies of them are left behind.
    digits: KBox<Digits>,
}

impl PrivateKey {
    /// Makes a random key.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`], or an error of the kernel's random number generator. [`EINVAL`] when the number is none of
    /// a key: of 2^32 numbers, one is not on P-256, and fewer are not on P-384.
    pub fn generate(curve: Curve) -> Result<Self> {
        let (id, count) = curve.as_raw();
        let mut digits = KBox::new(Digits::ZERO, GFP_KERNEL)?;

        // SAFETY: The curve has `count` digits, and there is room for them.
        to_result(unsafe { tsm_bindings::ecc_gen_privkey(id, count, digits.0.as_mut_ptr()) })?;
        // INVARIANT: The kernel has just made a private key of this curve.
        Ok(Self { curve, digits })
    }

    /// Takes the key in `bytes`, a number in big-endian order.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`], and [`EINVAL`] when `bytes` is no key of the curve.
    pub fn parse(curve: Curve, bytes: &[u8]) -> Result<Self> {
        let (id, count) = curve.as_raw();
        let mut digits = KBox::new(Digits::ZERO, GFP_KERNEL)?;
        if bytes.len() != curve.size() {
            return Err(EINVAL);
        }
        // CAST: At most 48.
        let len = bytes.len() as ffi::c_uint;

        // SAFETY: `bytes` has as many bytes as `count` digits have, and there is room for those.
        unsafe {
            tsm_bindings::ecc_digits_from_bytes(bytes.as_ptr(), len, digits.0.as_mut_ptr(), count)
        };
        // SAFETY: The curve has `count` digits, which are `len` bytes, and there are as many.
        to_result(unsafe { tsm_bindings::ecc_is_key_valid(id, count, digits.0.as_ptr(), len) })?;
        // INVARIANT: The kernel has just found the digits to be a private key of this curve.
        Ok(Self { curve, digits })
    }

    /// Returns the curve.
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// Computes the public key, which takes as long as an agreement.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`].
    pub fn public(&self) -> Result<PublicKey> {
        let (id, count) = self.curve.as_raw();
        let mut public = PublicKey {
            curve: self.curve,
            point: [0; 2 * Curve::MAX_DIGITS],
        };

        // SAFETY: By the type invariant, the digits are a private key of the curve, which has `count` of
        // them. There is room for twice as many.
        to_result(unsafe {
            tsm_bindings::ecc_make_pub_key(
                id,
                count,
                self.digits.0.as_ptr(),
                public.point.as_mut_ptr(),
            )
        })?;
        Ok(public)
    }

    /// Writes the secret that this key and that of the peer share: X of a point, in big-endian order.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] when `peer` is not on the curve, when the point is the one at infinity, or when `secret`
    /// has another size; [`ENOMEM`].
    pub fn agree(&self, peer: &PublicKey, secret: &mut [u8]) -> Result {
        let (id, count) = self.curve.as_raw();
        if peer.curve != self.curve || secret.len() != self.curve.size() {
            return Err(EINVAL);
        }
        let mut shared = Digits::ZERO;

        // SAFETY: By the type invariant, the digits are a private key of the curve, which has `count` of
        // them. The point of the peer has twice as many, and there is room for a secret.
        let result = to_result(unsafe {
            tsm_bindings::crypto_ecdh_shared_secret(
                id,
                count,
                self.digits.0.as_ptr(),
                peer.point.as_ptr(),
                shared.0.as_mut_ptr(),
            )
        });
        // The kernel's error for the point at infinity.
        result.map_err(|err| if err == EFAULT { EINVAL } else { err })?;

        for (to, from) in secret.iter_mut().zip(shared.0.as_bytes()) {
            *to = *from;
        }
        Ok(())
    }
}

/// A public key: two coordinates that are a point on the curve only if [`PrivateKey::agree`] accepts them.
///
/// # Examples
///
/// See [`PrivateKey`].
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    curve: Curve,
    /// The bytes of both coordinates in big-endian order, and zeros after them.
    point: [u64; 2 * Curve::MAX_DIGITS],
}

impl PublicKey {
    /// Copies X and Y, each in big-endian order.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] when `bytes` has not the size of two coordinates.
    pub fn parse(curve: Curve, bytes: &[u8]) -> Result<Self> {
        let mut point = [0; 2 * Curve::MAX_DIGITS];

        if bytes.len() != 2 * curve.size() {
            return Err(EINVAL);
        }
        for (to, from) in point.as_mut_bytes().iter_mut().zip(bytes) {
            *to = *from;
        }
        Ok(Self { curve, point })
    }

    /// Returns X and Y, each in big-endian order.
    pub fn as_bytes(&self) -> &[u8] {
        let bytes = self.point.as_bytes();

        bytes.get(..2 * self.curve.size()).unwrap_or_default()
    }
}
