//! No kernel touches an element beyond its buffers: each buffer ends where a page begins that must
//! not be touched, or begins where such a page ends, and one wrong element ends the process.
#![cfg(all(unix, not(miri)))]

mod common;

use common::{Room, elementwise, products, shapes};
use freeform_kernels::Isa;
use std::ops::{Deref, DerefMut};
use std::ptr::null_mut;

/// At which end of a buffer the forbidden page lies.
#[derive(Clone, Copy)]
enum Guard {
    Before,
    After,
}

/// f32 beside a page that must not be touched.
struct Guarded {
    map: *mut libc::c_void,
    bytes: usize,
    start: *mut f32,
    len: usize,
}

impl Room for Guard {
    type Buffer = Guarded;

    fn hold(&self, values: &[f32]) -> Guarded {
        // SAFETY: asks for a number.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
        let inside = size_of_val(values).next_multiple_of(page);
        let bytes = inside + 2 * page;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANON;
        // SAFETY: fresh pages of our own, none of them accessible yet.
        let map = unsafe { libc::mmap(null_mut(), bytes, libc::PROT_NONE, flags, -1, 0) };
        assert!(map != libc::MAP_FAILED, "{bytes} bytes of pages");
        let first = map.wrapping_byte_add(page);
        if inside > 0 {
            // SAFETY: those pages but the outer two.
            let done = unsafe { libc::mprotect(first, inside, libc::PROT_READ | libc::PROT_WRITE) };
            assert!(done == 0, "access to {inside} bytes");
        }
        let start = match self {
            Guard::Before => first,
            Guard::After => first.wrapping_byte_add(inside - size_of_val(values)),
        };
        let mut buffer = Guarded { map, bytes, start: start.cast(), len: values.len() };
        buffer.copy_from_slice(values);
        buffer
    }
}

impl Deref for Guarded {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        // SAFETY: the elements lie in our own readable pages; any bits are an f32.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}

impl DerefMut for Guarded {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above, borrowed as `self` is.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.len) }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: the pages that `hold` asked for, which nobody borrows any longer.
        unsafe { libc::munmap(self.map, self.bytes) };
    }
}

#[test]
fn elementwise_kernels_stay_inside_their_buffers() {
    for isa in Isa::available() {
        for n in (0..70).chain([1023, 1025]) {
            elementwise(isa, n, &Guard::After);
            elementwise(isa, n, &Guard::Before);
        }
    }
}

#[test]
fn products_stay_inside_their_matrices() {
    for isa in Isa::available() {
        for shape in shapes() {
            products(isa, shape, shape[0] % 3, &Guard::After);
        }
        for shape in shapes().into_iter().step_by(3) {
            products(isa, shape, 0, &Guard::Before);
        }
    }
}

/// The test above can fail: a read of one element too many ends a process.
#[test]
fn one_element_too_many_ends_the_process() {
    use std::os::unix::process::ExitStatusExt;
    for name in ["reads_behind", "reads_before"] {
        let this = std::env::current_exe().unwrap();
        let mut child = std::process::Command::new(this);
        let status = child.args(["--exact", "--ignored", name]).output().unwrap().status;
        let signal = status.signal();
        assert!([Some(libc::SIGSEGV), Some(libc::SIGBUS)].contains(&signal), "{name}: {status}");
    }
}

#[test]
#[ignore = "ends its process"]
fn reads_behind() {
    let buffer = Guard::After.hold(&[1.0; 5]);
    // SAFETY: none; the page there stops it.
    std::hint::black_box(unsafe { buffer.as_ptr().add(5).read_volatile() });
}

#[test]
#[ignore = "ends its process"]
fn reads_before() {
    let buffer = Guard::Before.hold(&[1.0; 5]);
    // SAFETY: none; the page there stops it.
    std::hint::black_box(unsafe { buffer.as_ptr().sub(1).read_volatile() });
}
