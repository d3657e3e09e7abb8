//! WeChat Pay's settlement file: the statement of trades (交易账单) of `/v3/bill/tradebill` with
//! `bill_type=ALL`. Each value begins with a backtick, and the last two lines are sums.

use domain::{RefundId, TransactionId, payment::GatewayReference};
use ports::{
    Statement, StatementBuilder, StatementEntry, StatementEntryKind, StatementFault, StatementFaults,
};

use crate::statement::{Row, TableFormat, decode_file};

const TIME: &str = "交易时间";
const TRADE_NO: &str = "微信订单号";
const OUT_TRADE_NO: &str = "商户订单号";
const STATE: &str = "交易状态";
const CURRENCY: &str = "货币种类";
const AMOUNT: &str = "订单金额";
const REFUND_REFERENCE: &str = "微信退款单号";
const REFUND_NO: &str = "商户退款单号";
const REFUND_AMOUNT: &str = "申请退款金额";
const REFUND_STATE: &str = "退款状态";
const SUCCESS: &str = "SUCCESS";
const REFUND: &str = "REFUND";

const FORMAT: TableFormat = TableFormat {
    required: &[
        TIME,
        TRADE_NO,
        OUT_TRADE_NO,
        STATE,
        CURRENCY,
        AMOUNT,
        REFUND_REFERENCE,
        REFUND_NO,
        REFUND_AMOUNT,
        REFUND_STATE,
    ],
    is_outside: |_| false,
};
/// The first value of the line that names the sums. The line behind it has as many values.
const SUMS: &str = "总交易单数";
/// WeChat Pay's times are those of China.
const OFFSET_HOURS: i8 = 8;

pub(super) fn parse_statement(file: &[u8]) -> Result<Statement, StatementFaults> {
    let text = decode_file(file, true)?;
    let end = text.find(SUMS).unwrap_or(text.len());
    FORMAT.read_rows(text.get(..end).unwrap_or(&text), StatementBuilder::default(), read_row)
}

fn read_row(row: &Row<'_>, builder: &mut StatementBuilder) -> Result<(), StatementFault> {
    let text = |it: GatewayReference| it.as_str().to_owned();
    let (kind, amount) = match (row.text(STATE), row.text(REFUND_STATE)) {
        (SUCCESS, _) => (StatementEntryKind::Payment, AMOUNT),
        (REFUND, SUCCESS) => {
            let id = row.id(REFUND_NO)?.map(text).map(RefundId::new);
            (StatementEntryKind::Refund { id, reference: row.id(REFUND_REFERENCE)? }, REFUND_AMOUNT)
        }
        // A refund that was still under way, or failed, when the file was made. Its state in the file stays.
        (REFUND, _) | ("REVOKED", _) => {
            builder.skip_line();
            return Ok(());
        }
        _ => return Err(row.fault(STATE, "must be SUCCESS, REFUND or REVOKED")),
    };
    let payment = row.id(TRADE_NO)?;
    if payment.is_none() {
        return Err(row.fault(TRADE_NO, "must be there"));
    }
    builder.add_entry(StatementEntry {
        line: row.line,
        kind,
        transaction: row.id(OUT_TRADE_NO)?.map(text).map(TransactionId::new),
        payment,
        amount: Some(row.amount(amount, row.currency(CURRENCY)?)?.into()),
        at: row.time(TIME, OFFSET_HOURS)?,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::payment::ReportedAmount;

    use super::*;
    use crate::statement::parse_time;

    const HEAD: &str = "\u{feff}交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,\
        付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,\
        商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\r\n";
    const SUM_LINES: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n\
        `3,`19.98,`10.00,`0.00,`0.10000,`19.98,`10.00\r\n";

    fn line(state: &str, refund: &str, amounts: &str) -> String {
        format!(
            "`2026-11-25 16:30:00,`wx8888888888888888,`1900000109,`0,`,`4200001234202611259876543210,`t1,`oUpF8u,`NATIVE,\
             `{state},`OTHERS,`CNY,`19.98,`0.00,{refund},`订单 1,`,`0.12000,`0.60%,{amounts},`\r\n"
        )
    }

    #[test]
    fn a_file_is_read_up_to_its_sums() {
        let payment = line("SUCCESS", "`0,`0,`0.00,`0.00,`,`", "`19.98,`0.00");
        let refund = line("REFUND", "`5030001,`r1,`5.00,`0.00,`ORIGINAL,`SUCCESS", "`0.00,`5.00");
        let open = line("REFUND", "`5030002,`r2,`5.00,`0.00,`ORIGINAL,`PROCESSING", "`0.00,`5.00");
        let statement =
            parse_statement(format!("{HEAD}{payment}{refund}{open}{SUM_LINES}").as_bytes()).unwrap();
        let [payment, refund] = &statement.entries[..] else { panic!("{statement:?}") };
        assert_eq!((statement.skipped, statement.period), (1, None));
        assert_eq!((payment.line, payment.kind.clone()), (2, StatementEntryKind::Payment));
        assert_eq!(payment.payment.as_ref().unwrap().as_str(), "4200001234202611259876543210");
        assert_eq!(payment.transaction.as_ref().unwrap().as_str(), "t1");
        assert_eq!(payment.amount, ReportedAmount::parse("19.98", "CNY"));
        assert_eq!(payment.at, parse_time("2026-11-25 08:30:00", 0));
        let id = Some(RefundId::new("r1".to_owned()));
        let reference = Some(GatewayReference::new("5030001".to_owned()));
        assert_eq!(refund.kind, StatementEntryKind::Refund { id, reference });
        assert_eq!(refund.amount, ReportedAmount::parse("5.00", "CNY"));
    }

    #[test]
    fn a_file_of_one_kind_only_is_refused() {
        // Without its refunds a file would make each refund here a difference.
        let head = "交易时间,微信订单号,商户订单号,交易状态,货币种类,订单金额\r\n";
        let faults = parse_statement(head.as_bytes()).unwrap_err().to_string();
        assert!(faults.contains("column 微信退款单号: is missing"), "{faults}");
    }
}
