//! Listing folders.

use super::*;

#[test]
fn class_folders_give_classes_sorted_by_bytes_and_their_images() {
    let (a, b) = (png(1), png(2));
    let data = folder_of(&[("rust/2.png", &a), ("Scab/1.png", &b), ("rust/deep/er/1.png", &b), ("rust/1.PNG", &b)]);
    let (listing, found) = read_listing(data.path(), None).unwrap();
    assert_eq!(listing.classes, ["Scab", "rust"]);
    assert_eq!(names(&listing.train), ["Scab/1.png", "rust/1.PNG", "rust/2.png", "rust/deep/er/1.png"]);
    assert!(listing.validation.is_none());
    assert_eq!(ids(&found), Vec::<&str>::new());
}

#[test]
fn train_and_validation_folders_are_roles_under_any_of_their_names() {
    let image = png(1);
    for (train, validation) in [("train", "val"), ("Training", "validation"), ("train", "valid"), ("train", "test")] {
        let file = |role: &str, class: &str| format!("set/{role}/{class}/1.png");
        let files = [file(train, "a"), file(train, "b"), file(validation, "a"), file(validation, "b")];
        let data = folder_of(&files.each_ref().map(|name| (name.as_str(), image.as_slice())));
        let (listing, found) = read_listing(data.path(), None).unwrap();
        assert_eq!(names(&listing.train), ["a/1.png", "b/1.png"], "{train}");
        assert_eq!(names(&listing.validation.unwrap()), ["a/1.png", "b/1.png"], "{validation}");
        assert!(found.is_empty());
    }
}

#[test]
fn val_is_preferred_to_test_which_is_noted_as_left_out() {
    let image = png(1);
    let files = ["train/a/1.png", "train/b/1.png", "val/a/2.png", "test/a/3.png"];
    let data = folder_of(&files.map(|name| (name, image.as_slice())));
    let (listing, found) = read_listing(data.path(), None).unwrap();
    assert_eq!(names(&listing.validation.unwrap()), ["a/2.png"]);
    assert_eq!(ids(&found), ["D615"]);
    assert!(found[0].notes[0].contains("test"));
}

#[test]
fn a_named_folder_validates_and_a_missing_one_is_an_error() {
    let image = png(1);
    let files = ["a/1.png", "b/1.png", "holdout/a/2.png"];
    let data = folder_of(&files.map(|name| (name, image.as_slice())));
    let (listing, _) = read_listing(data.path(), Some("holdout")).unwrap();
    assert_eq!((listing.classes.len(), names(&listing.validation.unwrap())), (2, vec!["a/2.png".to_owned()]));
    assert_eq!(read_listing(data.path(), Some("held")).unwrap_err().code.id, "D620");
}

#[test]
fn a_class_called_train_is_a_class() {
    let image = png(1);
    let data = folder_of(&["train/1.png", "bus/1.png"].map(|name| (name, image.as_slice())));
    assert_eq!(read_listing(data.path(), None).unwrap().0.classes, ["bus", "train"]);
}

#[test]
fn system_files_are_skipped_with_one_note_that_counts_them() {
    let image = png(1);
    let files = [
        "a/1.png",
        "b/1.png",
        "a/.DS_Store",
        "b/Thumbs.db",
        ".ipynb_checkpoints/1.png",
        "__MACOSX/a/1.png",
        "a/notes.txt",
        "stray.png",
        "a/plain",
    ];
    let data = folder_of(&files.map(|name| (name, image.as_slice())));
    let (listing, found) = read_listing(data.path(), None).unwrap();
    assert_eq!(listing.classes, ["a", "b"]);
    assert_eq!(names(&listing.train), ["a/1.png", "a/plain", "b/1.png"]);
    assert_eq!(ids(&found), ["D615"]);
    assert!(found[0].message.starts_with("6 entries were left out: "), "{}", found[0].message);
    assert!(found[0].message.ends_with(", …"), "{}", found[0].message);
}

#[test]
fn an_empty_class_keeps_its_number_and_is_named() {
    let image = png(1);
    let data = folder_of(&["a/1.png", "c/1.png"].map(|name| (name, image.as_slice())));
    std::fs::create_dir(data.path().join("b")).unwrap();
    let (listing, found) = read_listing(data.path(), None).unwrap();
    assert_eq!(listing.train.iter().map(|sample| sample.class).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(ids(&found), ["D603"]);
}

#[test]
fn a_class_only_in_validation_is_an_error_that_suggests_the_name() {
    let image = png(1);
    let files = ["train/healthy/1.png", "train/rust/1.png", "val/helthy/1.png"];
    let data = folder_of(&files.map(|name| (name, image.as_slice())));
    let (_, found) = read_listing(data.path(), None).unwrap();
    assert_eq!(ids(&found), ["D608"]);
    assert_eq!(found[0].help.as_deref(), Some("rename the folder to `healthy`"));
}

#[test]
fn what_is_no_data_is_refused_with_its_own_code() {
    let image = png(1);
    let data = folder_of(&[("only/1.png", &image), ("notes.txt", b"hello")]);
    let refused = |path: &Path| read_listing(path, None).unwrap_err().code.id;
    assert_eq!(refused(data.path()), "D613");
    assert_eq!(refused(&data.path().join("nowhere")), "D620");
    assert_eq!(refused(&data.path().join("notes.txt")), "D621");
}

#[test]
fn declared_classes_give_the_order_and_unknown_folders_are_refused() {
    let image = png(1);
    let data = folder_of(&["a/1.png", "b/1.png"].map(|name| (name, image.as_slice())));
    let (listing, _) = read_listing(data.path(), None).unwrap();
    let declared = ["b", "c", "a"].map(str::to_owned);
    let ordered = listing.clone().with_classes(&declared).unwrap();
    assert_eq!(ordered.classes, declared);
    assert_eq!(names(&ordered.train), ["b/1.png", "a/1.png"]);
    assert_eq!(ordered.train.iter().map(|sample| sample.class).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(listing.with_classes(&declared[..2]).unwrap_err().code.id, "D616");
}

#[cfg(unix)]
#[test]
fn links_are_followed_except_in_a_circle() {
    use std::os::unix::fs::symlink;
    let image = png(1);
    let data = folder_of(&["a/1.png", "b/1.png"].map(|name| (name, image.as_slice())));
    symlink("1.png", data.path().join("a/2.png")).unwrap();
    symlink("..", data.path().join("a/loop")).unwrap();
    symlink("a", data.path().join("c")).unwrap();
    let (listing, found) = read_listing(data.path(), None).unwrap();
    assert_eq!(names(&listing.train), ["a/1.png", "a/2.png", "b/1.png", "c/1.png", "c/2.png"]);
    assert_eq!(ids(&found), ["D619", "D619"]);
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8_is_loaded_and_shown_with_replacements() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let image = png(1);
    let data = folder_of(&["a/1.png", "b/1.png"].map(|name| (name, image.as_slice())));
    std::fs::write(data.path().join("a").join(OsStr::from_bytes(b"\xff.png")), &image).unwrap();
    let (listing, _) = read_listing(data.path(), None).unwrap();
    assert_eq!(names(&listing.train), ["a/1.png", "a/\u{fffd}.png", "b/1.png"]);
    assert!(square(8).decode(&listing.train[1].source).is_ok());
}
