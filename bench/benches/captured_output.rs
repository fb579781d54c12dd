//! What captured output costs: how fast a daemon prints whose output is forwarded to a closure, beside a pipe to another
//! process, a pipe to a thread, and a file; and whether its memory stays as it is, however much it prints.

use godaemon_bench::Result;
use godaemon_bench::clock::now;
use godaemon_bench::file;
use godaemon_bench::machine;
use godaemon_bench::measure::{Series, in_turn, verdict};
use godaemon_bench::options::{self, Options};
use godaemon_bench::page::Part;
use godaemon_bench::printing::{Order, Report, Text, Way};
use godaemon_bench::program::Program;
use godaemon_bench::table::Table;
use std::io::Read;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::Duration;

const BENCHMARK: &str = "captured_output";

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
    let options = Options::from_args(BENCHMARK, &[options::ROUNDS, options::UPDATE])?;
    let rounds = options.rounds.unwrap_or(ROUNDS);
    let mut part = Part::new(BENCHMARK);
    part.paragraph(&format!("{}; opt-level 3, without LTO.", machine::facts()?));
    part.paragraph(&format!(
        "{rounds} rounds of all ways in turn; MB/s; ratios of paired runs with their intervals."
    ));
    for (text, name, has_goal) in TEXTS {
        compare(&mut part, rounds, text, name, has_goal)?;
    }
    memory(&mut part)?;
    if options.update { part.update() } else { Ok(()) }
}

/// Measures and shows what belongs to a text.
fn compare(part: &mut Part, rounds: usize, text: Text, name: &str, has_goal: bool) -> Result<()> {
    let ways = TARGETS.map(|(target, _)| target);
    let trials = in_turn(1, &ways, |target| run(*target, text, TRIAL))?;
    let ways: Vec<_> = ways.into_iter().zip(&trials).map(|(way, trial)| (way, amount(way, trial))).collect();
    let all = in_turn(rounds, &ways, |(target, amount)| run(*target, text, *amount))?;
    let [_, base, again, ..] = &all[..] else { return Err("the ways are these".into()) };

    let itself = again.over(base);
    let mut table =
        Table::new(1, &[name, "median", "p10", "p90", "over b", if has_goal { "goal" } else { "" }]);
    for ((target, way), series) in TARGETS.iter().zip(&all) {
        let mut row = vec![(*way).to_owned()];
        row.extend(series.summary().map(|figure| format!("{figure:.0}")));
        if !std::ptr::eq(series, base) {
            row.push(series.over(base).to_string());
        }
        if has_goal && *target == Target::Forwarded {
            let is_reached = series.over(base).median >= GOAL;
            row.push(format!("{GOAL}: {}", verdict(itself.is_void(), is_reached)));
        }
        table.row(row);
    }
    part.table(&table);
    itself.void("b").into_iter().for_each(|void| part.paragraph(&void));
    Ok(())
}

/// How much is printed in a run, after a trial of this speed.
fn amount(target: Target, trial: &Series) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole bytes will do")]
    let amount = (trial.quantile(0.5) * 1e6 * RUN) as u64;
    amount.clamp(MIB, if target == Target::File { FILE } else { u64::MAX })
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
        Target::File => command.stdout(file::without_name()?),
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

/// How much memory daemons need that print much, and very much.
fn memory(part: &mut Part) -> Result<()> {
    let mut table = Table::new(1, &["peak memory of the daemon, KiB", "after 64 MiB", "after 1 GiB", ""]);
    for (text, name, _) in TEXTS {
        let order = Order { way: Way::Forwarded, text, amounts: vec![64 * MIB, 960 * MIB] };
        let mut command = printer(&order);
        command.stdout(Stdio::null());
        let mut program = Program::start(command)?;
        let (much, more): (Report, Report) = (program.receive()?, program.receive()?);
        program.end()?;
        let word = if more.peak <= much.peak + GROWTH { "does not grow" } else { "GROWS" };
        table.row([name.to_owned(), much.peak.to_string(), more.peak.to_string(), word.to_owned()]);
    }
    part.table(&table);
    Ok(())
}
