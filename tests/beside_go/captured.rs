//! Captured output.

use std::{
    fs::{self, File},
    os::fd::AsFd,
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::Signal,
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};
use support::{Process, Puppet, wait_for_end, wait_until};

use crate::{Twin, descriptors};

pub(crate) fn bytes(twin: &Twin<'_>) -> String {
    let folder = twin.case.folder();
    // More than a pipe holds, of every value, and no end of the last line.
    let bytes: Vec<u8> =
        (0..3_000_000_u32).map(|number| (number.wrapping_mul(number) / 7).to_le_bytes()[0]).collect();
    let streams = [("stdout", [&bytes[..], b"\nlast line"].concat()), ("stderr", bytes[..100].to_vec())];
    for (name, bytes) in &streams {
        fs::write(folder.join(name), bytes).unwrap();
    }
    twin.launch().env("CAPTURE=bytes").daemon();
    for (name, bytes) in streams {
        let captured = fs::read(folder.join(format!("captured-{name}"))).unwrap();
        if captured != [&bytes[..], &bytes[..]].concat() {
            return format!("{} bytes of {name} were changed", captured.len());
        }
    }
    "comes out byte for byte".to_owned()
}

pub(crate) fn parts(twin: &Twin<'_>) -> String {
    let begun = twin.launch().env("CAPTURE=parts").daemon();
    wait_until_read(&begun);
    begun.go();
    let daemon = twin.case.puppet();
    assert_eq!(daemon.text("point"), "body");
    match fs::read_to_string(twin.case.folder().join("parts")).unwrap().as_str() {
        "5\n5\n" => "are read as two pieces".to_owned(),
        "10\n" => "are read as one line".to_owned(),
        others => others.to_owned(),
    }
}

/// Waits until nothing is left in the pipe behind the daemon's standard output.
fn wait_until_read(daemon: &Puppet) {
    // The reader of a pipe can be opened at its writer, too.
    let pipe = File::open(format!("/proc/{}/fd/1", daemon.process().0)).unwrap();
    wait_until("the reader", || {
        let mut asked = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
        (poll(&mut asked, PollTimeout::ZERO) == Ok(0)).then_some(())
    });
}

pub(crate) fn dropped(twin: &Twin<'_>) -> String {
    let daemon = twin.launch().env("CAPTURE=dropped").daemon();
    let process = daemon.process();
    // The first child of the Go program has made the pipes, and has them until its end.
    wait_until_gone(Process(process.stat().session));
    daemon.go();
    match wait_for_end(process.0) {
        WaitStatus::Exited(_, 0) => "succeeds".to_owned(),
        WaitStatus::Signaled(_, Signal::SIGPIPE, _) => "kills the daemon (`SIGPIPE`)".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Waits until all threads of an orphan are gone, and with them what they had open: its own may be the first.
fn wait_until_gone(orphan: Process) {
    wait_until("the end of all threads", || {
        match waitpid(Pid::from_raw(orphan.0), Some(WaitPidFlag::WNOHANG)) {
            // Somebody else has waited for it, or will.
            Err(Errno::ECHILD) => orphan.try_stat().is_none().then_some(()),
            seen => (seen.unwrap() != WaitStatus::StillAlive).then_some(()),
        }
    });
}

pub(crate) fn last_words(twin: &Twin<'_>) -> String {
    // On a busy machine the second that the end of the process waits may be over too soon; but not every time.
    let handled = (0..3).any(|_| is_handled_at_the_end(twin));
    if handled { "is handled to its end" } else { "is lost" }.to_owned()
}

/// Whether a line of which the handling has begun is handled to its end when `main` returns meanwhile.
fn is_handled_at_the_end(twin: &Twin<'_>) -> bool {
    twin.launch().env("CAPTURE=forwarded").run().assert_success();
    let (first, second) = (twin.case.puppet(), twin.case.puppet());
    let (body, line) = if first.text("point") == "body" { (first, second) } else { (second, first) };
    assert_eq!(line.text("point"), "line");
    let daemon = body.process();
    // Go comes back from this at the end of the process, ours when `main` returns.
    body.see_off();
    let waits = wait_until("the daemon's end, or its wait for the line", || match daemon.try_stat()?.state {
        'S' => Some(true),
        'Z' | 'X' => Some(false),
        _ => None,
    });
    if waits {
        line.go();
    }
    wait_for_end(daemon.0);
    fs::read_to_string(twin.case.folder().join("lines")).is_ok_and(|lines| lines == "last words\n")
}

pub(crate) fn pipes_in_children(twin: &Twin<'_>) -> String {
    let daemon = twin.launch().env("CAPTURE=kept").daemon();
    let streams = daemon.process().descriptors();
    let pipes = [1, 2].map(|number| streams[&number].target.clone());
    descriptors::in_a_child(twin, daemon, &pipes)
}
