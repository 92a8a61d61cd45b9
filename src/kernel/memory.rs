//! Memory that tensors lie in: zeros from a cache line's start on, in large pages where the system has them.
//!
//! Each step of a plan passes over megabytes. In pages of 4 KB a core looks up hundreds of addresses a megabyte, each
//! perhaps a fetch from memory of its own, and the system hands out each page by itself; in pages of 2 MB it does so once.

use std::ops::{Deref, DerefMut};

/// Elements of a cache line.
pub(super) const LINE: usize = 16;

/// Numbers of one thread's or one plan's.
#[derive(Debug)]
pub struct Memory {
    pages: Pages,
    len: usize,
}

#[derive(Debug)]
enum Pages {
    Small {
        numbers: Vec<f32>,
        /// Where a cache line begins.
        start: usize,
    },
    #[cfg(target_os = "linux")]
    Large(memmap2::MmapMut),
}

impl Memory {
    /// So many zeros.
    #[must_use]
    pub fn zeros(len: usize) -> Self {
        #[cfg(target_os = "linux")]
        if let Some(large) = large_pages(len) {
            return Self { pages: Pages::Large(large), len };
        }
        let numbers = vec![0.0_f32; len + LINE];
        let start = numbers.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        Self { pages: Pages::Small { numbers, start }, len }
    }
}

/// Bytes of a large page, of which there are other sizes elsewhere; then these are only a multiple of a small one.
#[cfg(target_os = "linux")]
const LARGE: usize = 2 << 20;

/// Whole large pages for `len` zeros; none where they would stay half empty, or the system has no room for them.
///
/// Only whole ones start at such a page's boundary. A system without large pages gives small ones.
#[cfg(target_os = "linux")]
fn large_pages(len: usize) -> Option<memmap2::MmapMut> {
    let bytes = len.checked_mul(size_of::<f32>()).filter(|&bytes| bytes > LARGE / 2)?;
    let pages = memmap2::MmapMut::map_anon(bytes.checked_next_multiple_of(LARGE)?).ok()?;
    // An advice: where it is not taken the pages are small, and all else is the same.
    let _ = pages.advise(memmap2::Advice::HugePage);
    Some(pages)
}

impl Deref for Memory {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &self.pages {
            Pages::Small { numbers, start } => &numbers[*start..][..self.len],
            #[cfg(target_os = "linux")]
            Pages::Large(bytes) => &bytemuck::cast_slice(bytes)[..self.len],
        }
    }
}

impl DerefMut for Memory {
    fn deref_mut(&mut self) -> &mut [f32] {
        match &mut self.pages {
            Pages::Small { numbers, start } => &mut numbers[*start..][..self.len],
            #[cfg(target_os = "linux")]
            Pages::Large(bytes) => &mut bytemuck::cast_slice_mut(bytes)[..self.len],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_any_size_is_zeros_from_a_cache_line_on() {
        for len in [0, 1, 100, 300_000, 1_000_001] {
            let mut memory = Memory::zeros(len);
            assert_eq!((memory.len(), memory.as_ptr() as usize % 64), (len, 0));
            assert!(memory.iter().all(|&number| number == 0.0), "{len} numbers are not all zero");
            memory.fill(1.0);
            assert_eq!(memory.iter().map(|&number| f64::from(number)).sum::<f64>(), len as f64);
        }
    }
}
