//! Figures that can be believed: ways are run in turn, so that what else the machine does meets all of them, and compared
//! run by run; and a way is compared with itself, which shows what a ratio is worth.

use crate::Result;
use std::env;
use std::fmt;

/// How far from 1 the ratio of a way to itself may be.
const TOLERANCE: f64 = 0.03;

/// How often the runs are drawn again for an interval.
const DRAWINGS: usize = 2000;

/// How many rounds the user wants of a benchmark: `--rounds N`, or as many as usual.
///
/// # Errors
///
/// Anything else that is asked for.
pub fn rounds(benchmark: &str, usual: usize) -> Result<usize> {
    // Cargo itself says `--bench`.
    let args: Vec<String> = env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(usual),
        ["--rounds", rounds] => Ok(rounds.parse()?),
        _ => Err(format!("usage: cargo bench -p godaemon-bench --bench {benchmark} -- [--rounds N]").into()),
    }
}

/// Runs each way once, then each once more, and so on. The figures of each way, in the order of the rounds.
pub fn in_turn<W>(rounds: usize, ways: &[W], mut run: impl FnMut(&W) -> Result<f64>) -> Result<Vec<Series>> {
    let mut all = vec![Series(Vec::with_capacity(rounds)); ways.len()];
    for _ in 0..rounds {
        for (way, series) in ways.iter().zip(&mut all) {
            series.0.push(run(way)?);
        }
    }
    Ok(all)
}

/// The figures of one way.
#[derive(Clone, Debug)]
pub struct Series(Vec<f64>);

impl FromIterator<f64> for Series {
    fn from_iter<I: IntoIterator<Item = f64>>(figures: I) -> Series {
        Series(figures.into_iter().collect())
    }
}

impl Series {
    /// The figure that the given share of all figures is below, such as the median for 0.5.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        quantile(&sorted, share)
    }

    /// How many times those of another way, run in the same rounds, these figures are.
    #[must_use]
    pub fn over(&self, base: &Series) -> Compared {
        self.compare(base, |own, base| own / base)
    }

    /// How much more than those of another way, run in the same rounds, these figures are.
    #[must_use]
    pub fn minus(&self, base: &Series) -> Compared {
        self.compare(base, |own, base| own - base)
    }

    fn compare(&self, base: &Series, compare: impl Fn(f64, f64) -> f64) -> Compared {
        let pairs: Vec<f64> = self.0.iter().zip(&base.0).map(|(own, base)| compare(*own, *base)).collect();
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
        let mut medians: Vec<f64> = (0..DRAWINGS)
            .map(|_| Series(pairs.iter().map(|_| dice.draw(&pairs)).collect()).quantile(0.5))
            .collect();
        medians.sort_by(f64::total_cmp);
        Compared {
            median: Series(pairs).quantile(0.5),
            low: quantile(&medians, 0.025),
            high: quantile(&medians, 0.975),
        }
    }
}

/// Between the two nearest figures, if it falls there.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    let at = |place: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the slice")]
        sorted.get(place as usize).copied().unwrap_or(f64::NAN)
    };
    let (below, above) = (at(place.floor()), at(place.ceil()));
    below + (above - below) * place.fract()
}

/// The median of the ratios, or differences, of paired runs, and where 95 of 100 such medians would be (bootstrap).
#[derive(Clone, Copy, Debug)]
pub struct Compared {
    /// The median.
    pub median: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Compared {
    /// The ratio of a way to itself: whether nothing that was measured in these rounds can be believed.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.median.is_nan() || (self.median - 1.0).abs() > TOLERANCE
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:5.2} [{:.2}, {:.2}]", self.median, self.low, self.high)
    }
}

/// Random enough, and the same each time: equal figures give equal intervals. (xorshift64)
struct Dice(u64);

impl Dice {
    fn draw(&mut self, from: &[f64]) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let length = from.len().max(1) as u64;
        let place = usize::try_from(self.0 % length).unwrap_or(0);
        from.get(place).copied().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        let series = Series(vec![4.0, 1.0, 3.0, 2.0]);
        assert_eq!(series.quantile(0.0), 1.0);
        assert_eq!(series.quantile(0.5), 2.5);
        assert_eq!(series.quantile(1.0), 4.0);
    }

    #[test]
    fn runs_of_one_round_are_compared() {
        let base = Series(vec![1.0, 10.0, 100.0]);
        let ratio = Series(vec![2.0, 20.0, 200.0]).over(&base);
        assert_eq!((ratio.low, ratio.median, ratio.high), (2.0, 2.0, 2.0));
        let difference = Series(vec![3.0, 12.0, 102.0]).minus(&base);
        assert_eq!((difference.low, difference.median, difference.high), (2.0, 2.0, 2.0));
    }

    #[test]
    fn the_interval_is_around_the_median() {
        let base = Series(vec![1.0; 9]);
        let ratio = Series((1..10).map(f64::from).collect()).over(&base);
        assert_eq!(ratio.median, 5.0);
        assert!((2.0..5.0).contains(&ratio.low), "{ratio:?}");
        assert!(ratio.high > 5.0 && ratio.high <= 8.0, "{ratio:?}");
    }

    #[test]
    fn a_way_that_differs_from_itself_is_void() {
        let one = Series(vec![1.0; 3]);
        assert!(!Series(vec![1.02; 3]).over(&one).is_void());
        assert!(Series(vec![1.04; 3]).over(&one).is_void());
        assert!(Series(vec![0.96; 3]).over(&one).is_void());
        assert!(Series(vec![]).over(&one).is_void());
    }

    #[test]
    fn ways_take_turns() {
        let mut order = Vec::new();
        let all = in_turn(2, &["a", "b"], |way| {
            order.push(*way);
            Ok(order.len() as f64)
        });
        assert_eq!(
            all.expect("no run fails").into_iter().map(|one| one.0).collect::<Vec<_>>(),
            [[1.0, 3.0], [2.0, 4.0]]
        );
        assert_eq!(order, ["a", "b", "a", "b"]);
    }
}
