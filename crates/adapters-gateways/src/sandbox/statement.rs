//! The settlement file of the sandbox: a table in UTF-8 with the columns `type` (`payment` or `refund`),
//! `transaction_id`, `reference`, `refund_id`, `refund_reference`, `amount`, `currency` and `occurred_at`.
//!
//! ```text
//! type,transaction_id,reference,refund_id,refund_reference,amount,currency,occurred_at
//! payment,k3v…,sb_pay_…,,,19.98,CNY,2026-11-26T08:30:00.123Z
//! refund,k3v…,sb_pay_…,q7m…,sb_ref_…,5.00,CNY,2026-11-26T09:00:00Z
//! ```

use domain::{RefundId, Timestamp, TransactionId, payment::GatewayReference};
use ports::{
    Statement, StatementBuilder, StatementEntry, StatementEntryKind, StatementFault, StatementFaults,
};

use crate::statement::{Row, TableFormat, decode_file};

const FORMAT: TableFormat = TableFormat {
    required: &[
        "type",
        "transaction_id",
        "reference",
        "refund_id",
        "refund_reference",
        "amount",
        "currency",
        "occurred_at",
    ],
    is_outside: |_| false,
};

pub(super) fn parse_statement(file: &[u8]) -> Result<Statement, StatementFaults> {
    FORMAT.read_rows(&decode_file(file, false)?, StatementBuilder::default(), read_row)
}

fn read_row(row: &Row<'_>, builder: &mut StatementBuilder) -> Result<(), StatementFault> {
    let text = |it: GatewayReference| it.as_str().to_owned();
    let kind = match row.text("type") {
        "payment" => StatementEntryKind::Payment,
        "refund" => StatementEntryKind::Refund {
            id: row.id("refund_id")?.map(text).map(RefundId::new),
            reference: row.id("refund_reference")?,
        },
        _ => return Err(row.fault("type", "must be payment or refund")),
    };
    let at = row.text("occurred_at").parse::<jiff::Timestamp>();
    let at = at.map_err(|_| row.fault("occurred_at", "must be a time such as 2026-11-26T08:30:00Z"))?;
    builder.add_entry(StatementEntry {
        line: row.line,
        kind,
        transaction: row.id("transaction_id")?.map(text).map(TransactionId::new),
        payment: row.id("reference")?,
        amount: Some(row.amount("amount", row.currency("currency")?)?.into()),
        at: Some(Timestamp::from_millis(at.as_millisecond())),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::payment::ReportedAmount;

    use super::*;

    const HEAD: &str =
        "type,transaction_id,reference,refund_id,refund_reference,amount,currency,occurred_at\n";

    #[test]
    fn a_file_is_read_whole() {
        let text = format!(
            "{HEAD}payment,t1,sb_pay_1,,,19.98,CNY,2026-11-26T08:30:00.123Z\n\
             refund,t1,,r1,sb_ref_1,5,CNY,2026-11-26T09:00:00Z\n"
        );
        let statement = parse_statement(text.as_bytes()).unwrap();
        let [payment, refund] = &statement.entries[..] else { panic!("{statement:?}") };
        assert_eq!((payment.line, payment.amount.clone()), (2, ReportedAmount::parse("19.98", "CNY")));
        assert_eq!(payment.payment, Some(GatewayReference::new("sb_pay_1".to_owned())));
        assert_eq!(payment.at, Some(Timestamp::from_millis(1_795_681_800_123)));
        let id = Some(RefundId::new("r1".to_owned()));
        let reference = Some(GatewayReference::new("sb_ref_1".to_owned()));
        assert_eq!(refund.kind, StatementEntryKind::Refund { id, reference });
        assert_eq!(refund.transaction, Some(TransactionId::new("t1".to_owned())));
    }

    #[test]
    fn what_is_wrong_is_said_by_column() {
        for (line, column) in [
            ("fee,t1,,,,1,CNY,2026-11-26T09:00:00Z", "type"),
            ("payment,t1,,,,0,CNY,2026-11-26T09:00:00Z", "amount"),
            ("payment,t1,,,,1,money,2026-11-26T09:00:00Z", "currency"),
            ("payment,t1,,,,1,CNY,today", "occurred_at"),
            ("refund,t1,,a b,,1,CNY,2026-11-26T09:00:00Z", "refund_id"),
        ] {
            let faults = parse_statement(format!("{HEAD}{line}\n").as_bytes()).unwrap_err();
            let [fault] = faults.as_slice() else { panic!("{faults}") };
            assert_eq!((fault.line, fault.column), (2, column));
        }
    }
}
