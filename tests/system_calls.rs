//! Every system call of a start has its reason on the page `docs/design/one_start.md`, and is where that says.
#![cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use support::{Case, program, skip};

const STRACE: &str = "/usr/bin/strace";

/// How often to look: a parent that has waited for a while looks at its first child, too, which it does not on a machine
/// that is not busy.
const TRIES: usize = 10;

/// The processes, by their headings on the page.
const PROCESSES: [&str; 3] = ["The parent", "The first child", "The daemon"];

#[test]
fn every_system_call_of_a_start_is_on_its_page() {
    let case = Case::new();
    if !Path::new(STRACE).exists() {
        return skip("there is no strace");
    }
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/design/one_start.md"));
    let page = page.unwrap();
    let documented = PROCESSES.map(|process| documented(&page, process));
    for calls in &documented {
        assert!(calls.len() > 10, "the page has no calls");
    }
    let mut seen = calls_of_a_start(&case);
    for _ in 1..TRIES {
        if seen == documented {
            break;
        }
        seen = calls_of_a_start(&case);
    }
    for ((process, seen), documented) in PROCESSES.iter().zip(seen).zip(documented) {
        assert_eq!(seen, documented, "{process}");
    }
}

/// The calls in the first cells of the table below a heading, in their order.
fn documented(page: &str, heading: &str) -> Vec<String> {
    let part = page.lines().skip_while(|line| line.trim_start_matches("## ") != heading).skip(1);
    let rows = part.take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    // `a`, `b`: what is quoted is every other piece.
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned)).collect()
}

/// What each process calls by itself, and not the loader or std for it.
fn calls_of_a_start(case: &Case) -> [Vec<String>; 3] {
    let trace = case.folder().join("trace");
    let strace = case.command(STRACE).arg("-f").arg("-qq").arg("-e").arg("signal=none").arg("-o").arg(&trace);
    strace.arg(program!("plain")).run().assert_success();
    case.wait_until_empty();
    let trace = fs::read_to_string(trace).unwrap();

    let mut processes: Vec<(&str, Vec<String>)> = Vec::new();
    for (process, call) in trace.lines().filter_map(beginning) {
        match processes.iter_mut().find(|(other, _)| *other == process) {
            Some((_, calls)) => calls.push(call.to_owned()),
            None => processes.push((process, vec![call.to_owned()])),
        }
    }
    let [parent, child, daemon] = <[_; 3]>::try_from(processes).unwrap().map(|(_, calls)| calls);

    let place = |calls: &[String], call: &str| calls.iter().position(|other| other == call).unwrap();
    // Where the loader is done std begins, by looking at the standard streams; then it is the library's turn.
    let (std, own) = (place(&parent, "poll"), place(&parent, "getcwd"));
    let std = &parent[std..own];
    let without_loader = |calls: &[String]| {
        let (executed, own) = (place(calls, "execve") + 1, place(calls, "getsockopt"));
        [&calls[..executed], &calls[own..]].concat()
    };
    let mut daemon = without_loader(&daemon);
    let begin = place(&daemon, "poll");
    assert_eq!(daemon.splice(begin..begin + std.len(), []).collect::<Vec<_>>(), std);
    [parent[own..].to_vec(), without_loader(&child), daemon].map(shortened)
}

/// One `rt_sigaction` for all signals; and without optimisation std looks at what it closes.
fn shortened(calls: Vec<String>) -> Vec<String> {
    let mut short: Vec<String> = Vec::new();
    for call in calls {
        match (short.last().map(String::as_str), call.as_str()) {
            (Some("rt_sigaction"), "rt_sigaction") => continue,
            (Some("fcntl"), "close") => drop(short.pop()),
            _ => {}
        }
        short.push(call);
    }
    short
}

/// `123   close(4) = 0`, and no end of a call that others came in between.
fn beginning(line: &str) -> Option<(&str, &str)> {
    let (process, rest) = line.split_once(' ')?;
    let (call, _) = rest.trim_start().split_once('(')?;
    call.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some((process, call))
}
