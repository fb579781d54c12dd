//! Figures that can be believed: ways are run in turn, so that what else the machine does meets all of them, and compared
//! run by run; and a way is compared with itself, which shows what a ratio is worth.

use crate::Result;
use std::fmt;

/// How far from 1 the ratio of a way to itself may be.
const TOLERANCE: f64 = 0.03;

/// How often the runs are drawn again for an interval.
const DRAWINGS: usize = 2000;

/// Runs each way once, then each once more, and so on. The figures of each way, in the order of the rounds.
pub fn in_turn<W>(rounds: usize, ways: &[W], mut run: impl FnMut(&W) -> Result<f64>) -> Result<Vec<Series>> {
    let all = some_in_turn(rounds, ways, |way, _| Ok(Some([run(way)?])))?;
    Ok(all.into_iter().map(|[series]| series).collect())
}

/// As [`in_turn`], where a run has several figures, and a way may leave rounds out, which are counted from 0.
pub fn some_in_turn<W, const N: usize>(
    rounds: usize,
    ways: &[W],
    mut run: impl FnMut(&W, usize) -> Result<Option<[f64; N]>>,
) -> Result<Vec<[Series; N]>> {
    let mut all = vec![[(); N].map(|()| Series(Vec::with_capacity(rounds))); ways.len()];
    for round in 0..rounds {
        for (way, of_way) in ways.iter().zip(&mut all) {
            let figures = run(way, round)?;
            for (place, series) in of_way.iter_mut().enumerate() {
                series.0.push(figures.and_then(|figures| figures.get(place).copied()));
            }
        }
    }
    Ok(all)
}

/// The figures of one way, one for each round in which it took part.
#[derive(Clone, Debug)]
pub struct Series(Vec<Option<f64>>);

impl FromIterator<f64> for Series {
    fn from_iter<I: IntoIterator<Item = f64>>(figures: I) -> Series {
        Series(figures.into_iter().map(Some).collect())
    }
}

impl Series {
    /// The figure that the given share of all figures is below, such as the median for 0.5.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted: Vec<f64> = self.0.iter().flatten().copied().collect();
        sorted.sort_by(f64::total_cmp);
        quantile(&sorted, share)
    }

    /// The median, and the figures that a tenth and nine tenths of all are below.
    #[must_use]
    pub fn summary(&self) -> [f64; 3] {
        [0.5, 0.1, 0.9].map(|share| self.quantile(share))
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
        let pairs = self.0.iter().zip(&base.0);
        let pairs: Vec<f64> = pairs.filter_map(|(own, base)| Some(compare((*own)?, (*base)?))).collect();
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
        let median = |figures: Series| figures.quantile(0.5);
        let mut medians: Vec<f64> =
            (0..DRAWINGS).map(|_| median(pairs.iter().map(|_| dice.draw(&pairs)).collect())).collect();
        medians.sort_by(f64::total_cmp);
        Compared {
            median: median(pairs.into_iter().collect()),
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

    /// What to say of the way then.
    #[must_use]
    pub fn void(&self, way: &str) -> Option<String> {
        let void =
            || format!("VOID: {way} over itself is {self}; the machine does something else, measure again");
        self.is_void().then(void)
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2} to {:.2})", self.median, self.low, self.high)
    }
}

/// What to say of a goal.
#[must_use]
pub fn verdict(is_void: bool, is_reached: bool) -> &'static str {
    match (is_void, is_reached) {
        (true, _) => "void",
        (false, true) => "reached",
        (false, false) => "MISSED",
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

    fn series(figures: impl IntoIterator<Item = f64>) -> Series {
        figures.into_iter().collect()
    }

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        let series = series([4.0, 1.0, 3.0, 2.0]);
        assert_eq!(series.quantile(0.0), 1.0);
        assert_eq!(series.quantile(0.5), 2.5);
        assert_eq!(series.quantile(1.0), 4.0);
    }

    #[test]
    fn runs_of_one_round_are_compared() {
        let base = series([1.0, 10.0, 100.0]);
        let ratio = series([2.0, 20.0, 200.0]).over(&base);
        assert_eq!((ratio.low, ratio.median, ratio.high), (2.0, 2.0, 2.0));
        let difference = series([3.0, 12.0, 102.0]).minus(&base);
        assert_eq!((difference.low, difference.median, difference.high), (2.0, 2.0, 2.0));
    }

    #[test]
    fn the_interval_is_around_the_median() {
        let base = series([1.0; 9]);
        let ratio = series((1..10).map(f64::from)).over(&base);
        assert_eq!(ratio.median, 5.0);
        assert!((2.0..5.0).contains(&ratio.low), "{ratio:?}");
        assert!(ratio.high > 5.0 && ratio.high <= 8.0, "{ratio:?}");
    }

    #[test]
    fn a_way_that_differs_from_itself_is_void() {
        let one = series([1.0; 3]);
        assert!(!series([1.02; 3]).over(&one).is_void());
        assert!(series([1.04; 3]).over(&one).is_void());
        assert!(series([0.96; 3]).over(&one).is_void());
        assert!(series([]).over(&one).is_void());
    }

    #[test]
    fn ways_take_turns() {
        let mut order = Vec::new();
        let all = in_turn(2, &["a", "b"], |way| {
            order.push(*way);
            Ok(order.len() as f64)
        });
        let all: Vec<_> = all.expect("no run fails").into_iter().map(|one| one.0).collect();
        assert_eq!(all, [[Some(1.0), Some(3.0)], [Some(2.0), Some(4.0)]]);
        assert_eq!(order, ["a", "b", "a", "b"]);
    }

    #[test]
    fn a_way_is_compared_in_the_rounds_in_which_it_took_part() {
        let all = some_in_turn(4, &["often", "rarely"], |way, round| {
            let figure = (round + 1) as f64;
            Ok(match *way {
                "often" => Some([figure, 1.0]),
                _ => (round % 2 == 1).then_some([figure * 3.0, 2.0]),
            })
        });
        let [[often, _], [rarely, constant]] = &all.expect("no run fails")[..] else { panic!("two ways") };
        assert_eq!(rarely.quantile(0.5), 9.0);
        assert_eq!(constant.quantile(0.5), 2.0);
        assert_eq!(rarely.over(often).median, 3.0);
    }
}
