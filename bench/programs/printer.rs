//! Prints as it was ordered, and reports when the first was printed and when the last had arrived.

use godaemon::{Options, Reader};
use godaemon_bench::Result;
use godaemon_bench::clock::now;
use godaemon_bench::memory::peak;
use godaemon_bench::printing::{Order, Report, Way};
use godaemon_bench::program::Benchmark;
use nix::unistd::dup2_stdout;
use std::env;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// How long a daemon may take until it is up. (Nobody watches it before.)
const START: Duration = Duration::from_secs(20);

/// How much is read at once, in bytes, where this program reads.
const CHUNK: usize = 64 * 1024;

fn main() -> Result<()> {
    let order = Order::from_args(env::args().skip(1)).ok_or("usage: printer WAY TEXT BYTES...")?;
    if order.way != Way::Forwarded {
        let benchmark = Benchmark::watched(Benchmark::connection()?)?;
        let arrivals = if order.way == Way::Thread { Some(thread(&order)?) } else { None };
        return print(&order, benchmark, arrivals);
    }
    let mut daemon = Options::new()
        .file_with("benchmark", Benchmark::connection)
        .capture_output()
        .foreground(false)
        .start_timeout(START)
        .daemonize()?;
    let benchmark = Benchmark::watched(daemon.take_file::<UnixStream>("benchmark")?)?;
    let arrivals = forwarded(&order, daemon.take_stdout().ok_or("output is captured")?)?;
    print(&order, benchmark, Some(arrivals))
}

/// What the consumer has found out when an amount had arrived.
struct Arrival {
    at: io::Result<Duration>,
    lines: u64,
}

/// Prints all amounts, and reports each.
fn print(order: &Order, mut benchmark: Benchmark, arrivals: Option<Receiver<Arrival>>) -> Result<()> {
    for amount in &order.amounts {
        let begin = now()?;
        let bytes = order.text.print(*amount)?;
        let Arrival { at, lines } = match &arrivals {
            Some(arrivals) => arrivals.recv()?,
            None => Arrival { at: now(), lines: 0 },
        };
        benchmark.send(&Report { bytes, begin, end: at?, lines, peak: peak("self").unwrap_or(0) })?;
    }
    Ok(())
}

/// Lets the library count.
fn forwarded(order: &Order, stdout: Reader) -> io::Result<Receiver<Arrival>> {
    let (sender, receiver) = mpsc::channel();
    let mut marks = marks(order);
    let mut mark = marks.next();
    let (mut bytes, mut lines) = (0, 0);
    stdout.forward(move |line| {
        bytes += line.len() as u64 + 1;
        lines += 1;
        if Some(bytes) == mark {
            mark = marks.next();
            // Nobody waits only if printing has failed.
            let _ = sender.send(Arrival { at: now(), lines });
        }
    })?;
    Ok(receiver)
}

/// A plain pipe in the place of standard output, and a thread that counts its bytes.
fn thread(order: &Order) -> io::Result<Receiver<Arrival>> {
    let (mut pipe, writer) = io::pipe()?;
    dup2_stdout(writer)?;
    let (sender, receiver) = mpsc::channel();
    let marks = marks(order);
    thread::spawn(move || {
        let mut buffer = vec![0; CHUNK];
        let mut bytes = 0;
        for mark in marks {
            while bytes < mark {
                bytes += pipe.read(&mut buffer)? as u64;
            }
            let _ = sender.send(Arrival { at: now(), lines: 0 });
        }
        io::copy(&mut pipe, &mut io::sink())
    });
    Ok(receiver)
}

/// How many bytes have come when an amount is complete.
fn marks(order: &Order) -> impl Iterator<Item = u64> + Send + use<> {
    let piece = order.text.piece().len() as u64;
    let mut sum = 0;
    order.amounts.clone().into_iter().map(move |amount| {
        sum += amount.div_ceil(piece) * piece;
        sum
    })
}
