//! The fair pick (rule 7): one rule for lanes, campaigns and language versions.

/// One turn, in units of 2⁻³².
const TURN: i64 = 1 << 32;

/// One that may be chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    /// Its number; numbers are in the order of ids, so the smallest number is the smallest id.
    pub(super) number: u32,
    /// What it has saved up, in units of 2⁻³².
    pub(super) credit: i64,
    gain: i64,
    /// It has more than half of the weight: it may be chosen twice in a row.
    heavy: bool,
}

/// Those that share turns by weight. `shares` are (number, credit, weight), in the order of numbers.
pub(super) fn candidates(shares: impl Iterator<Item = (u32, i64, u32)> + Clone) -> Vec<Candidate> {
    let total: i64 = shares.clone().map(|(_, _, weight)| i64::from(weight)).sum();
    let candidate = |(number, credit, weight): (u32, i64, u32)| {
        let weight = i64::from(weight);
        // Only a lane can weigh 0, and where it is alone all turns are its own.
        let gain = (weight * TURN).checked_div(total).unwrap_or(TURN);
        Candidate { number, credit, gain, heavy: weight * 2 > total }
    };
    shares.map(candidate).collect()
}

/// Chooses one: each gains its share, the one chosen last is passed over unless it is heavy or alone, the highest credit wins
/// (of equal ones the first) and pays a turn. `last` is the number chosen last by this pick, and is set.
pub(super) fn pick(candidates: &mut [Candidate], last: &mut Option<u32>) -> Option<u32> {
    let alone = candidates.len() == 1;
    let mut best: Option<&mut Candidate> = None;
    for candidate in candidates {
        candidate.credit += candidate.gain;
        let passed_over = *last == Some(candidate.number) && !candidate.heavy && !alone;
        if !passed_over && best.as_ref().is_none_or(|best| candidate.credit > best.credit) {
            best = Some(candidate);
        }
    }
    let chosen = best?;
    chosen.credit -= TURN;
    *last = Some(chosen.number);
    *last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_credits_the_smallest_id_wins() {
        let mut three = candidates([(3, 7, 1), (5, 7, 1), (8, 7, 1)].into_iter());
        let mut last = None;
        assert_eq!([(); 3].map(|()| pick(&mut three, &mut last)), [Some(3), Some(5), Some(8)]);
    }

    #[test]
    fn only_more_than_half_of_the_weight_may_come_twice_in_a_row() {
        // With far more credit than the others.
        for (weight, twice) in [(3, false), (4, true)] {
            let mut two = candidates([(0, 9 * TURN, weight), (1, 0, 3)].into_iter());
            let mut last = None;
            assert_eq!([(); 2].map(|()| pick(&mut two, &mut last)), [Some(0), Some(u32::from(!twice))]);
        }
    }

    #[test]
    fn whoever_is_alone_has_all_turns_at_no_cost_whatever_it_weighs() {
        let mut lone = candidates([(4, 11, 0)].into_iter());
        let mut last = Some(4);
        assert_eq!([(); 3].map(|()| pick(&mut lone, &mut last)), [Some(4); 3]);
        assert_eq!(lone.iter().map(|candidate| candidate.credit).collect::<Vec<_>>(), [11]);
    }
}
