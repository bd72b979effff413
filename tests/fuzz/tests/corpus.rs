// SPDX-License-Identifier: GPL-2.0

//! The corpus, each file once. The first word of its name says whether it has to be accepted.

use std::{
    collections::BTreeSet,
    fs,
    path::Path, //
};

/// Returns the names in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").file_name())
        .map(|name| name.into_string().expect("names are text"))
        .collect()
}

#[test]
fn each_file_is_decided_as_its_name_says() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");

    for (target, check) in tsm_fuzz::TARGETS {
        let folder = corpus.join(target);
        let mut accepted = 0;
        for name in names(&folder) {
            let expected = match name.split_once('-') {
                Some(("accepted", _)) => true,
                Some(("refused", _)) => false,
                _ => panic!("{target}/{name} says nothing"),
            };
            let data = fs::read(folder.join(&name)).expect("it is a file");
            assert_eq!(check(&data), expected, "{target}/{name}");
            accepted += usize::from(expected);
        }
        assert!(accepted > 0, "{target} has nothing that is accepted");
    }
}

#[test]
fn there_is_a_target_for_each_folder() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let folders = names(&corpus)
        .into_iter()
        .filter(|name| corpus.join(name).is_dir());
    let targets = tsm_fuzz::TARGETS
        .iter()
        .map(|(name, _)| String::from(*name));

    assert_eq!(folders.collect::<BTreeSet<_>>(), targets.collect());
}
