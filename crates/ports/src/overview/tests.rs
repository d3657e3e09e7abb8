use super::*;

const HOUR_MS: i64 = 3_600_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[test]
fn a_window_has_every_bucket_that_it_touches() {
    let window = OverviewWindow::covering(BucketSize::Hour, 0, at(HOUR_MS - 1), at(2 * HOUR_MS + 1)).unwrap();
    assert_eq!(window.buckets(), 0..3);
    assert_eq!((window.from(), window.until()), (at(0), at(3 * HOUR_MS)));
    let exact = OverviewWindow::covering(BucketSize::Hour, 0, at(HOUR_MS), at(2 * HOUR_MS)).unwrap();
    assert_eq!(exact.buckets(), 1..2, "its end is not within");
}

#[test]
fn a_day_begins_at_midnight_by_the_clock_of_the_window() {
    let noon = at(12 * HOUR_MS);
    for (offset, start) in
        [(0, 0), (8 * 60, -8 * HOUR_MS), (-(5 * 60 + 30), 5 * HOUR_MS + HOUR_MS / 2), (14 * 60, 10 * HOUR_MS)]
    {
        let window = OverviewWindow::ending_at(BucketSize::Day, offset, noon, 1).unwrap();
        assert_eq!(window.from(), at(start), "{offset}");
        assert!(window.contains(noon) && !window.contains(window.until()), "{offset}");
    }
}

#[test]
fn a_window_has_at_most_31_days() {
    let day = 24 * HOUR_MS;
    for size in [BucketSize::Hour, BucketSize::Day] {
        let most = OverviewWindow::covering(size, 0, at(0), at(31 * day)).unwrap();
        assert_eq!(most.buckets().count(), usize::try_from(31 * day / size.length_millis()).unwrap());
        assert!(i64::try_from(most.buckets().count()).unwrap() <= OverviewWindow::BUCKETS_MAX);
        assert!(OverviewWindow::covering(size, 0, at(0), at(31 * day + 1)).is_err());
    }
    assert!(OverviewWindow::covering(BucketSize::Day, 0, at(i64::MIN), at(i64::MAX)).is_err());
}

#[test]
fn a_window_ends_after_it_begins_by_a_clock_that_exists() {
    assert!(OverviewWindow::covering(BucketSize::Hour, 0, at(5), at(5)).is_err());
    assert!(OverviewWindow::covering(BucketSize::Hour, 14 * 60 + 1, at(0), at(5)).is_err());
    assert!(OverviewWindow::covering(BucketSize::Hour, i16::MIN, at(0), at(5)).is_err());
}

#[test]
fn figures_are_complete_from_the_latest_limit_on() {
    let mut figures = OverviewFigures::default();
    figures.note_limit(at(7));
    figures.note_limit(at(3));
    assert_eq!(figures.complete_from, Some(at(8)));
}
