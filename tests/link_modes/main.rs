//! What depends on how a program is linked: with shared libraries, statically at any address, statically at a fixed one;
//! by GNU ld or by lld. The sections of functions that run before `main` are put together by the linker, and called by the
//! loader, by the program itself if it is static, or, in a shared library, in a process of somebody else's program.
//!
//! The daemons are those of `program/`, the shared library is that of `library/`, and these tests build them. All other
//! tests can be run in one of these ways, too: with `--target`, since macros would have to be static otherwise, and with the
//! same flags for the examples in the documentation.
//!
//! ```text
//! export RUSTFLAGS="-C target-feature=+crt-static"                              # static, at any address
//! export RUSTFLAGS="-C target-feature=+crt-static -C relocation-model=static"   # static, at a fixed one
//! export RUSTFLAGS="-C link-arg=-fuse-ld=bfd"
//! export RUSTFLAGS="-C link-self-contained=-linker -C link-arg=-fuse-ld=lld"    # the system's, not rustc's
//! export RUSTDOCFLAGS="$RUSTFLAGS"
//! cargo test --target x86_64-unknown-linux-gnu -p godaemon-rt -p godaemon-tests
//! ```
//!
//! Statically linked programs crash in glibc, in C as well, when they look up a user where `/etc/nsswitch.conf` names
//! anything but `files` for it. There root runs the static ones with another file in its place:
//!
//! ```text
//! printf 'passwd: files\ngroup: files\ninitgroups: files\n' >target/nsswitch.conf
//! unshare --mount sh -c 'mount --bind target/nsswitch.conf /etc/nsswitch.conf && cargo test ...'
//! ```
#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod build;
mod library;
mod start;
