//! Nothing is allocated inside a step: the plan has placed everything before.
//!
//! The reference path is apart: `matrixmultiply` takes memory for its packed operands at every call.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use netc::exec::{Rate, Session};
use netc::graph::Training;
use netc::kernel::Isa;
use netc::plan::{Optimizer, Options, Plan};

use crate::network::cases;

/// The system's allocator, counting what threads that ask for it allocate.
struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static IS_COUNTED: Cell<bool> = const { Cell::new(false) };
}

// SAFETY: every call is handed to the system's allocator unchanged; counting touches no memory that it manages.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if IS_COUNTED.try_with(Cell::get).unwrap_or(false) {
            COUNT.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from the system's allocator with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn no_step_allocates() {
    let images = 4;
    let mut checked = 0;
    for case in cases() {
        let training = Training::of(&case.graph);
        let options = Options::plain(images, Isa::detect());
        let mut session = Session::new(Plan::training(&training, Optimizer::default(), options), 2).expect("threads");
        // Threads and their queues come into being in the first run.
        session.run(images, &Rate::default());
        session.pool().broadcast(|_| IS_COUNTED.set(true));
        let before = COUNT.load(Ordering::Relaxed);
        for _ in 0..2 {
            // A run may leave anything where its labels were.
            session.labels_mut(images).fill(0);
            session.run(images, &Rate::default());
        }
        let uses_reference = session.plan().steps.iter().any(|step| step.kernel() == "im2col");
        let allocated = COUNT.load(Ordering::Relaxed) - before;
        session.pool().broadcast(|_| IS_COUNTED.set(false));
        assert!(allocated == 0 || uses_reference, "{}: {allocated} allocations in two runs", case.name);
        checked += usize::from(!uses_reference);
    }
    assert!(checked >= 8, "only {checked} networks run without the reference path");
}
