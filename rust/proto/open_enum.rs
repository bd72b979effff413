// SPDX-License-Identifier: GPL-2.0

//! Numbers of which some have names.

/// Declares a newtype of an integer with named constants.
///
/// The set of values is open: a peer may send any other number, which is kept as it is.
macro_rules! open_enum {
    ($(#[$doc:meta])* pub struct $name:ident($int:ty) {
        $($(#[$value_doc:meta])* $value_name:ident = $value:expr,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name($int);

        impl $name {
            $($(#[$value_doc])* pub const $value_name: Self = Self($value);)*

            /// Takes the number.
            pub const fn new(raw: $int) -> Self { Self(raw) }

            /// Returns the number.
            pub const fn raw(self) -> $int { self.0 }
        }
    };
}

pub(crate) use open_enum;
