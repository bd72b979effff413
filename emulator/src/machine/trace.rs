// SPDX-License-Identifier: GPL-2.0

//! A line of text for each call of the guest.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    sync::Mutex, //
};

use super::lock::lock;

/// Where the lines go.
#[derive(Debug)]
pub(crate) struct Trace(Option<Mutex<File>>);

impl Trace {
    /// Makes a trace that writes to a new file, or nowhere.
    pub(crate) fn new(path: Option<&Path>) -> Result<Self, String> {
        let open = |path: &Path| {
            File::create(path).map_err(|error| format!("trace={}: {error}", path.display()))
        };
        Ok(Self(path.map(open).transpose()?.map(Mutex::new)))
    }

    /// Writes down a call.
    pub(crate) fn line(&self, make: impl FnOnce() -> String) {
        if let Some(file) = &self.0 {
            write(file, &(make() + "\n"));
        }
    }
}

/// Writes some text.
fn write(file: &Mutex<File>, text: &str) {
    let mut file = lock(file);
    // A full disk is no reason to stop the guest.
    let _ = file.write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_file_that_it_can_not_make() {
        let path = Path::new("/nonexistent/trace");
        assert!(Trace::new(Some(path)).unwrap_err().contains("/nonexistent"));
    }
}
