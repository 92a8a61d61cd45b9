//! One entry of a folder or an archive, and what its name alone says about it.

use super::source::Source;

/// The deepest folder that is looked into, counted from the data's root.
pub(super) const MAX_DEPTH: usize = 32;

/// An entry with its path below the root, components joined by `/`; names need not be UTF-8.
pub(super) struct Entry {
    pub path: Vec<u8>,
    pub kind: Kind,
}

/// What an entry is.
pub(super) enum Kind {
    /// A folder, recorded so that an empty class is seen.
    Folder,
    /// A file that has the name or the first bytes of an image.
    Image(Source),
    /// A file that is left out.
    Skipped(Skip),
}

/// Why an entry is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Skip {
    /// Hidden, or put there by an operating system or an editor.
    System,
    /// Neither the name nor the content of an image.
    NoImage,
    /// A link inside an archive, a device, a path that climbs out, or a folder nested too deep.
    Special,
    /// An image outside every class folder.
    Stray,
    /// A folder beside `train` and `val`.
    OtherFolder,
}

/// What the name of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByName {
    Image,
    /// Without an extension: the first bytes decide.
    Unknown,
    NoImage,
    System,
}

/// Extensions of images. Those that cannot be decoded are here as well, so that such a file is named, not overlooked.
const EXTENSIONS: [&str; 20] = [
    "avif", "bmp", "dib", "gif", "heic", "heif", "j2k", "jfif", "jp2", "jpe", "jpeg", "jpg", "jxl", "pgm", "png",
    "ppm", "tga", "tif", "tiff", "webp",
];

/// Folders and files that systems and editors leave behind, besides those whose name begins with a dot.
const SYSTEM_NAMES: [&str; 5] = ["__MACOSX", "Thumbs.db", "desktop.ini", "$RECYCLE.BIN", "System Volume Information"];

/// Whether a file or folder of this name is hidden or a system's own.
pub(super) fn is_system(name: &[u8]) -> bool {
    name.starts_with(b".") || SYSTEM_NAMES.iter().any(|system| name.eq_ignore_ascii_case(system.as_bytes()))
}

/// What the last component of a file's path says about it.
pub(super) fn judge(name: &[u8]) -> ByName {
    if is_system(name) {
        return ByName::System;
    }
    match name.iter().rposition(|&byte| byte == b'.') {
        None => ByName::Unknown,
        Some(dot) if has_extension_of_image(&name[dot + 1..]) => ByName::Image,
        Some(_) => ByName::NoImage,
    }
}

fn has_extension_of_image(extension: &[u8]) -> bool {
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known.as_bytes()))
}

/// Whether these first bytes are those of an image format.
pub(super) fn begins_like_an_image(bytes: &[u8]) -> bool {
    image::guess_format(bytes).is_ok()
}

/// The last component of a path.
pub(super) fn last_component(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_images_from_other_and_from_system_files() {
        assert_eq!(judge(b"UPPER.JPG"), ByName::Image);
        assert_eq!(judge(b"a.b.jpeg"), ByName::Image);
        assert_eq!(judge(b"download.jpg.part"), ByName::NoImage);
        assert_eq!(judge(b"no_extension"), ByName::Unknown);
        assert_eq!(judge(b"._normal.jpg"), ByName::System);
        assert_eq!(judge(b"thumbs.DB"), ByName::System);
    }
}
