//! When each process of a start makes which system call, as `perf trace` has written it.

/// A system call of a process: when it began and when it returned, in microseconds since the trace began.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// When it began.
    pub begin: f64,
    /// When it returned; `None` for one that never does.
    pub end: Option<f64>,
}

/// What one process has called, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    id: u32,
    /// From the first that it began itself.
    pub calls: Vec<Call>,
}

impl Process {
    /// The first call of this name at or behind a place, and its own place.
    pub fn find(&self, from: usize, name: &str) -> Result<(usize, &Call), String> {
        let calls = self.calls.iter().enumerate().skip(from);
        calls
            .into_iter()
            .find(|(_, call)| call.name == name)
            .ok_or_else(|| format!("no `{name}` in the trace"))
    }
}

/// The processes of a trace, in the order in which they appear.
pub fn processes(trace: &str) -> Result<Vec<Process>, String> {
    let mut processes: Vec<Process> = Vec::new();
    for line in trace.lines().filter(|line| !line.trim().is_empty()) {
        let Line { time, duration, id, continued, name } =
            Line::read(line).ok_or_else(|| format!("not a line of `perf trace`: {line:?}"))?;
        let place = processes.iter().position(|process| process.id == id);
        let place = place.unwrap_or_else(|| {
            processes.push(Process { id, calls: Vec::new() });
            processes.len() - 1
        });
        let Some(calls) = processes.get_mut(place).map(|process| &mut process.calls) else { continue };
        // Without a time it is the rest of a call that began before the trace, or in another process.
        let Some(begin) = time else { continue };
        if continued {
            // Its beginning may have a line of its own, or not.
            calls.retain(|call| call.begin != begin || call.name != name);
        }
        calls.push(Call { name: name.to_owned(), begin, end: duration.map(|duration| begin + duration) });
    }
    for Process { calls, .. } in &mut processes {
        calls.sort_by(|one, other| one.begin.total_cmp(&other.begin));
    }
    Ok(processes)
}

/// `     1.228 ( 0.523 ms): ours/19233 clone(flags: VM)      = 19234`, or two of it for a call that others came in between.
struct Line<'a> {
    /// In microseconds, like all here.
    time: Option<f64>,
    duration: Option<f64>,
    id: u32,
    continued: bool,
    name: &'a str,
}

impl Line<'_> {
    fn read(line: &str) -> Option<Line<'_>> {
        let (time, rest) = line.split_once('(')?;
        let (duration, rest) = rest.split_once("): ")?;
        let (process, rest) = rest.split_once(' ')?;
        let continued = rest.trim_start().strip_prefix("... [continued]: ");
        let (name, _) = continued.unwrap_or(rest).split_once('(')?;
        let micros = |text: &str| text.trim().parse::<f64>().ok().map(|millis| millis * 1000.0);
        Some(Line {
            time: micros(time),
            duration: micros(duration.trim_end_matches(" ms")),
            id: process.rsplit_once('/')?.1.parse().ok()?,
            continued: continued.is_some(),
            name: name.trim(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "\
         ? (         ): a/1  ... [continued]: execve())                              = 0
     0.500 ( 0.002 ms): a/1 getpid()                                                 = 1
         ? (         ): a/2  ... [continued]: clone())                               = 0
     1.000 (         ): a/1 clone(clone_flags: VM|VFORK|0x11, newsp: 0x55c85011f5f0) ...
     1.250 ( 0.010 ms): a b/2 setsid()                                               = 2
     1.000 ( 0.500 ms): a/1  ... [continued]: clone())                               = 2 (a)
     2.000 (         ): a b/2 exit_group()                                           = ?
";

    fn call(name: &str, begin: f64, end: Option<f64>) -> Call {
        Call { name: name.to_owned(), begin, end }
    }

    #[test]
    fn calls_belong_to_their_processes() {
        // A name with a blank is not seen in what is measured here.
        let processes = processes(&TRACE.replace("a b/", "ab/")).expect("a trace");
        let first = vec![call("getpid", 500.0, Some(502.0)), call("clone", 1000.0, Some(1500.0))];
        let second = vec![call("setsid", 1250.0, Some(1260.0)), call("exit_group", 2000.0, None)];
        assert_eq!(processes, [Process { id: 1, calls: first }, Process { id: 2, calls: second }]);
        assert_eq!(processes[0].find(0, "clone").map(|(place, _)| place), Ok(1));
        assert!(processes[0].find(0, "setsid").is_err());
        assert!(processes[1].find(2, "setsid").is_err());
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(processes("strange\n").is_err());
        assert_eq!(processes("\n"), Ok(Vec::new()));
    }
}
