//! Which folders are roles, which are classes, and which image belongs where.

use std::collections::BTreeMap;
use std::path::Path;

use super::check::check_empty;
use super::entry::{Entry, Kind, Skip, is_system};
use super::listing::{Listing, Sample};
use super::source::Source;
use crate::diag::{Diagnostic, Result, code};

/// Names of the folder of training images.
const TRAIN: [&str; 2] = ["train", "training"];
/// Names of the folder of validation images, the preferred first.
const VALIDATION: [&str; 5] = ["val", "valid", "validation", "test", "testing"];

/// Sorts entries into classes and roles, and says what was left out or is odd.
///
/// # Errors
/// D613 where there are fewer than two class folders, D620 where the named validation folder is not there.
pub(super) fn arrange(path: &Path, entries: Vec<Entry>, named: Option<&str>) -> Result<(Listing, Vec<Diagnostic>)> {
    let mut skipped = Vec::new();
    let tree = Folder::of(entries, &mut skipped);
    let root = tree.descend(named);
    let roles = Roles::of(root, named);
    if let (Some(named), None) = (named, roles.validation) {
        return Err(Diagnostic::new(&code::DATA_NOT_FOUND, format!("the data has no folder `{named}` to validate on"))
            .on(path)
            .help("name a folder that is there in `data: { validation: … }`, or a share such as `10%`")
            .fault());
    }
    if roles.classes.len() < 2 {
        return Err(no_classes(path, &roles));
    }
    skipped.extend(roles.others.iter().map(|name| (Skip::OtherFolder, name.to_vec())));
    skipped.extend(roles.strays().map(|name| (Skip::Stray, name.clone())));

    let classes: Vec<&[u8]> = roles.classes.keys().copied().collect();
    let listing = Listing {
        classes: classes.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect(),
        train: samples(&roles.classes, &classes),
        validation: roles.validation.map(|folder| samples(&folder.children(), &classes)),
    };
    let mut diagnostics = check_empty(&listing.classes, &listing.train);
    diagnostics.extend(roles.validation.into_iter().flat_map(|folder| unknown_classes(path, folder, &roles)));
    diagnostics.extend(note_of_skipped(path, skipped));
    Ok((listing, diagnostics))
}

/// A folder; the maps are sorted by the bytes of the names.
#[derive(Default)]
struct Folder {
    folders: BTreeMap<Vec<u8>, Folder>,
    images: BTreeMap<Vec<u8>, Source>,
}

impl Folder {
    fn of(entries: Vec<Entry>, skipped: &mut Vec<(Skip, Vec<u8>)>) -> Self {
        let mut root = Self::default();
        for Entry { path, kind } in entries {
            match kind {
                // A hidden folder of an archive is no class, and what it holds was skipped entry by entry.
                Kind::Folder if path.split(|&byte| byte == b'/').any(is_system) => {}
                Kind::Folder => _ = root.enter(&path),
                Kind::Skipped(why) => skipped.push((why, path)),
                Kind::Image(source) => match path.iter().rposition(|&byte| byte == b'/') {
                    Some(slash) => _ = root.enter(&path[..slash]).images.insert(path[slash + 1..].to_vec(), source),
                    None => _ = root.images.insert(path, source),
                },
            }
        }
        root
    }

    /// The folder at `path`, made where it is not there yet.
    fn enter(&mut self, path: &[u8]) -> &mut Self {
        path.split(|&byte| byte == b'/').fold(self, |at, name| at.folders.entry(name.to_vec()).or_default())
    }

    /// The folder that holds the roles or the classes: this one, or the one that it holds alone.
    fn descend(&self, named: Option<&str>) -> &Self {
        let mut at = self;
        while let (1, Some(only)) = (at.folders.len(), at.folders.values().next()) {
            if Roles::of(at, named).has_names || only.folders.is_empty() {
                break;
            }
            at = only;
        }
        at
    }

    fn children(&self) -> BTreeMap<&[u8], &Self> {
        self.folders.iter().map(|(name, folder)| (name.as_slice(), folder)).collect()
    }

    /// The child of this name, in any case, that holds folders itself: a class may be called `train` as well.
    fn role(&self, role: &str) -> Option<(&[u8], &Self)> {
        self.children()
            .into_iter()
            .find(|(name, folder)| name.eq_ignore_ascii_case(role.as_bytes()) && !folder.folders.is_empty())
    }
}

/// What the folders of the root are for.
struct Roles<'a> {
    /// The class folders to train on.
    classes: BTreeMap<&'a [u8], &'a Folder>,
    /// The folder of class folders to validate on.
    validation: Option<&'a Folder>,
    /// Folders that are neither.
    others: Vec<&'a [u8]>,
    /// The folder of class folders to train on.
    train: &'a Folder,
    /// The folder that has the roles, where they are told by names.
    root: &'a Folder,
    /// Whether names tell the roles.
    has_names: bool,
}

impl<'a> Roles<'a> {
    fn of(root: &'a Folder, named: Option<&str>) -> Self {
        let train = TRAIN.iter().find_map(|name| root.role(name));
        let validation = match named {
            Some(named) => root.role(named),
            None => train.and_then(|_| VALIDATION.iter().find_map(|name| root.role(name))),
        };
        let mut beside = root.children();
        for (name, _) in [train, validation].into_iter().flatten() {
            beside.remove(name);
        }
        let (classes, others) = match train {
            Some((_, train)) => (train.children(), beside.into_keys().collect()),
            None => (beside, Vec::new()),
        };
        Self {
            classes,
            validation: validation.map(|(_, folder)| folder),
            others,
            train: train.map_or(root, |(_, folder)| folder),
            root,
            has_names: train.is_some() || validation.is_some(),
        }
    }

    /// Names of the images beside folders that should hold them.
    fn strays(&self) -> impl Iterator<Item = &'a Vec<u8>> {
        let beside_train = (!std::ptr::eq(self.root, self.train)).then_some(self.root);
        [Some(self.train), beside_train, self.validation].into_iter().flatten().flat_map(|folder| folder.images.keys())
    }
}

/// The images of the folders that are classes, with the index of the class; folders below a class are part of it.
fn samples(folders: &BTreeMap<&[u8], &Folder>, classes: &[&[u8]]) -> Vec<Sample> {
    let mut found = Vec::new();
    for (class, name) in classes.iter().enumerate() {
        if let Some(folder) = folders.get(name) {
            collect(folder, class, name, &mut found);
        }
    }
    found.sort_by(|one, other| (one.class, &one.key).cmp(&(other.class, &other.key)));
    found
}

fn collect(folder: &Folder, class: usize, below: &[u8], found: &mut Vec<Sample>) {
    let key = |name: &[u8]| [below, b"/", name].concat();
    found.extend(folder.images.iter().map(|(name, source)| Sample { class, key: key(name), source: source.clone() }));
    for (name, inner) in &folder.folders {
        collect(inner, class, &key(name), found);
    }
}

fn no_classes(path: &Path, roles: &Roles<'_>) -> Box<Diagnostic> {
    let images = roles.strays().count();
    let message = match roles.classes.keys().next() {
        Some(only) => format!("there is one class folder, `{}`, and two are needed", String::from_utf8_lossy(only)),
        None => format!("there is no class folder, and {images} images lie outside of one"),
    };
    Diagnostic::new(&code::NO_CLASSES, message)
        .on(path)
        .help("put the images of each class into a folder named after it: `data/healthy/1.jpg`, `data/rust/1.jpg`")
        .fault()
}

fn unknown_classes(path: &Path, validation: &Folder, roles: &Roles<'_>) -> Vec<Diagnostic> {
    let known = roles.classes.keys().map(|name| String::from_utf8_lossy(name).into_owned()).collect::<Vec<_>>();
    let unknown = validation.folders.keys().filter(|name| !roles.classes.contains_key(name.as_slice()));
    unknown
        .map(|name| {
            let name = String::from_utf8_lossy(name);
            let near = crate::base::closest(&name, known.iter().map(String::as_str));
            let help = near.map_or_else(
                || "add the class to the training images, or remove the folder".to_owned(),
                |near| format!("rename the folder to `{near}`"),
            );
            Diagnostic::new(&code::UNKNOWN_CLASS_IN_VALIDATION, format!("`{name}` is validated but not trained"))
                .on(path)
                .help(help)
        })
        .collect()
}

/// One note on everything that was left out: the first names in its headline, the counts of each kind below.
fn note_of_skipped(path: &Path, mut skipped: Vec<(Skip, Vec<u8>)>) -> Option<Diagnostic> {
    skipped.sort();
    let headline = match skipped.len() {
        1 => format!("one entry was left out: {}", first_names(&skipped)),
        total => format!("{total} entries were left out: {}", first_names(&skipped)),
    };
    let help = "nothing has to be done; take them out of the data if they bother";
    let mut note = Diagnostic::new(&code::SKIPPED_FILES, headline).on(path).help(help);
    for group in skipped.chunk_by(|one, other| one.0 == other.0) {
        let what = match group[0].0 {
            Skip::System => "hidden, or an operating system's own",
            Skip::NoImage => "no image by name or content",
            Skip::Special => "a link, a device or a folder too deep to follow",
            Skip::Stray => "outside of a class folder",
            Skip::OtherFolder => "beside the folders of training and validation",
        };
        note = note.note(format!("{} {what}: {}", group.len(), first_names(group)));
    }
    (!skipped.is_empty()).then_some(note)
}

/// Up to three names, and a sign that there are more.
fn first_names(skipped: &[(Skip, Vec<u8>)]) -> String {
    let names: Vec<_> = skipped.iter().take(3).map(|(_, name)| String::from_utf8_lossy(name)).collect();
    format!("{}{}", names.join(", "), if skipped.len() > names.len() { ", …" } else { "" })
}
