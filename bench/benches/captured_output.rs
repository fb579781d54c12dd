//! What captured output costs: how fast a daemon prints whose output is forwarded to a closure, beside a pipe to another
//! process, a pipe to a thread, and a file; and whether its memory stays as it is, however much it prints.

use godaemon_bench::Result;
use godaemon_bench::clock::now;
use godaemon_bench::measure::{Compared, Series, in_turn, rounds};
use godaemon_bench::printing::{Order, Report, Text, Way};
use godaemon_bench::program::Program;
use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::os::fd::AsFd;
use std::process::{self, Command, Stdio};
use std::time::Duration;

/// How often each way is run for each text, if nothing else is said.
const ROUNDS: usize = 40;

/// How long a run is to take, in seconds. Many short runs beside each other say more than few long ones.
const RUN: f64 = 0.1;

/// How much is printed to find out how much that is, in bytes.
const TRIAL: u64 = 32 * MIB;

/// No more than this goes into a file, in bytes: so it is gone before the system begins to write it to the disk, which
/// those who run next would notice.
const FILE: u64 = 256 * MIB;

/// How fast the library has to be, as a share of a pipe to another process.
const GOAL: f64 = 0.85;

/// How much memory a daemon may need more when it has printed 1 GiB, beside 64 MiB, in KiB.
const GROWTH: u64 = 256;

/// How much is read at once, in bytes.
const CHUNK: usize = 64 * 1024;

const MIB: u64 = 1024 * 1024;

/// Text, what it is called, and whether the goal is for it.
const TEXTS: [(Text, &str, bool); 3] = [
    (Text::Lines, "println! of 100-byte lines", true),
    (Text::LongLines, "64 KiB writes, one line each", true),
    (Text::ManyLines, "64 KiB writes of 100-byte lines", false),
];

/// Where the output of a run goes.
#[derive(Clone, Copy, PartialEq)]
enum Target {
    Forwarded,
    Process,
    Thread,
    File,
    LargePipe,
}

/// In the order in which they are run. Those that are compared follow each other.
const TARGETS: [(Target, &str); 6] = [
    (Target::Forwarded, "a  godaemon, forward to a closure"),
    (Target::Process, "b  pipe to another process"),
    (Target::Process, "b  again"),
    (Target::Thread, "c  pipe to a thread"),
    (Target::File, "d  file"),
    (Target::LargePipe, "e  pipe of 1 MiB to another process"),
];

fn main() -> Result<()> {
    let rounds = rounds("captured_output", ROUNDS)?;
    println!("{rounds} rounds of all ways in turn; MB/s; ratios of paired runs with their intervals\n");
    for (text, name, has_goal) in TEXTS {
        compare(rounds, text, name, has_goal)?;
    }
    println!("peak memory of the daemon");
    for (text, name, _) in TEXTS {
        memory(text, name)?;
    }
    Ok(())
}

/// Measures and prints the part of the table that belongs to a text.
fn compare(rounds: usize, text: Text, name: &str, has_goal: bool) -> Result<()> {
    let ways = TARGETS.map(|(target, _)| target);
    let trials = in_turn(1, &ways, |target| run(*target, text, TRIAL))?;
    let ways: Vec<_> = ways.into_iter().zip(&trials).map(|(way, trial)| (way, amount(way, trial))).collect();
    let all = in_turn(rounds, &ways, |(target, amount)| run(*target, text, *amount))?;
    let [_, base, again, ..] = &all[..] else { return Err("the ways are these".into()) };

    println!("{name:36} median    p10    p90   over b");
    for ((target, way), series) in TARGETS.iter().zip(&all) {
        let [median, low, high] = [0.5, 0.1, 0.9].map(|share| series.quantile(share));
        print!("{way:36} {median:6.0} {low:6.0} {high:6.0}");
        if !std::ptr::eq(series, base) {
            print!("  {}", series.over(base));
        }
        if has_goal && *target == Target::Forwarded {
            print!("  {}", verdict(series.over(base)));
        }
        println!();
    }
    let itself = again.over(base);
    if itself.is_void() {
        println!("VOID: b over b is {itself}; the machine does something else, measure again");
    }
    println!();
    Ok(())
}

/// How much is printed in a run, after a trial of this speed.
fn amount(target: Target, trial: &Series) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole bytes will do")]
    let amount = (trial.quantile(0.5) * 1e6 * RUN) as u64;
    amount.clamp(MIB, if target == Target::File { FILE } else { u64::MAX })
}

fn verdict(ratio: Compared) -> String {
    let word = if ratio.median >= GOAL { "reached" } else { "MISSED" };
    format!("goal {GOAL}: {word}")
}

/// Runs one way once; how fast it was, in MB/s.
fn run(target: Target, text: Text, amount: u64) -> Result<f64> {
    let way = match target {
        Target::Forwarded => Way::Forwarded,
        Target::Thread => Way::Thread,
        Target::Process | Target::File | Target::LargePipe => Way::Inherited,
    };
    let mut command = printer(&Order { way, text, amounts: vec![amount] });
    match target {
        Target::Process | Target::LargePipe => command.stdout(Stdio::piped()),
        Target::File => command.stdout(file_without_name()?),
        // They put something else there.
        Target::Forwarded | Target::Thread => command.stdout(Stdio::null()),
    };
    let mut program = Program::start(command)?;
    let mut arrived = None;
    if let Target::Process | Target::LargePipe = target {
        let pipe = program.stdout()?;
        if target == Target::LargePipe {
            enlarge(&pipe)?;
        }
        arrived = Some(count(pipe)?);
    }
    let mut report: Report = program.receive()?;
    program.end()?;
    if let Some((bytes, end)) = arrived {
        if bytes != report.bytes {
            return Err(format!("{} bytes were printed, and {bytes} arrived", report.bytes).into());
        }
        report.end = end;
    }
    check_lines(target, text, &report)?;
    Ok(report.bytes as f64 / (report.end - report.begin).as_secs_f64() / 1e6)
}

fn check_lines(target: Target, text: Text, report: &Report) -> Result<()> {
    let piece = text.piece();
    let in_piece = piece.iter().filter(|byte| **byte == b'\n').count() as u64;
    let lines = report.bytes / piece.len() as u64 * in_piece;
    if target == Target::Forwarded && report.lines != lines {
        return Err(format!("{lines} lines were printed, and {} arrived", report.lines).into());
    }
    Ok(())
}

fn printer(order: &Order) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_printer"));
    command.args(order.to_args());
    command
}

/// The file is gone as soon as nobody has it open, even if this benchmark is interrupted.
fn file_without_name() -> Result<File> {
    let path = env::temp_dir().join(format!("godaemon-bench-{}", process::id()));
    let file = File::create_new(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

fn enlarge(pipe: &impl AsFd) -> Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    nix::fcntl::fcntl(pipe, nix::fcntl::FcntlArg::F_SETPIPE_SZ(1024 * 1024))?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = pipe;
    Ok(())
}

/// Reads to the end; how much there was, and when the last of it had come.
fn count(mut pipe: impl Read) -> Result<(u64, Duration)> {
    let mut buffer = vec![0; CHUNK];
    let (mut bytes, mut last) = (0, now()?);
    loop {
        match pipe.read(&mut buffer)? {
            0 => return Ok((bytes, last)),
            count => bytes += count as u64,
        }
        last = now()?;
    }
}

/// How much memory a daemon needs that prints much, and one that prints very much.
fn memory(text: Text, name: &str) -> Result<()> {
    let order = Order { way: Way::Forwarded, text, amounts: vec![64 * MIB, 960 * MIB] };
    let mut command = printer(&order);
    command.stdout(Stdio::null());
    let mut program = Program::start(command)?;
    let (much, more): (Report, Report) = (program.receive()?, program.receive()?);
    program.end()?;
    let word = if more.peak <= much.peak + GROWTH { "does not grow" } else { "GROWS" };
    println!("{name:36} {} KiB after 64 MiB, {} KiB after 1 GiB: {word}", much.peak, more.peak);
    Ok(())
}
