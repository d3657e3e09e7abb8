//! Alipay's settlement file: the statement of trades (业务明细) that
//! `alipay.data.dataservice.bill.downloadurl.query` names with `bill_type=trade`. It is GBK; lines that begin with
//! `#` are around its table.

use domain::{Currency, RefundId, TransactionId, payment::GatewayReference};
use ports::{
    Statement, StatementBuilder, StatementEntry, StatementEntryKind, StatementFault, StatementFaults,
    StatementPeriod,
};

use crate::statement::{Row, TableFormat, decode_file, parse_time};

const TRADE_NO: &str = "支付宝交易号";
const OUT_TRADE_NO: &str = "商户订单号";
const KIND: &str = "业务类型";
const FINISHED_AT: &str = "完成时间";
const AMOUNT: &str = "订单金额(元)";
const REFUND_NO: &str = "退款批次号/请求号";
const PAYMENT: &str = "交易";
const REFUND: &str = "退款";

const FORMAT: TableFormat = TableFormat {
    required: &[TRADE_NO, OUT_TRADE_NO, KIND, FINISHED_AT, AMOUNT, REFUND_NO],
    is_outside: |line| line.starts_with('#'),
};
/// Alipay trades are in this currency.
const CURRENCY: &str = "CNY";
/// Alipay's times are those of China.
const OFFSET_HOURS: i8 = 8;

pub(super) fn parse_statement(file: &[u8]) -> Result<Statement, StatementFaults> {
    let text = decode_file(file, true)?;
    let mut builder = StatementBuilder::default();
    if let Some(period) = find_period(&text) {
        builder.set_period(period);
    }
    FORMAT.read_rows(&text, builder, read_row)
}

/// Finds the line `#起始日期：[2026年11月25日 00:00:00]   终止日期：[2026年11月26日 00:00:00]`.
fn find_period(text: &str) -> Option<StatementPeriod> {
    let line = text.lines().take_while(|it| it.starts_with('#')).find(|it| it.contains("起始日期"))?;
    let (from, until) = line.split_once("终止日期")?;
    Some(StatementPeriod { from: parse_bracketed(from)?, until: parse_bracketed(until)? })
}

fn parse_bracketed(text: &str) -> Option<domain::Timestamp> {
    let time = text.split_once('[')?.1.split_once(']')?.0;
    parse_time(&time.replace(['年', '月'], "-").replace('日', ""), OFFSET_HOURS)
}

fn read_row(row: &Row<'_>, builder: &mut StatementBuilder) -> Result<(), StatementFault> {
    let text = |it: GatewayReference| it.as_str().to_owned();
    let kind = match row.text(KIND) {
        PAYMENT => StatementEntryKind::Payment,
        // Alipay has no reference of its own for a refund.
        REFUND => StatementEntryKind::Refund {
            id: row.id(REFUND_NO)?.map(text).map(RefundId::new),
            reference: None,
        },
        _ => {
            builder.skip_line();
            return Ok(());
        }
    };
    let currency = Currency::parse(CURRENCY).map_err(|_| row.fault(AMOUNT, "must be in CNY"))?;
    let payment = row.id(TRADE_NO)?;
    if payment.is_none() {
        return Err(row.fault(TRADE_NO, "must be there"));
    }
    builder.add_entry(StatementEntry {
        line: row.line,
        kind,
        transaction: row.id(OUT_TRADE_NO)?.map(text).map(TransactionId::new),
        payment,
        amount: Some(row.amount(AMOUNT, currency)?.into()),
        at: row.time(FINISHED_AT, OFFSET_HOURS)?,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::payment::ReportedAmount;

    use super::*;

    const FILE: &str = "#支付宝业务明细查询\r\n\
        #账号：[20881234567890120156]\r\n\
        #起始日期：[2026年11月25日 00:00:00]   终止日期：[2026年11月26日 00:00:00]\r\n\
        #-----------------------------------------业务明细列表----------------------------------------\r\n\
        支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,\
        订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,\
        券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注\r\n\
        2026112522001439871409877777\t,t1\t,交易     ,订单 1,2026-11-25 08:29:30,2026-11-25 08:30:00,,,,,\
        *三(138****0000),19.98,19.98,0.00,0.00,0.00,0.00,0.00,,0.00,0.00,,-0.12,0.00,\r\n\
        2026112522001439871409877777\t,t1\t,退款     ,订单 1,2026-11-25 09:00:00,2026-11-25 09:00:01,,,,,\
        *三(138****0000),-5.00,-5.00,0.00,0.00,0.00,0.00,0.00,,0.00,0.00,r1\t,0.03,0.00,\r\n\
        #-----------------------------------------业务明细列表结束------------------------------------\r\n\
        #交易合计：1笔，商家实收共19.98元，商家优惠共0.00元\r\n\
        #退款合计：1笔，商家实收退款共-5.00元，商家优惠退款共0.00元\r\n\
        #导出时间：[2026年11月26日 09:00:00]\r\n";

    #[test]
    fn a_file_is_read_in_either_encoding() {
        let (gbk, _, _) = encoding_rs::GBK.encode(FILE);
        let statement = parse_statement(&gbk).unwrap();
        assert_eq!(parse_statement(FILE.as_bytes()).unwrap(), statement);
        let time = |text| parse_time(text, OFFSET_HOURS).unwrap();
        let period =
            StatementPeriod { from: time("2026-11-25 00:00:00"), until: time("2026-11-26 00:00:00") };
        assert_eq!(statement.period, Some(period));
        let [payment, refund] = &statement.entries[..] else { panic!("{statement:?}") };
        assert_eq!((payment.line, payment.kind.clone()), (6, StatementEntryKind::Payment));
        assert_eq!(payment.transaction.as_ref().unwrap().as_str(), "t1");
        assert_eq!(payment.payment.as_ref().unwrap().as_str(), "2026112522001439871409877777");
        assert_eq!(payment.amount, ReportedAmount::parse("19.98", "CNY"));
        assert_eq!(payment.at, Some(time("2026-11-25 08:30:00")));
        let id = Some(RefundId::new("r1".to_owned()));
        assert_eq!(refund.kind, StatementEntryKind::Refund { id, reference: None });
        assert_eq!((refund.line, refund.amount.clone()), (7, ReportedAmount::parse("5.00", "CNY")));
    }

    #[test]
    fn another_file_is_refused() {
        let faults = parse_statement("账务流水号,业务流水号\n1,2\n".as_bytes()).unwrap_err().to_string();
        assert!(faults.contains("line 1, column 支付宝交易号: is missing"), "{faults}");
    }
}
