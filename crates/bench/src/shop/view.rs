//! The views of an order, as far as they are checked.

use serde::Deserialize;

/// An order in a response.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderView<'b> {
    /// The public number.
    pub(super) order_number: &'b str,
    status: &'b str,
    version: u32,
    #[serde(borrow)]
    items: Vec<ItemView<'b>>,
    amount: &'b str,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemView<'b> {
    product_id: &'b str,
    quantity: u32,
    subtotal: &'b str,
}

impl OrderView<'_> {
    /// Whether this is a new order of one piece of each of these products, at that price each and in all.
    pub(super) fn is_new(&self, products: &[String], price: &str, amount: &str) -> bool {
        let is_line = |(item, product): (&ItemView<'_>, &String)| {
            item.product_id == product && item.quantity == 1 && item.subtotal == price
        };
        self.status == "PENDING"
            && self.version == 1
            && self.amount == amount
            && !self.order_number.is_empty()
            && self.items.len() == products.len()
            && self.items.iter().zip(products).all(is_line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_new(status: &str, product: &str, quantity: u32) -> bool {
        let body = format!(
            r#"{{"orderNumber":"n1","status":"{status}","version":1,"amount":"9.99","currency":"CNY","items":[
               {{"productId":"{product}","name":"Tea","quantity":{quantity},"price":"9.99","subtotal":"9.99"}}]}}"#
        );
        let view: OrderView<'_> = serde_json::from_str(&body).unwrap();
        view.is_new(&["tea1".to_owned()], "9.99", "9.99")
    }

    #[test]
    fn an_order_must_be_the_one_that_was_requested() {
        assert!(is_new("PENDING", "tea1", 1));
        assert!(!is_new("PAID", "tea1", 1) && !is_new("PENDING", "tea2", 1) && !is_new("PENDING", "tea1", 2));
    }
}
