//! What the kernel laid out for this process: arguments, environment, auxiliary vector.

use std::ffi::{CStr, CString, c_char, c_int};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The arguments of the process as they were when it started, null-terminated.
static ARGUMENTS: AtomicPtr<*const c_char> = AtomicPtr::new(std::ptr::null_mut());

/// Keeps the arguments that a hook before `main` was given.
fn set_arguments(argv: *const *const c_char) {
    ARGUMENTS.store(argv.cast_mut(), Ordering::Release);
}

/// The arguments as a null-terminated array: those a hook was given, or a copy that is never freed.
///
/// Systems whose constructors get no arguments (musl) come here without a hook, once in a process.
pub(crate) fn arguments() -> *const *const c_char {
    let known = ARGUMENTS.load(Ordering::Acquire);
    if !known.is_null() {
        return known;
    }
    use std::os::unix::ffi::OsStringExt;
    let mut pointers: Vec<*const c_char> = Vec::new();
    for argument in std::env::args_os() {
        // An argument of a process cannot hold a zero byte; the fallback is never reached.
        let argument = CString::new(argument.into_vec()).unwrap_or_default();
        pointers.push(argument.into_raw());
    }
    pointers.push(std::ptr::null());
    let leaked = Vec::leak(pointers).as_ptr();
    set_arguments(leaked);
    leaked
}

/// The strings of a null-terminated array of strings.
///
/// # Safety
///
/// `array` is null or a null-terminated array of C strings; both live as long as `'a`, unchanged.
unsafe fn strings<'a>(array: *const *const c_char) -> impl Iterator<Item = &'a CStr> {
    let mut next = array;
    std::iter::from_fn(move || {
        if next.is_null() {
            return None;
        }
        // SAFETY: `next` has not passed the null that ends the array.
        let string = unsafe { *next };
        if string.is_null() {
            return None;
        }
        // SAFETY: the entry just read was not the last.
        next = unsafe { next.add(1) };
        // SAFETY: the caller's array holds C strings that live as long as 'a.
        Some(unsafe { CStr::from_ptr(string) })
    })
}

/// The arguments of this process.
pub(crate) fn argument_strings() -> impl Iterator<Item = &'static CStr> {
    // SAFETY: the array of the kernel, or the one leaked above, lives as long as the process. A program that
    // writes over its own arguments (as setproctitle(3) does) keeps them strings.
    unsafe { strings(arguments()) }
}

unsafe extern "C" {
    static mut environ: *const *const c_char;
}

/// The environment as libc sees it now.
fn environment() -> *const *const c_char {
    // SAFETY: reading a pointer that libc keeps. As with getenv(3), the caller of `setenv` in another thread
    // answers for the race; `std::env::set_var` is unsafe for this reason.
    unsafe { environ }
}

/// The entries of the environment, byte for byte: duplicates, and entries without `=`, which std leaves out. To be
/// used before anything changes the environment.
pub(crate) fn environment_entries() -> Vec<*const c_char> {
    // SAFETY: libc keeps a null-terminated array of strings there; see `environment`.
    unsafe { strings(environment()) }.map(CStr::as_ptr).collect()
}

/// Gives variables other values, or takes them out of the environment. All others stay, byte for byte.
///
/// Other threads may read the environment meanwhile, in C as well: they find the old array or the new one, and both
/// stay as they are. What another thread changes in it at the same time may be lost, as with `setenv(3)`.
pub(crate) fn set_environment(variables: &[(&str, Option<&[u8]>)]) {
    let is_of = |entry: &CStr, name: &str| {
        entry.to_bytes().strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'='))
    };
    // SAFETY: libc keeps a null-terminated array of strings there; see `environment`.
    let others = unsafe { strings(environment()) }
        .filter(|entry| !variables.iter().any(|(name, _)| is_of(entry, name)))
        .map(CStr::as_ptr);
    let new = variables.iter().filter_map(|(name, value)| {
        // A value from the user database, which has no zero bytes: it is made of C strings.
        let entry = CString::new([name.as_bytes(), b"=", (*value)?].concat()).ok()?;
        Some(entry.into_raw().cast_const())
    });
    let entries: Vec<*const c_char> = others.chain(new).chain([std::ptr::null()]).collect();
    let new = Vec::leak(entries).as_mut_ptr();
    let address = (&raw mut environ).cast::<*mut *const c_char>();
    // SAFETY: the variable is aligned, and there as long as the process.
    let variable = unsafe { AtomicPtr::from_ptr(address) };
    // The array, which ends with a null and like its strings is never freed, is there before it can be found.
    variable.store(new, Ordering::Release);
}

/// What a process was started with, in the memory where it stands, while nobody else uses it.
pub(crate) struct Origin {
    argv: *const *const c_char,
    envp: *const *const c_char,
}

impl Origin {
    /// Keeps the address of the arguments for [`arguments`].
    pub(crate) fn keep_arguments(&self) {
        if !self.argv.is_null() {
            set_arguments(self.argv);
        }
    }

    /// The environment, to be handed on.
    pub(crate) fn environment(&self) -> *const *const c_char {
        self.envp
    }

    /// The first entry of the environment that begins with `name` and `=`.
    pub(crate) fn find(&self, name: &str) -> Option<Entry<'_>> {
        // SAFETY: this is the environment of the process, by the contract of `before_main` or as libc has it.
        let entries = unsafe { strings(self.envp) };
        for (index, entry) in entries.enumerate() {
            let Some(rest) = entry.to_bytes().strip_prefix(name.as_bytes()) else { continue };
            if rest.first() == Some(&b'=') {
                // SAFETY: the iterator has just walked over this index.
                let slot = unsafe { self.envp.add(index) };
                return Some(Entry {
                    slot: slot.cast_mut().cast(),
                    prefix: name.len() + 1,
                    _origin: PhantomData,
                });
            }
        }
        None
    }
}

/// One entry of the environment.
pub(crate) struct Entry<'a> {
    slot: *mut *mut c_char,
    prefix: usize,
    _origin: PhantomData<&'a Origin>,
}

impl Entry<'_> {
    fn bytes(&self) -> &[u8] {
        // SAFETY: the slot holds a C string, by the construction in `find`.
        let string = unsafe { *self.slot };
        // SAFETY: likewise.
        unsafe { CStr::from_ptr(string) }.to_bytes()
    }

    /// What stands after `NAME=`.
    pub(crate) fn value(&self) -> &[u8] {
        self.bytes().get(self.prefix..).unwrap_or_default()
    }

    /// Writes another entry of the same length over this one; a different length changes nothing.
    pub(crate) fn overwrite(&mut self, entry: &[u8]) {
        if self.bytes().len() == entry.len() {
            // SAFETY: the slot holds a string; see `bytes`.
            let string = unsafe { *self.slot };
            // SAFETY: the string is writable and as long as `entry`, which does not lie in it.
            unsafe { std::ptr::copy_nonoverlapping(entry.as_ptr(), string.cast(), entry.len()) };
        }
    }

    /// Takes the entry out of the environment: those behind it move up, its bytes become zero.
    pub(crate) fn remove(self) {
        let length = self.bytes().len();
        // SAFETY: the slot holds a string; see `bytes`.
        let string = unsafe { *self.slot };
        // SAFETY: the string is writable and has this length.
        unsafe { std::ptr::write_bytes(string, 0, length) };
        let mut slot = self.slot;
        loop {
            // SAFETY: `slot` is not the terminating null, so one more follows it.
            let following = unsafe { slot.add(1) };
            // SAFETY: see above.
            let next = unsafe { *following };
            // SAFETY: the kernel gave the array to this process, writable.
            unsafe { *slot = next };
            if next.is_null() {
                return;
            }
            slot = following;
        }
    }
}

/// The path by which the kernel was told to run this program, where the system says so (`AT_EXECFN`).
#[cfg(target_os = "linux")]
pub(crate) fn executed_path() -> Option<&'static CStr> {
    // SAFETY: getauxval(3) only reads the auxiliary vector.
    let path = unsafe { libc::getauxval(libc::AT_EXECFN) } as *const c_char;
    if path.is_null() {
        return None;
    }
    // SAFETY: the kernel put the string above the stack, where it stays as long as the process.
    Some(unsafe { CStr::from_ptr(path) })
}

/// The path by which the kernel was told to run this program: not known on this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn executed_path() -> Option<&'static CStr> {
    None
}

#[cfg(all(target_os = "linux", target_pointer_width = "32"))]
use libc::Elf32_Phdr as ProgramHeader;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
use libc::Elf64_Phdr as ProgramHeader;

/// What the kernel has loaded as the program.
#[cfg(target_os = "linux")]
fn program_headers() -> &'static [ProgramHeader] {
    // SAFETY: getauxval(3) only reads the auxiliary vector.
    let count = unsafe { libc::getauxval(libc::AT_PHNUM) };
    // SAFETY: likewise.
    let headers = unsafe { libc::getauxval(libc::AT_PHDR) } as *const ProgramHeader;
    if headers.is_null() {
        return &[];
    }
    // SAFETY: the program's headers are mapped where the vector says, as many and as long as the process lives.
    unsafe { std::slice::from_raw_parts(headers, usize::try_from(count).unwrap_or(0)) }
}

/// Whether the program was run by its loader, as in `ld.so ./program`: then the kernel takes the loader for the
/// executable, and a copy would be one of it.
#[cfg(target_os = "linux")]
pub(crate) fn was_run_by_loader() -> bool {
    // SAFETY: getauxval(3) only reads the auxiliary vector.
    let loader_base = unsafe { libc::getauxval(libc::AT_BASE) };
    // The kernel has loaded no loader beside the program, and yet the program asks for one.
    loader_base == 0 && program_headers().iter().any(|header| header.p_type == libc::PT_INTERP)
}

/// Whether the program was run by its loader: not known on this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn was_run_by_loader() -> bool {
    false
}

/// Whether the kernel asks for distrust of the caller's environment (`AT_SECURE`): the file gave privileges, or a
/// security module changed the domain.
#[cfg(target_os = "linux")]
pub(crate) fn at_secure() -> bool {
    // SAFETY: getauxval(3) only reads the auxiliary vector.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// Whether the kernel asks for distrust of the caller's environment: this system does not say so here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn at_secure() -> bool {
    false
}

/// What a function in `.preinit_array` or `.init_array` is given: `argc`, `argv`, `envp`.
pub type BeforeMain = unsafe extern "C" fn(c_int, *const *const c_char, *const *const c_char);

/// The hook of programs that use the library without the attribute, or whose attribute is not compiled in: it comes
/// before the constructors of the program, but after those of its shared libraries.
///
/// In a program that is no copy of itself it does nothing but keep the address of the arguments.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[used]
#[unsafe(link_section = ".init_array.00001")]
static BEFORE_MAIN: BeforeMain = before_main_of_executable;

/// Does the same in the executable alone. A shared library with this code in it comes into the processes of other
/// programs: a stage there is nobody's, or the program's, whose own copy of this code has to find it; and threads may
/// run. What the library itself does asks for the stage when it is called.
///
/// # Safety
///
/// As for [`before_main`], but for the threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
unsafe extern "C" fn before_main_of_executable(
    argc: c_int,
    argv: *const *const c_char,
    envp: *const *const c_char,
) {
    if is_in_executable() {
        // SAFETY: this is the C runtime's call, and the executable's constructors run before any thread exists.
        unsafe { before_main(argc, argv, envp) };
    }
}

/// Whether this code is part of the executable: then it lies in a segment of the file that the kernel has run.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn is_in_executable() -> bool {
    let headers = program_headers();
    // One that is linked statically need not have it, and has all its code in one file.
    let Some(own) = headers.iter().find(|header| header.p_type == libc::PT_PHDR) else { return true };
    let address = |number| usize::try_from(number).unwrap_or(usize::MAX);
    // How far from its own addresses the file was loaded: they say where the headers are.
    let distance = headers.as_ptr().addr().wrapping_sub(address(own.p_vaddr));
    let here = (before_main_of_executable as *const ()).addr().wrapping_sub(distance);
    let mut segments = headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
    segments.any(|one| here.wrapping_sub(address(one.p_vaddr)) < address(one.p_memsz))
}

/// Recognises the stage before `main`; the attribute puts this into the `.preinit_array` of the executable.
///
/// # Safety
///
/// To be called by the C runtime only, before any thread exists, with the arguments and the environment of the
/// process.
pub unsafe extern "C" fn before_main(_: c_int, argv: *const *const c_char, envp: *const *const c_char) {
    crate::stage::recognise(&Origin { argv, envp });
}

/// Recognises the stage where no hook ran before `main`.
///
/// Another thread that uses the environment at this time would race with it: the documentation asks for the first
/// call of this library to come before the first thread on such systems.
pub(crate) fn recognise_late() {
    crate::stage::recognise(&Origin { argv: std::ptr::null(), envp: environment() });
}
