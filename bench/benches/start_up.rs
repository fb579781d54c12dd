//! What a start costs: until the foreground process is gone, until the daemon runs, in system calls, memory and bytes; ours
//! beside what the system takes at least and beside other libraries, and how it grows with the program and with what
//! surrounds it.

use godaemon_bench::Result;
use godaemon_bench::guard;
use godaemon_bench::machine;
use godaemon_bench::measure::{Compared, Series, in_turn, some_in_turn, verdict};
use godaemon_bench::options::{self, Options};
use godaemon_bench::page::Part;
use godaemon_bench::programs::{self, Program};
use godaemon_bench::start::{Starter, Surroundings};
use godaemon_bench::system_calls::SystemCalls;
use godaemon_bench::table::Table;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

const BENCHMARK: &str = "start_up";

/// How often each program is started, if nothing else is said.
const ROUNDS: usize = 500;

/// One that has more to carry is started in so many times fewer rounds.
const GROWTH_SHARE: usize = 5;

/// A program takes part in the first of so many rounds only, if its start takes more than [`SLOW`] times the median.
const SELDOM: usize = 10;
const SLOW: f64 = 4.0;

/// How often a program is started before it is measured. By then all of it is in memory.
const TRIALS: usize = 3;

/// How often system calls are counted. They hardly change.
const COUNTS: usize = 5;

/// How often memory is looked at. It depends on where in memory the system puts a program.
const LOOKS: usize = 25;

/// How the programs are built.
const PROFILE: &str = "programs in Rust with opt-level 3, LTO, one codegen unit, stripped";

/// Those that others are compared with, so they are measured whatever the user wants to see.
const BASES: [&str; 4] = [BARE, FLOOR, OURS, OURS_AGAIN];
const BARE: &str = "F0 run and exit";
const FLOOR: &str = "F4 two execs, parent waits";
const OURS: &str = "godaemon";
const OURS_AGAIN: &str = "godaemon again";

/// Those that goals are for besides.
const EVERYTHING: &str = "godaemon, everything";
const GO: &str = "Go godaemon";
const PEER: &str = "daemonizable";
const CONSTRUCTOR: &str = "a constructor of 20 ms";

/// How what has more to carry could be started with one exec less.
const ONE_EXEC: &str = "vfork, one exec, parent waits";

/// What there is more of than usual around a program.
const SURROUNDINGS: [(&str, Surroundings); 5] = [
    ("nothing", Surroundings { descriptors: 0, environment: 0 }),
    ("10 open descriptors", Surroundings { descriptors: 10, environment: 0 }),
    ("1,000 open descriptors", Surroundings { descriptors: 1_000, environment: 0 }),
    ("19,000 open descriptors", Surroundings { descriptors: 19_000, environment: 0 }),
    ("100 KiB of environment", Surroundings { descriptors: 0, environment: 100 }),
];

fn main() -> Result<()> {
    let options = Options::from_args(BENCHMARK, &[options::ROUNDS, options::UPDATE, options::ONLY])?;
    // Before minutes are spent on what comes first.
    let strace = Command::new("strace").arg("-V").output();
    strace.map_err(|why| format!("strace, of the package strace: {why}"))?;
    eprintln!("building what is not there\n");
    let programs = programs::build()?;
    let result = run(&options, &programs);
    guard::end_all();
    result
}

fn run(options: &Options, programs: &[Program]) -> Result<()> {
    let wanted = |name: &str| options.only.as_ref().is_none_or(|word| name.contains(word));
    let mut part = Part::new(BENCHMARK);
    part.paragraph(&format!("{}; {PROFILE}.", machine::facts()?));
    let left_out = left_out(programs);
    if !left_out.is_empty() {
        part.paragraph(&format!("Left out: {}.", left_out.join(", ")));
    }
    let programs: Vec<&Program> = programs.iter().filter(|program| program.missing.is_none()).collect();
    let with = |weight| programs.iter().copied().filter(move |program| program.weight == weight);

    let starter = Starter::new()?;
    let rounds = options.rounds.unwrap_or(ROUNDS);
    let shown: Vec<_> =
        with(None).filter(|program| BASES.contains(&program.name) || wanted(program.name)).collect();
    let starts = Starts::measure(&starter, rounds, &shown, Surroundings::default())?;
    show_starts(&mut part, rounds, &starts)?;
    let costs = Cost::measure(&starter, &shown)?;
    show_costs(&mut part, &costs)?;

    let rounds = rounds.div_ceil(GROWTH_SHARE);
    let mut growths = Vec::new();
    for (by, surroundings) in SURROUNDINGS {
        if wanted(by) && surroundings.obstacle().is_none() {
            growths.push(Growth::measure(
                &starter,
                rounds,
                by,
                &with(None).collect::<Vec<_>>(),
                surroundings,
            )?);
        }
    }
    let mut weights: Vec<&str> = programs.iter().filter_map(|program| program.weight).collect();
    weights.dedup();
    for by in weights.into_iter().filter(|by| wanted(by)) {
        let heavy: Vec<_> = with(Some(by)).collect();
        growths.push(Growth::measure(&starter, rounds, by, &heavy, Surroundings::default())?);
    }
    show_growths(&mut part, rounds, &growths)?;
    show_goals(&mut part, &goals(&starts, &costs, &growths));
    if options.update { part.update() } else { Ok(()) }
}

/// What is not measured, and why.
fn left_out(programs: &[Program]) -> Vec<String> {
    let programs = programs.iter().filter_map(|program| {
        let weight = program.weight.map_or(String::new(), |weight| format!(" with {weight}"));
        Some(format!("{}{weight} (needs {})", program.name, program.missing.as_ref()?))
    });
    let surroundings = SURROUNDINGS.into_iter();
    let surroundings = surroundings.filter_map(|(by, what)| Some(format!("{by} ({})", what.obstacle()?)));
    programs.chain(surroundings).collect()
}

/// The starts of a program, in microseconds.
struct Starts<'a> {
    program: &'a Program,
    /// From the launch until the foreground process is gone.
    parent: Series,
    /// From the launch until the first statement of the daemon.
    ready: Series,
}

impl<'a> Starts<'a> {
    /// In the order of the programs.
    fn measure(
        starter: &Starter,
        rounds: usize,
        programs: &[&'a Program],
        surroundings: Surroundings,
    ) -> Result<Vec<Starts<'a>>> {
        programs.iter().try_for_each(|program| starter.try_out(program))?;
        let once = |program: &&Program| Ok(starter.measure(program, surroundings)?.into_iter().sum());
        // The fastest: in others something may have come from the disk.
        let trials = in_turn(TRIALS, programs, once)?.into_iter().map(|trial| trial.quantile(0.0));
        let trials: Vec<f64> = trials.collect();
        let usual = trials.iter().copied().collect::<Series>().quantile(0.5);

        let ways: Vec<_> = programs.iter().copied().zip(trials).collect();
        let all = some_in_turn(rounds, &ways, |(program, trial), round| {
            let takes_part = *trial <= SLOW * usual || round % SELDOM == 0;
            takes_part.then(|| starter.measure(program, surroundings)).transpose()
        })?;
        let starts = programs.iter().zip(all);
        Ok(starts.map(|(program, [parent, ready])| Starts { program, parent, ready }).collect())
    }

    fn over(&self, base: &Starts<'_>) -> Ratio {
        Ratio { parent: self.parent.over(&base.parent), ready: self.ready.over(&base.ready) }
    }

    /// Those of a program, if they were measured.
    fn of<'s>(all: &'s [Starts<'a>], name: &str) -> Option<&'s Starts<'a>> {
        all.iter().find(|starts| starts.program.name == name)
    }

    /// One program over another, if both were measured.
    fn ratio(all: &[Starts<'_>], name: &str, base: &str) -> Option<Ratio> {
        Some(Starts::of(all, name)?.over(Starts::of(all, base)?))
    }
}

/// The starts of a program beside those of another one in the same rounds.
struct Ratio {
    parent: Compared,
    ready: Compared,
}

impl Ratio {
    /// What to say if both are the same program, and differ.
    fn void(&self) -> Option<String> {
        let parent = self.parent.void(&format!("parent of {OURS}"));
        parent.or_else(|| self.ready.void(&format!("ready of {OURS}")))
    }
}

fn show_starts(part: &mut Part, rounds: usize, all: &[Starts<'_>]) -> Result<()> {
    part.heading(&format!("Time, in microseconds, {rounds} rounds"));
    let head = ["program", "parent", "p10", "p90", "over F4", "ready", "p10", "p90", "over F4"];
    let mut table = Table::new(1, &head);
    for starts in all {
        let name = starts.program.name;
        let ratio = Starts::ratio(all, name, FLOOR).ok_or("no floor")?;
        let mut row = vec![name.to_owned()];
        for (series, ratio) in [(&starts.parent, ratio.parent), (&starts.ready, ratio.ready)] {
            row.extend(series.summary().map(|figure| format!("{figure:.0}")));
            row.push(ratio.to_string());
        }
        table.row(row);
    }
    part.table(&table);
    let itself = Starts::ratio(all, OURS_AGAIN, OURS).ok_or("ours not twice")?;
    part.paragraph(&format!("{OURS_AGAIN} over {OURS}: parent {}, ready {}.", itself.parent, itself.ready));
    itself.void().into_iter().for_each(|void| part.paragraph(&void));
    Ok(())
}

/// What a start costs besides time.
struct Cost<'a> {
    program: &'a Program,
    calls: SystemCalls,
    /// The most memory that the daemon has had, in KiB.
    memory: f64,
    /// How much larger the file is than the bare program of that language, in KiB.
    size: Option<f64>,
}

impl<'a> Cost<'a> {
    /// In the order of the programs.
    fn measure(starter: &Starter, programs: &[&'a Program]) -> Result<Vec<Cost<'a>>> {
        let memory = in_turn(LOOKS, programs, |program| Ok(starter.peak_memory(program)? as f64))?;
        let costs = programs.iter().zip(memory).map(|(program, memory)| {
            let calls: Vec<_> = (0..COUNTS).map(|_| starter.system_calls(program)).collect::<Result<_>>()?;
            let size =
                program.bare.as_ref().map(|bare| Ok::<_, io::Error>(length(&program.path)? - length(bare)?));
            Ok(Cost {
                program,
                calls: SystemCalls::median(calls),
                memory: memory.quantile(0.5),
                size: size.transpose()?,
            })
        });
        costs.collect()
    }

    /// That of a program, if it was measured.
    fn of<'c>(all: &'c [Cost<'a>], name: &str) -> Option<&'c Cost<'a>> {
        all.iter().find(|cost| cost.program.name == name)
    }
}

/// In KiB.
fn length(file: &Path) -> io::Result<f64> {
    Ok(fs::metadata(file)?.len() as f64 / 1024.0)
}

fn show_costs(part: &mut Part, all: &[Cost<'_>]) -> Result<()> {
    part.heading("System calls of all processes, peak memory of the daemon, size of the file");
    let head = ["program", "calls", "rt_sigaction", "memory, KiB", "over F0", "size over bare, KiB"];
    let mut table = Table::new(1, &head);
    let bare = Cost::of(all, BARE).ok_or("no bare program")?;
    for Cost { program, calls, memory, size } in all {
        table.row([
            program.name.to_owned(),
            calls.others.to_string(),
            calls.rt_sigaction.to_string(),
            format!("{memory:.0}"),
            format!("{:.2}", memory / bare.memory),
            size.map_or(String::new(), |size| format!("{size:.0}")),
        ]);
    }
    part.table(&table);
    Ok(())
}

/// Starts of programs that have more to carry.
struct Growth<'a> {
    by: &'static str,
    starts: Vec<Starts<'a>>,
    /// Ours beside itself.
    itself: Ratio,
}

impl<'a> Growth<'a> {
    fn measure(
        starter: &Starter,
        rounds: usize,
        by: &'static str,
        programs: &[&'a Program],
        surroundings: Surroundings,
    ) -> Result<Growth<'a>> {
        let find = |name| programs.iter().copied().find(|program| program.name == name);
        let (floor, ours) = find(FLOOR).zip(find(OURS)).ok_or_else(|| format!("no programs with {by}"))?;
        // A copy of the program would have to carry a copy of the weight: it is the program itself, once more.
        let programs: Vec<_> = [floor, ours, ours].into_iter().chain(find(ONE_EXEC)).collect();
        let mut starts = Starts::measure(starter, rounds, &programs, surroundings)?;
        let again = starts.remove(2);
        let itself = again.over(Starts::of(&starts, OURS).ok_or("ours comes before")?);
        Ok(Growth { by, starts, itself })
    }
}

fn show_growths(part: &mut Part, rounds: usize, all: &[Growth<'_>]) -> Result<()> {
    part.heading(&format!("Time of those that have more to carry, in microseconds, {rounds} rounds"));
    let mut table = Table::new(2, &["more", "program", "parent", "over F4", "ready", "over F4"]);
    for Growth { by, starts: all, .. } in all {
        for starts in all {
            let name = starts.program.name;
            let ratio = Starts::ratio(all, name, FLOOR).ok_or("no floor")?;
            let mut row = vec![(*by).to_owned(), name.to_owned()];
            for (series, ratio) in [(&starts.parent, ratio.parent), (&starts.ready, ratio.ready)] {
                row.extend([format!("{:.0}", series.quantile(0.5)), ratio.to_string()]);
            }
            table.row(row);
        }
    }
    part.table(&table);
    for Growth { by, itself, .. } in all {
        itself.void().into_iter().for_each(|void| part.paragraph(&format!("With {by}: {void}")));
    }
    Ok(())
}

/// What is to be at most so much.
struct Goal {
    what: String,
    limit: f64,
    /// `None` if it was not measured.
    figure: Option<f64>,
    /// Whether the figure says nothing.
    is_void: bool,
}

impl Goal {
    /// For one of the times of a program over another one. `itself` is ours beside itself in the same rounds.
    fn of_time(what: &str, limit: f64, figure: Option<Compared>, itself: Option<&Ratio>) -> Goal {
        let is_void = itself.is_some_and(|itself| itself.void().is_some());
        Goal { what: what.to_owned(), limit, figure: figure.map(|figure| figure.median), is_void }
    }

    fn of_cost(what: &str, limit: f64, figure: Option<f64>) -> Goal {
        Goal { what: what.to_owned(), limit, figure, is_void: false }
    }

    fn verdict(&self) -> &'static str {
        self.figure.map_or("not measured", |figure| verdict(self.is_void, figure <= self.limit))
    }
}

/// All goals for a start.
fn goals(starts: &[Starts<'_>], costs: &[Cost<'_>], growths: &[Growth<'_>]) -> Vec<Goal> {
    let ratio = |name, base| Starts::ratio(starts, name, base);
    let itself = ratio(OURS_AGAIN, OURS);
    let parent = |name, base| ratio(name, base).map(|ratio| ratio.parent);
    let ready = |name, base| ratio(name, base).map(|ratio| ratio.ready);
    let time = |what: &str, limit, figure| Goal::of_time(what, limit, figure, itself.as_ref());
    let (ours, bare) = (Cost::of(costs, OURS), Cost::of(costs, BARE));
    let memory = ours.zip(bare).map(|(ours, bare)| ours.memory / bare.memory);
    let slow = growths.iter().find(|growth| growth.by == CONSTRUCTOR);
    let slow_parent =
        slow.and_then(|slow| Starts::ratio(&slow.starts, OURS, FLOOR)).map(|ratio| ratio.parent);
    vec![
        time("parent over F4", 1.05, parent(OURS, FLOOR)),
        time("parent of `godaemon, everything` over F4", 1.10, parent(EVERYTHING, FLOOR)),
        time("ready over F4", 1.02, ready(OURS, FLOOR)),
        time("parent over daemonizable", 0.95, parent(OURS, PEER)),
        time("ready over Go godaemon", 0.80, ready(OURS, GO)),
        Goal::of_time(
            "parent over F4, with a constructor of 20 ms",
            0.70,
            slow_parent,
            slow.map(|slow| &slow.itself),
        ),
        Goal::of_cost("system calls", 250.0, ours.map(|ours| ours.calls.others as f64)),
        Goal::of_cost("memory over F0", 1.05, memory),
        Goal::of_cost("size over bare, KiB", 100.0, ours.and_then(|ours| ours.size)),
    ]
}

fn show_goals(part: &mut Part, goals: &[Goal]) {
    part.heading("Goals for `godaemon`");
    let mut table = Table::new(1, &["goal", "at most", "measured", ""]);
    for goal in goals {
        // Ratios, and how close they are, or whole numbers.
        let (places, more_places) = if goal.limit < 10.0 { (2, 3) } else { (0, 0) };
        let figure = goal.figure.map_or(String::new(), |figure| format!("{figure:.more_places$}"));
        table.row([goal.what.clone(), format!("{:.places$}", goal.limit), figure, goal.verdict().to_owned()]);
    }
    part.table(&table);
}
