//! Where the time of one start goes: each process and each phase, by the times at which `perf trace` sees it call the system.

use godaemon_bench::Result;
use godaemon_bench::guard;
use godaemon_bench::machine;
use godaemon_bench::measure::Series;
use godaemon_bench::options::{self, Options};
use godaemon_bench::page::Part;
use godaemon_bench::programs;
use godaemon_bench::start::Starter;
use godaemon_bench::table::Table;
use godaemon_bench::trace::{Process, processes};
use std::process::Command;

const BENCHMARK: &str = "one_start";

/// How often the program is started, if nothing else is said.
const ROUNDS: usize = 200;

/// The program of `start_up` that has no option.
const PROGRAM: &str = "godaemon";

/// What is between two calls of a process: who, what, and when it begins.
const PHASES: [(&str, &str); 18] = [
    ("parent", "loaded"),
    ("parent", "std begins"),
    ("parent", "prepares"),
    ("parent", "starts the first child"),
    ("parent", "waits for the daemon"),
    ("parent", "confirms, waits for the end of the first child, reaps it"),
    ("parent", "ends"),
    ("first child", "between clone and exec"),
    ("first child", "executed and loaded"),
    ("first child", "recognises its stage, prepares"),
    ("first child", "starts the daemon"),
    ("first child", "waits beside the daemon"),
    ("first child", "ends, until the parent knows"),
    ("daemon", "between clone and exec"),
    ("daemon", "executed and loaded"),
    ("daemon", "recognises its stage"),
    ("daemon", "std begins"),
    ("daemon", "settles, says that it is up"),
];

fn main() -> Result<()> {
    let options = Options::from_args(BENCHMARK, &[options::ROUNDS, options::UPDATE])?;
    let perf = Command::new("perf").arg("--version").output();
    perf.map_err(|why| format!("perf, of the package linux-perf: {why}"))?;
    eprintln!("building what is not there\n");
    let programs = programs::build()?;
    let program = programs.iter().find(|program| program.name == PROGRAM && program.weight.is_none());
    let program = program.ok_or("no program of ours")?;
    let rounds = options.rounds.unwrap_or(ROUNDS);

    let starter = Starter::new()?;
    let mut runs = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        runs.push(phases(&processes(&starter.trace(program)?)?)?);
    }
    guard::end_all();

    let mut part = Part::new(BENCHMARK);
    part.paragraph(&format!("{}; {rounds} starts under `perf trace`.", machine::facts()?));
    let mut table = Table::new(2, &["process", "phase", "microseconds", "p10", "p90"]);
    for (number, (process, phase)) in PHASES.into_iter().enumerate() {
        let times: Series = runs.iter().filter_map(|run| run.get(number).copied()).collect();
        let [median, low, high] = times.summary().map(|time| format!("{time:.0}"));
        table.row([process.to_owned(), phase.to_owned(), median, low, high]);
    }
    part.table(&table);
    if options.update { part.update() } else { Ok(()) }
}

/// How long each phase took.
fn phases(processes: &[Process]) -> Result<Vec<f64>> {
    let [parent, child, daemon] = processes else {
        return Err(format!("{} processes, and not three", processes.len()).into());
    };
    let returned = |end: Option<f64>| end.ok_or("a call that does not return");

    let (std_place, parent_std) = parent.find(0, "poll")?;
    let (own_place, parent_own) = parent.find(std_place, "getcwd")?;
    let (clone_place, clone) = parent.find(own_place, "clone")?;
    let (_, heard) = parent.find(clone_place, "recvfrom")?;
    let (reap_place, reap) = parent.find(clone_place, "wait4")?;
    let (_, parent_ends) = parent.find(reap_place, "exit_group")?;

    let (child_exec_place, child_exec) = child.find(0, "execve")?;
    let (child_own_place, child_own) = child.find(child_exec_place, "getsockopt")?;
    let (child_clone_place, child_clone) = child.find(child_own_place, "clone")?;
    let (wait_place, wait) = child.find(child_clone_place, "ppoll")?;
    let (_, child_ends) = child.find(wait_place, "exit_group")?;

    let (daemon_exec_place, daemon_exec) = daemon.find(0, "execve")?;
    let (daemon_own_place, daemon_own) = daemon.find(daemon_exec_place, "getsockopt")?;
    let (daemon_std_place, daemon_std) = daemon.find(daemon_own_place, "poll")?;
    let (settle_place, settle) = daemon.find(daemon_std_place, "getcwd")?;
    let (_, up) = daemon.find(settle_place, "sendto")?;

    // The trace begins when the parent is executed.
    let begin = 0.0;
    let (cloned, child_cloned) = (returned(clone.end)?, returned(child_clone.end)?);
    let reaped = returned(reap.end)?;
    Ok(vec![
        parent_std.begin - begin,
        parent_own.begin - parent_std.begin,
        clone.begin - parent_own.begin,
        cloned - clone.begin,
        heard.begin - cloned,
        reaped - heard.begin,
        parent_ends.begin - reaped,
        child_exec.begin - clone.begin,
        child_own.begin - child_exec.begin,
        child_clone.begin - child_own.begin,
        child_cloned - child_clone.begin,
        returned(wait.end)? - child_cloned,
        reaped - child_ends.begin,
        daemon_exec.begin - child_clone.begin,
        daemon_own.begin - daemon_exec.begin,
        daemon_std.begin - daemon_own.begin,
        settle.begin - daemon_std.begin,
        returned(up.end)? - settle.begin,
    ])
}
