//! `netc fmt`: what is written, what is only shown, and with which exit code.

use crate::program::{Folder, content, netc, netc_reading, text};

const UNTIDY: &str = "Conv2D(8,kernel_size=3)->Relu # kept\n->Flatten->Dense->Softmax";
const TIDY: &str = "Conv(8, kernel: 3) -> Relu # kept\n  -> Flatten -> Dense -> Softmax\n";

#[test]
fn files_are_written_in_place_and_a_second_run_changes_nothing() {
    let folder = Folder::new();
    let first = folder.file("a.net", UNTIDY.as_bytes());
    let second = folder.file("deeper/b.net", TIDY.as_bytes());
    let run = netc(["fmt", text(folder.path())]).ended(0);
    assert_eq!(run.stdout, format!("{}: formatted\n1 file formatted, 1 unchanged\n", text(&first)));
    assert_eq!((content(&first).as_str(), content(&second).as_str()), (TIDY, TIDY));
    assert_eq!(netc(["fmt", text(&first)]).ended(0).stdout, "0 files formatted, 1 unchanged\n");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "a temporary file is left");
}

#[test]
fn check_names_what_would_change_and_changes_nothing() {
    let folder = Folder::new();
    let untidy = folder.file("a.net", UNTIDY.as_bytes());
    let run = netc(["fmt", "--check", text(&untidy)]).ended(1);
    assert_eq!(run.stdout, format!("{}: would be formatted\n1 file would be formatted, 0 unchanged\n", text(&untidy)));
    assert_eq!(content(&untidy), UNTIDY);
    let tidy = folder.file("b.net", TIDY.as_bytes());
    netc(["fmt", "--check", text(&tidy)]).ended(0);
}

#[test]
fn a_diff_is_shown_alone_on_stdout() {
    let folder = Folder::new();
    let untidy = folder.file("a.net", UNTIDY.as_bytes());
    let run = netc(["fmt", "--diff", text(&untidy)]).ended(1);
    let name = text(&untidy);
    let expected = format!(
        "--- {name}\n+++ {name}\n@@ -1,2 +1,2 @@\n-Conv2D(8,kernel_size=3)->Relu # kept\n\
         -->Flatten->Dense->Softmax\n\\ No newline at end of file\n+Conv(8, kernel: 3) -> Relu # kept\n\
         +  -> Flatten -> Dense -> Softmax\n"
    );
    assert_eq!(run.stdout, expected);
    assert!(run.stderr.contains("1 file would be formatted"), "{}", run.stderr);
    assert_eq!(content(&untidy), UNTIDY);
}

#[test]
fn stdin_goes_to_stdout_with_its_own_line_ends() {
    assert_eq!(netc_reading(["fmt", "-"], UNTIDY).ended(0).stdout, TIDY);
    assert_eq!(netc_reading(["fmt", "-"], TIDY).ended(0).stdout, TIDY);
    let windows = TIDY.replace('\n', "\r\n");
    assert_eq!(netc_reading(["fmt", "-"], &windows).ended(0).stdout, windows);
    assert!(netc_reading(["fmt", "--check", "-"], TIDY).ended(0).stdout.is_empty());
    netc_reading(["fmt", "--check", "-"], UNTIDY).ended(1);
    assert!(netc_reading(["fmt", "-"], "Conv -> [").failed(1, "S003").stdout.is_empty());
}

#[test]
fn a_spec_that_cannot_be_read_is_left_as_it_is_and_the_others_are_formatted() {
    let folder = Folder::new();
    let broken = folder.file("a.net", b"Conv->[Relu");
    let untidy = folder.file("b.net", UNTIDY.as_bytes());
    let run = netc(["fmt", text(folder.path())]).failed(1, "S003");
    assert!(run.stdout.ends_with("1 file formatted, 0 unchanged, 1 left as it is\n"), "{}", run.stdout);
    assert_eq!((content(&broken).as_str(), content(&untidy).as_str()), ("Conv->[Relu", TIDY));
    netc(["fmt", text(&folder.join("missing.net")), text(&untidy)]).failed(2, "S014");
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay_and_a_read_only_file_is_left_alone() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new();
    let file = folder.file("real.net", UNTIDY.as_bytes());
    let link = folder.join("link.net");
    symlink(&file, &link).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o444)).unwrap();
    netc(["fmt", text(&link)]).failed(2, "M805");
    assert_eq!(content(&file), UNTIDY);
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
    netc(["fmt", text(&link)]).ended(0);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(content(&file), TIDY);
}

#[cfg(unix)]
#[test]
fn many_files_are_written_and_the_one_that_cannot_be_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let paths: Vec<_> = (0..100).map(|at| folder.file(format!("{at:02}.net"), UNTIDY.as_bytes())).collect();
    std::fs::set_permissions(&paths[7], PermissionsExt::from_mode(0o444)).unwrap();
    let run = netc(["fmt", text(folder.path())]).failed(2, "M805");
    assert!(run.stderr.contains("07.net"), "{}", run.stderr);
    assert!(run.stdout.ends_with("99 files formatted, 0 unchanged, 1 left as it is\n"), "{}", run.stdout);
    let names: Vec<&str> = run.stdout.lines().filter_map(|line| line.strip_suffix(": formatted")).collect();
    assert!(names.len() == 99 && names.is_sorted());
    for (at, path) in paths.iter().enumerate() {
        assert_eq!(content(path), if at == 7 { UNTIDY } else { TIDY });
    }
}

#[test]
fn every_shipped_spec_is_canonical() {
    netc(["fmt", "--check", "specs"]).ended(0);
}
