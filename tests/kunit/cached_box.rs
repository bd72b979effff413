// SPDX-License-Identifier: GPL-2.0

//! A box that is cached.

use kernel::prelude::*;

#[kunit_tests(tsm_cached_box)]
mod tests {
    use kernel::{
        prelude::*,
        sync::Arc, //
    };
    use tsm_ext::cached_box::CachedBox;

    /// Says whether nothing has `value` but the caller.
    fn is_alone(value: Arc<()>) -> bool {
        Arc::into_unique_or_drop(value).is_some()
    }

    #[test]
    fn gives_out_once_what_was_put_in() -> Result {
        let cache = CachedBox::default();

        assert!(cache.take().is_none());
        cache.put(KBox::new(1, GFP_KERNEL)?);
        assert!(cache.take().is_some_and(|value| *value == 1));
        assert!(cache.take().is_none());
        Ok(())
    }

    #[test]
    fn makes_what_is_not_there() -> Result {
        let cache = CachedBox::default();
        let make = || Ok(KBox::new(2, GFP_KERNEL)?);

        assert!(*cache.take_or(make)? == 2);
        cache.put(KBox::new(1, GFP_KERNEL)?);
        assert!(*cache.take_or(make)? == 1);
        assert!(cache.take_or(|| Err(ENOMEM)).is_err());
        Ok(())
    }

    #[test]
    fn keeps_one_and_drops_the_other() -> Result {
        let (first, cache) = (Arc::new((), GFP_KERNEL)?, CachedBox::default());

        cache.put(KBox::new(Some(first.clone()), GFP_KERNEL)?);
        cache.put(KBox::new(None, GFP_KERNEL)?);
        assert!(is_alone(first));
        assert!(cache.take().is_some_and(|value| value.is_none()));
        Ok(())
    }

    #[test]
    fn drops_what_is_left_in_it() -> Result {
        let (value, cache) = (Arc::new((), GFP_KERNEL)?, CachedBox::default());

        cache.put(KBox::new(value.clone(), GFP_KERNEL)?);
        drop(cache);
        assert!(is_alone(value));
        Ok(())
    }
}
