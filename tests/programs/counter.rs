//! A daemon that counts what is allocated while lines go from a print to a closure.
//!
//! The file `answer` has how many lines have come, and how often anything was allocated for all but the first of them.
#![allow(unsafe_code, reason = "an allocator")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    error::Error,
    fs::File,
    io::Write,
    sync::atomic::{AtomicUsize, Ordering},
};

use godaemon::Reader;

/// So many lines are printed; buffers have their size when the first tenth of them has come.
const LINES: usize = 100_000;

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[godaemon::main(capture_output, files = [answer = File::create("answer")?])]
fn main(stdout: Reader, mut answer: File) -> Result<(), Box<dyn Error>> {
    let (mut lines, mut before) = (0, 0);
    stdout.forward(move |_| {
        lines += 1;
        let so_far = ALLOCATIONS.load(Ordering::Relaxed);
        if lines == LINES / 10 {
            before = so_far;
        }
        if lines == LINES {
            // Nobody hears of a failure but the test, which finds nothing.
            let _ = write!(answer, "{lines} {}", so_far - before);
        }
    })?;
    for number in 0..LINES {
        println!("line {number}, and some more of it");
    }
    Ok(())
}
