use super::*;

const HOUR_MS: i64 = 3_600_000;
const NOW: Timestamp = Timestamp::from_millis(1_000 * HOUR_MS + 5);

fn at_hour(hour: i64) -> Timestamp {
    Timestamp::from_millis(hour * HOUR_MS)
}

#[test]
fn an_offset_is_a_sign_and_a_time() {
    for (text, minutes) in [("+00:00", 0), ("-00:00", 0), ("+08:00", 480), ("-05:30", -330), ("+14:00", 840)]
    {
        assert_eq!(parse_offset(text), Ok(minutes), "{text}");
    }
    let faults = [
        "", "+", "08:00", " 08:00", "+8:00", "+08", "+0800", "+08:60", "+14:01", "-99:99", "++8:00",
        "+08:+1", "é08:00",
    ];
    for text in faults {
        assert_eq!(parse_offset(text), Err(OFFSET), "{text}");
    }
}

#[test]
fn without_times_the_last_day_or_month_is_shown() {
    for (size, count) in [(BucketSize::Hour, 24), (BucketSize::Day, 30)] {
        let window = build_window(size, 0, None, None, NOW).unwrap();
        assert_eq!(window.buckets().count(), count);
        assert!(window.contains(NOW));
        assert_eq!(window.buckets().last(), Some(window.bucket_of(NOW)));
    }
}

#[test]
fn one_time_is_completed() {
    let since = build_window(BucketSize::Hour, 0, Some(at_hour(998)), None, NOW).unwrap();
    assert_eq!(since.buckets(), 998..1_001);
    let until = build_window(BucketSize::Hour, 0, None, Some(at_hour(998)), NOW).unwrap();
    assert_eq!(until.buckets(), 974..998);
}

#[test]
fn a_window_that_cannot_be_is_a_fault_of_a_parameter() {
    for (from, to, name) in [(2, Some(2), "to"), (2, Some(1), "to"), (0, Some(745), "to"), (0, None, "from")]
    {
        let problem =
            build_window(BucketSize::Hour, 0, Some(at_hour(from)), to.map(at_hour), NOW).unwrap_err();
        let view = serde_json::to_value(crate::http::problem::ProblemView::from(&problem)).unwrap();
        assert_eq!(
            (view["status"].as_u64(), view["errors"][0]["parameter"].as_str()),
            (Some(422), Some(name))
        );
    }
}
