// SPDX-License-Identifier: GPL-2.0

//! The values of measurement registers, as a provider sets them. Only KUnit runs this: what a
//! register is, the kernel says.

use kernel::prelude::*;

#[kunit_tests(tsm_values)]
mod tests {
    use kernel::error::code::EINVAL;
    use tsm_ext::hash::HashAlgo;
    use tsm_provider::{
        Flags,
        RegisterSpec,
        Values, //
    };

    const REGISTERS: &[RegisterSpec] = &[register(c"long", 4), register(c"short", 2)];

    const fn register(name: &'static kernel::str::CStr, size: u32) -> RegisterSpec {
        RegisterSpec {
            name,
            hash: HashAlgo::SHA384,
            size,
            flags: Flags::READABLE,
        }
    }

    /// Has the registers set to these values, in memory of `size` bytes.
    fn set(size: usize, values: &[&[u8]]) -> (kernel::error::Result, [u8; 8]) {
        let mut bytes = [9; 8];
        let result = bytes
            .get_mut(..size)
            .ok_or(EINVAL)
            .and_then(|bytes| Values::new(REGISTERS, bytes).set_all(values.iter().copied()));

        (result, bytes)
    }

    #[test]
    fn sets_one_register_after_the_other() {
        let (result, bytes) = set(6, &[&[1; 4], &[2; 2]]);
        assert_eq!(result, Ok(()));
        assert_eq!(bytes, [1, 1, 1, 1, 2, 2, 9, 9]);
    }

    #[test]
    fn sets_all_registers_from_as_many_bytes_only() {
        let mut bytes = [9; 6];
        let mut values = Values::new(REGISTERS, &mut bytes);

        assert_eq!(values.set_bytes(&[1; 5]), Err(EINVAL));
        assert_eq!(values.set_bytes(&[1; 7]), Err(EINVAL));
        assert_eq!(values.set_bytes(&[1, 2, 3, 4, 5, 6]), Ok(()));
        assert_eq!(bytes, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn refuses_too_few_values() {
        assert_eq!(set(6, &[]).0, Err(EINVAL));
        assert_eq!(set(6, &[&[1; 4]]).0, Err(EINVAL));
    }

    #[test]
    fn refuses_a_value_of_another_size() {
        assert_eq!(set(6, &[&[1; 5], &[2; 2]]).0, Err(EINVAL));
        assert_eq!(set(6, &[&[1; 4], &[2; 1]]).0, Err(EINVAL));
        assert_eq!(set(6, &[&[1; 2], &[2; 4]]).0, Err(EINVAL));
    }

    #[test]
    fn refuses_memory_that_the_registers_do_not_fit_in() {
        let (result, bytes) = set(5, &[&[1; 4], &[2; 2]]);
        assert_eq!(result, Err(EINVAL));
        // Behind it nothing was written.
        assert_eq!(bytes.get(5..), Some([9; 3].as_slice()));
    }
}
