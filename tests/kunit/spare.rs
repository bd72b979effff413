// SPDX-License-Identifier: GPL-2.0

//! A place for one thing that is kept.

use kernel::prelude::*;

#[kunit_tests(tsm_spare)]
mod tests {
    use kernel::{
        prelude::*,
        sync::Arc, //
    };
    use tsm_ext::spare::Spare;

    /// Says whether nothing has `value` but the caller.
    fn is_alone(value: Arc<()>) -> bool {
        Arc::into_unique_or_drop(value).is_some()
    }

    #[test]
    fn gives_out_once_what_was_put_in() -> Result {
        let spare = Spare::default();

        assert!(spare.take().is_none());
        spare.put(KBox::new(1, GFP_KERNEL)?);
        assert!(spare.take().is_some_and(|value| *value == 1));
        assert!(spare.take().is_none());
        Ok(())
    }

    #[test]
    fn makes_what_is_not_there() -> Result {
        let spare = Spare::default();
        let make = || Ok(KBox::new(2, GFP_KERNEL)?);

        assert!(*spare.take_or(make)? == 2);
        spare.put(KBox::new(1, GFP_KERNEL)?);
        assert!(*spare.take_or(make)? == 1);
        assert!(spare.take_or(|| Err(ENOMEM)).is_err());
        Ok(())
    }

    #[test]
    fn keeps_one_and_drops_the_other() -> Result {
        let (first, spare) = (Arc::new((), GFP_KERNEL)?, Spare::default());

        spare.put(KBox::new(Some(first.clone()), GFP_KERNEL)?);
        spare.put(KBox::new(None, GFP_KERNEL)?);
        assert!(is_alone(first));
        assert!(spare.take().is_some_and(|value| value.is_none()));
        Ok(())
    }

    #[test]
    fn drops_what_is_left_in_it() -> Result {
        let (value, spare) = (Arc::new((), GFP_KERNEL)?, Spare::default());

        spare.put(KBox::new(value.clone(), GFP_KERNEL)?);
        drop(spare);
        assert!(is_alone(value));
        Ok(())
    }
}
