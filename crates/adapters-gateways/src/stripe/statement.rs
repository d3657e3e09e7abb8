//! Stripe's settlement file: an itemised report on the balance, such as `balance_change_from_activity.itemized.3`,
//! with the columns `reporting_category`, `gross`, `currency`, `source_id`, `payment_intent_id` and `created_utc`.
//!
//! Optional columns make it better: `payment_metadata[transaction_id]` and `refund_metadata[refund_id]` name our
//! ids, and `customer_facing_amount` with `customer_facing_currency` state the amount before Stripe converts it to
//! the currency of the payout.

use std::collections::HashMap;

use domain::{Money, RefundId, TransactionId, payment::GatewayReference};
use ports::{
    Statement, StatementBuilder, StatementEntry, StatementEntryKind, StatementFault, StatementFaults,
};

use crate::statement::{Row, TableFormat, decode_file};

const FORMAT: TableFormat = TableFormat {
    required: &["reporting_category", "gross", "currency", "source_id", "payment_intent_id", "created_utc"],
    is_outside: |_| false,
};
const TRANSACTION_ID: &str = "payment_metadata[transaction_id]";
const REFUND_ID: &str = "refund_metadata[refund_id]";

pub(super) fn parse_statement(file: &[u8]) -> Result<Statement, StatementFaults> {
    let mut postings = Vec::new();
    let mut statement =
        FORMAT.read_rows(&decode_file(file, false)?, StatementBuilder::default(), |row, builder| {
            match read_row(row)? {
                Some(posting) => postings.push(posting),
                None => builder.skip_line(),
            }
            Ok(())
        })?;
    statement.entries = combine_postings(postings);
    Ok(statement)
}

/// A line that moves money of a payment.
struct Posting {
    effect: Effect,
    /// The amount in the currency of the payout.
    gross: Money,
    /// The amount in the buyer's currency, if the line has it.
    facing: Option<Money>,
    /// The entry, without its amount.
    entry: StatementEntry,
    /// What postings about the same thing have in common.
    key: String,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Payment,
    Refund,
    Dispute,
}

/// What a line does to the payment or refund that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Adds,
    /// It takes a part back, or all, at the rate of the line to which it belongs.
    TakesBack,
    /// It takes one line back whole, maybe at another rate of exchange.
    Cancels,
}

fn read_row(row: &Row<'_>) -> Result<Option<Posting>, StatementFault> {
    let (subject, effect) = match row.text("reporting_category") {
        "charge" => (Subject::Payment, Effect::Adds),
        // A smaller capture is two lines: the whole authorisation, and what was not captured of it.
        "partial_capture_reversal" => (Subject::Payment, Effect::TakesBack),
        "refund" => (Subject::Refund, Effect::Adds),
        // A debit that failed later. Its own source is the failed charge, and the payment is that of the charge.
        "charge_failure" => (Subject::Payment, Effect::Cancels),
        "refund_failure" => (Subject::Refund, Effect::Cancels),
        // That one was won is another line, and its dispute must be known all the same.
        "dispute" => (Subject::Dispute, Effect::Adds),
        // Fees, payouts and the like.
        _ => return Ok(None),
    };
    let text = |it: GatewayReference| it.as_str().to_owned();
    let payment = row.id("payment_intent_id")?;
    let transaction = row.id(TRANSACTION_ID)?.map(text).map(TransactionId::new);
    let source = row.id("source_id")?;
    let (kind, name) = match subject {
        Subject::Payment => (StatementEntryKind::Payment, payment.clone().or(source)),
        Subject::Refund => {
            let id = row.id(REFUND_ID)?.map(text).map(RefundId::new);
            (StatementEntryKind::Refund { id, reference: source.clone() }, source)
        }
        Subject::Dispute => (StatementEntryKind::Dispute { reference: source.clone() }, source),
    };
    let Some(name) = name else { return Err(row.fault("source_id", "must be there")) };
    let gross = row.amount("gross", row.currency("currency")?)?;
    let facing = read_facing(row)?;
    let (line, at) = (row.line, row.time("created_utc", 0)?);
    let key = format!("{subject:?}:{name}");
    let entry = StatementEntry { line, kind, transaction, payment, amount: None, at };
    Ok(Some(Posting { effect, gross, facing, entry, key }))
}

/// The amount in the buyer's currency, if the line has it. Lines that take something back have none.
fn read_facing(row: &Row<'_>) -> Result<Option<Money>, StatementFault> {
    if row.text("customer_facing_currency").is_empty() || row.text("customer_facing_amount").is_empty() {
        return Ok(None);
    }
    row.amount("customer_facing_amount", row.currency("customer_facing_currency")?).map(Some)
}

/// Makes one entry of all lines about one payment or refund, in the order of their first lines.
fn combine_postings(postings: Vec<Posting>) -> Vec<StatementEntry> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<Vec<Posting>> = Vec::new();
    for posting in postings {
        let at = *places.entry(posting.key.clone()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(posting),
            None => groups.push(vec![posting]),
        }
    }
    groups.iter().filter_map(|it| combine_group(it)).collect()
}

/// Makes one entry of the lines about one payment or refund. What was taken back whole is no entry; what was taken back of
/// a line in an earlier file is none either.
fn combine_group(group: &[Posting]) -> Option<StatementEntry> {
    let with = |effect: Effect| group.iter().filter(move |it| it.effect == effect);
    // Each cancels one: a payment whose first debit failed may have a second one.
    let added: Vec<_> = with(Effect::Adds).skip(with(Effect::Cancels).count()).collect();
    let taken: Vec<_> = with(Effect::TakesBack).collect();
    let entry = added.first()?.entry.clone();
    let gross = net_amount(&added, &taken, |it| Some(it.gross));
    let facing = net_amount(&added, &taken, |it| it.facing);
    if facing.or(gross).is_some_and(Money::is_zero) {
        return None;
    }
    // In the currency of the payout only if that is the buyer's, as far as the file says. At a rate of exchange a part
    // could only be estimated.
    let is_exchanged =
        group.iter().any(|it| it.facing.is_some_and(|facing| facing.currency() != it.gross.currency()));
    let amount = facing.or(gross.filter(|_| !is_exchanged));
    Some(StatementEntry { amount: amount.map(Into::into), ..entry })
}

/// What is left of the lines; `None` if one has no such amount, or they are in several currencies.
fn net_amount(
    added: &[&Posting],
    taken: &[&Posting],
    amount: impl Fn(&Posting) -> Option<Money>,
) -> Option<Money> {
    let zero = Money::zero(amount(added.first()?)?.currency());
    let sum = |of: &[&Posting]| of.iter().try_fold(zero, |sum, it| sum.try_add(amount(it)?).ok());
    Some(sum(added)?.saturating_sub(sum(taken)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "balance_transaction_id,created_utc,created,currency,gross,fee,net,reporting_category,\
                        source_id,description,customer_facing_amount,customer_facing_currency,charge_id,\
                        payment_intent_id,payment_metadata[transaction_id],refund_metadata[refund_id]\n";

    fn parse(lines: &str) -> Statement {
        parse_statement(format!("{HEAD}{lines}").as_bytes()).unwrap()
    }

    fn summary<'s>(statement: &'s Statement) -> Vec<(u64, &'s str, &'s str)> {
        let amount = |it: &'s StatementEntry| it.amount.as_ref();
        let texts = |it| amount(it).map_or(("", ""), |it| (it.amount.as_str(), it.currency.as_str()));
        statement.entries.iter().map(|it| (it.line, texts(it).0, texts(it).1)).collect()
    }

    #[test]
    fn charges_and_refunds_are_read_and_the_rest_is_counted() {
        let statement = parse(
            "txn_1,2026-11-25 08:30:00,2026-11-25 10:30:00,eur,19.98,0.58,19.40,charge,ch_1,\"Order, 1\",,,ch_1,pi_1,t1,\n\
             txn_2,2026-11-25 09:00:00,2026-11-25 11:00:00,eur,-5.00,0.00,-5.00,refund,re_1,REFUND,,,ch_1,pi_1,t1,r1\n\
             txn_3,2026-11-25 09:30:00,,eur,-19.98,15.00,-34.98,dispute,dp_1,,,,ch_1,pi_1,t1,\n\
             txn_4,2026-11-25 10:00:00,,eur,-1.00,0.00,-1.00,fee,,Stripe fee,,,,,,\n",
        );
        assert_eq!(
            (summary(&statement), statement.skipped),
            (vec![(2, "19.98", "EUR"), (3, "5.00", "EUR"), (4, "19.98", "EUR")], 1)
        );
        let [payment, refund, dispute] = &statement.entries[..] else { panic!() };
        let reference = Some(GatewayReference::new("dp_1".to_owned()));
        assert_eq!(dispute.kind, StatementEntryKind::Dispute { reference });
        assert_eq!(payment.payment.as_ref().unwrap().as_str(), "pi_1");
        assert_eq!(payment.transaction.as_ref().unwrap().as_str(), "t1");
        assert_eq!(payment.at, crate::statement::parse_time("2026-11-25 08:30:00", 0));
        let reference = GatewayReference::new("re_1".to_owned());
        let id = Some(RefundId::new("r1".to_owned()));
        assert_eq!(refund.kind, StatementEntryKind::Refund { id, reference: Some(reference) });
    }

    #[test]
    fn the_buyers_currency_counts_if_it_is_there() {
        let statement =
            parse("txn_1,2026-11-25 08:30:00,,eur,6.10,0.58,5.52,charge,ch_1,,1000,jpy,ch_1,pi_1,t1,\n");
        assert_eq!(summary(&statement), [(2, "1000", "JPY")]);
    }

    #[test]
    fn a_partial_capture_is_one_entry_of_what_was_captured() {
        let statement = parse(
            "txn_1,2026-11-25 08:30:00,,eur,20.00,0,20,charge,ch_1,,,,ch_1,pi_1,t1,\n\
             txn_2,2026-11-25 08:30:00,,eur,-15.00,0,-15,partial_capture_reversal,ch_1,,,,ch_1,pi_1,t1,\n",
        );
        assert_eq!(summary(&statement), [(2, "5.00", "EUR")]);
    }

    #[test]
    fn a_refund_that_failed_is_none() {
        let statement = parse(
            "txn_1,2026-11-25 08:30:00,,eur,-5.00,0,-5,refund,re_1,,,,ch_1,pi_1,t1,r1\n\
             txn_2,2026-11-25 09:30:00,,eur,5.00,0,5,refund_failure,re_1,,,,ch_1,pi_1,t1,r1\n\
             txn_3,2026-11-25 09:30:00,,eur,5.00,0,5,refund_failure,re_0,,,,ch_0,pi_0,t0,r0\n",
        );
        assert_eq!(summary(&statement), []);
    }

    #[test]
    fn what_was_taken_back_has_no_amount_of_the_buyer_and_is_taken_from_what_it_belongs_to() {
        let charge = "txn_1,2026-11-25 08:30:00,,eur,6.10,0.5,5.6,charge,ch_1,,1000,jpy,ch_1,pi_1,t1,\n";
        let refund = "txn_2,2026-11-25 08:30:00,,eur,-6.10,0,-6.1,refund,re_1,,1000,jpy,ch_1,pi_1,t1,r1\n";
        let back = |category: &str, source: &str, gross: &str| {
            format!("txn_3,2026-11-25 09:30:00,,eur,{gross},0,0,{category},{source},,,,ch_1,pi_1,t1,\n")
        };
        let part = back("partial_capture_reversal", "ch_1", "-3.05");
        for lines in [format!("{charge}{part}"), format!("{part}{charge}")] {
            let statement = parse(&lines);
            let [entry] = &statement.entries[..] else { panic!("{statement:?}") };
            assert_eq!((entry.amount.as_ref(), &entry.kind), (None, &StatementEntryKind::Payment));
        }
        let whole = back("partial_capture_reversal", "ch_1", "-6.10");
        let failed_charge = back("charge_failure", "py_1", "-6.05");
        let failed_refund = back("refund_failure", "re_1", "6.05");
        for lines in [
            format!("{charge}{whole}"),
            format!("{charge}{failed_charge}"),
            format!("{refund}{failed_refund}"),
            failed_charge.clone(),
        ] {
            let statement = parse(&lines);
            assert_eq!((summary(&statement), statement.skipped), (vec![], 0), "{lines}");
        }
        let same = charge.replace("eur,6.10", "jpy,1000");
        let part = back("partial_capture_reversal", "ch_1", "-400").replace("eur", "jpy");
        assert_eq!(summary(&parse(&format!("{same}{part}"))), [(2, "600", "JPY")]);
        assert_eq!(summary(&parse(&format!("{part}{same}"))), [(3, "600", "JPY")]);
    }

    #[test]
    fn a_report_without_the_columns_is_refused() {
        let faults = parse_statement(b"gross,currency\n1,eur\n").unwrap_err().to_string();
        for column in ["reporting_category", "source_id", "payment_intent_id", "created_utc"] {
            assert!(faults.contains(&format!("line 1, column {column}: is missing")), "{faults}");
        }
    }
}
