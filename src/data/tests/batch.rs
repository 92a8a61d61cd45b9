//! Images and batches.

use std::sync::Arc;

use super::*;

/// Two classes of tinted images; one file of the second is bad.
fn made_up(count: u8) -> (tempfile::TempDir, Listing) {
    let images: Vec<(String, Vec<u8>)> =
        (0..count).map(|at| (format!("{}/{at:03}.png", if at % 2 == 0 { "a" } else { "b" }), png(at))).collect();
    let mut files: Vec<(&str, &[u8])> = images.iter().map(|(name, file)| (name.as_str(), file.as_slice())).collect();
    files.push(("b/bad.png", b"nothing"));
    let data = folder_of(&files);
    let (listing, _) = read_listing(data.path(), None).unwrap();
    (data, listing)
}

/// The tint of every image and its label, batch by batch.
fn tints(images: &Arc<Images>, order: Order, size: usize, first: usize) -> Vec<Vec<(u8, u32)>> {
    let normalizer = Normalization::new(&Normalize::None, 3, images.statistics()).unwrap();
    let mut batches = Batches::new(Arc::clone(images), &normalizer, order, size, first);
    let (pool, len, mut all) = (pool(2), images.decoder().image_len(), Vec::new());
    while let Some(batch) = batches.next(&pool).unwrap() {
        let images = batch.numbers().chunks_exact(len).zip(batch.labels());
        all.push(images.map(|(numbers, &label)| (numbers[2] as u8, label)).collect());
        batches.reuse(batch);
    }
    all
}

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

#[test]
fn a_bad_image_is_named_and_left_out_or_ends_the_work() {
    let (_data, listing) = made_up(6);
    let (images, bad) = load(listing.train.clone(), square(8), u64::MAX);
    assert_eq!((images.len(), ids(&bad)), (6, vec!["D601"]));
    assert_eq!((0..6).map(|at| images.bytes(at).unwrap()[2]).collect::<Vec<_>>(), [0, 2, 4, 1, 3, 5]);
    let stopped = Images::load(listing.train, square(8), u64::MAX, OnBadImage::Stop, &quiet).unwrap_err();
    assert!(stopped.is_error());
}

#[test]
fn no_readable_image_at_all_is_an_error() {
    let data = folder_of(&[("a/1.png", b"x"), ("b/1.png", b"y")]);
    let (listing, _) = read_listing(data.path(), None).unwrap();
    let fault = Images::load(listing.train, square(8), u64::MAX, OnBadImage::Skip, &quiet).unwrap_err();
    assert_eq!(fault.code.id, "D622");
}

#[test]
fn images_beyond_the_budget_are_read_again_with_the_same_result() {
    let (_data, listing) = made_up(11);
    let (kept, _) = load(listing.train.clone(), square(8), u64::MAX);
    let (reread, _) = load(listing.train, square(8), 10);
    assert!(kept.in_memory() && !reread.in_memory());
    assert_eq!(kept.statistics(), reread.statistics());
    let order = Order::Shuffled { seed: 5, epoch: 2 };
    assert_eq!(tints(&Arc::new(kept), order, 4, 0), tints(&Arc::new(reread), order, 4, 0));
}

#[test]
fn an_epoch_shows_every_image_once_and_the_next_one_in_another_order() {
    let (_data, listing) = made_up(11);
    let images = Arc::new(load(listing.train, square(8), u64::MAX).0);
    let listed = tints(&images, Order::Listed, 4, 0);
    assert_eq!(listed.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 3]);
    assert!(listed.iter().flatten().all(|(tint, label)| u32::from(tint % 2) == *label));
    let epoch = |epoch| tints(&images, Order::Shuffled { seed: 1, epoch }, 4, 0).concat();
    let sorted = |mut all: Vec<(u8, u32)>| {
        all.sort_unstable();
        all
    };
    assert_ne!(epoch(0), epoch(1));
    assert_eq!(sorted(epoch(0)), sorted(listed.concat()));
}

#[test]
fn an_epoch_resumes_at_any_batch() {
    let (_data, listing) = made_up(11);
    let images = Arc::new(load(listing.train, square(8), u64::MAX).0);
    let order = Order::Shuffled { seed: 1, epoch: 3 };
    assert_eq!(tints(&images, order, 4, 0)[1..], tints(&images, order, 4, 1));
    assert!(tints(&images, order, 4, 9).is_empty());
}

#[test]
fn batches_dropped_early_let_their_images_go() {
    let (_data, listing) = made_up(20);
    let images = Arc::new(load(listing.train, square(8), u64::MAX).0);
    let normalizer = Normalization::new(&Normalize::Standardize, 3, images.statistics()).unwrap();
    let (pool, mut batches) = (pool(2), Batches::new(Arc::clone(&images), &normalizer, Order::Listed, 1, 0));
    assert_eq!(batches.next(&pool).unwrap().map(|batch| batch.len()), Some(1));
    drop(batches);
    assert_eq!(Arc::strong_count(&images), 1);
}

#[test]
fn a_file_that_vanishes_during_training_is_named() {
    let (data, listing) = made_up(4);
    let images = Arc::new(load(listing.train, square(8), 0).0);
    std::fs::remove_file(data.path().join("a/002.png")).unwrap();
    let normalizer = Normalization::new(&Normalize::None, 3, images.statistics()).unwrap();
    let (pool, mut batches) = (pool(2), Batches::new(images, &normalizer, Order::Listed, 2, 0));
    let codes: Vec<_> = std::iter::from_fn(|| batches.next(&pool).map_err(|fault| fault.code.id).transpose()).collect();
    assert_eq!(codes.len(), 1, "{codes:?}");
    assert_eq!(codes[0].as_ref().err(), Some(&"D601"));
}

#[test]
fn a_trainer_inside_the_pool_gets_its_batches_and_may_drop_them_early() {
    let (_data, listing) = made_up(8);
    let images = Arc::new(load(listing.train, square(8), u64::MAX).0);
    let normalizer = Normalization::new(&Normalize::None, 3, images.statistics()).unwrap();
    let pool = pool(1);
    pool.install(|| {
        let epoch = || Batches::new(Arc::clone(&images), &normalizer, Order::Listed, 2, 0);
        let (mut whole, mut dropped, mut count) = (epoch(), epoch(), 0);
        assert!(dropped.next(&pool).unwrap().is_some());
        drop(dropped);
        while whole.next(&pool).unwrap().is_some() {
            count += 1;
        }
        assert_eq!(count, 4);
    });
}

#[test]
fn images_are_read_on_the_given_pool_alone() {
    let (_data, listing) = made_up(40);
    let images = Arc::new(load(listing.train, square(8), 0).0);
    let normalizer = Normalization::new(&Normalize::None, 3, images.statistics()).unwrap();
    let pool = pool(1);
    let mut batches = Batches::new(images, &normalizer, Order::Listed, 8, 0);
    // Its only thread is taken: no image can be read, and the first batch not come, before it is free again.
    let (free, taken) = std::sync::mpsc::channel::<()>();
    let is_free = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let now_free = Arc::clone(&is_free);
    pool.spawn(move || {
        let _ = taken.recv();
        now_free.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    let release = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        drop(free);
    });
    assert!(batches.next(&pool).unwrap().is_some());
    assert!(is_free.load(std::sync::atomic::Ordering::SeqCst));
    release.join().unwrap();
}
