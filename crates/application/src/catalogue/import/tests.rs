use domain::{Text, product::StockUpdate};

use super::*;
use crate::testing::{TestApp, operator, product, yuan};

fn tea() -> ProductId {
    ProductId::new("tea".to_owned())
}

fn line(name: &str, stock_update: StockUpdate) -> ProductInput {
    ProductInput { name: Text::new(name), price: yuan("10"), stock_update, active: Some(true) }
}

async fn import(it: &TestApp, by: Option<&Staff>, input: ProductInput) -> ImportOutcome {
    import_product(&it.app, by, tea(), input, ImportStock::Set).await.unwrap()
}

#[tokio::test]
async fn a_line_is_written_once_and_a_dry_run_writes_nothing() {
    let it = TestApp::new();
    let (by, black) = (operator(), line("Black tea", StockUpdate::Set(Some(5))));
    assert_eq!(import(&it, None, black.clone()).await, ImportOutcome::Create);
    assert!(it.record.commits().is_empty());
    assert_eq!(import(&it, Some(&by), black.clone()).await, ImportOutcome::Create);
    assert!(matches!(import(&it, Some(&by), black.clone()).await, ImportOutcome::Same(_)));
    let green = line("Green tea", StockUpdate::Keep);
    let ImportOutcome::Change(before) = import(&it, Some(&by), green.clone()).await else {
        panic!("another name")
    };
    assert_eq!(before.name, black.name);
    assert!(matches!(import(&it, Some(&by), green).await, ImportOutcome::Same(_)));
    assert_eq!(it.journal_lines(), ["commit InsertProduct", "commit ReplaceProduct"]);
}

#[tokio::test]
async fn every_column_makes_a_line_another_one() {
    let it = TestApp::new().with_state(|it| it.products.push(product("tea", yuan("10"), Some(5))));
    let known = it.record.state().products.remove(0);
    let same = ProductInput {
        name: known.name.clone(),
        price: known.price,
        stock_update: StockUpdate::Keep,
        active: Some(known.active),
    };
    assert_eq!(import(&it, None, same.clone()).await, ImportOutcome::Same(known.clone()));
    for other in [
        ProductInput { name: Text::new("Other"), ..same.clone() },
        ProductInput { price: yuan("11"), ..same.clone() },
        ProductInput { stock_update: StockUpdate::Set(Some(6)), ..same.clone() },
        ProductInput { stock_update: StockUpdate::Set(None), ..same.clone() },
        ProductInput { active: Some(!known.active), ..same },
    ] {
        assert_eq!(import(&it, None, other).await, ImportOutcome::Change(known.clone()));
    }
}

#[tokio::test]
async fn a_product_that_changes_meanwhile_is_not_overwritten() {
    let it = TestApp::new().with_state(|it| it.products.push(product("tea", yuan("10"), Some(5))));
    it.record.before_next_commit(|it| {
        let other = it.products[0].next_version(crate::testing::NOW);
        it.products[0] = Product { name: Text::new("Another's"), ..other };
    });
    let mine = line("Mine", StockUpdate::Keep);
    let outcome = import_product(&it.app, Some(&operator()), tea(), mine, ImportStock::Keep).await;
    assert!(matches!(outcome, Err(PutError::PreconditionFailed)), "{outcome:?}");
    assert_eq!(it.record.state().products[0].name, Text::new("Another's"));
}

#[tokio::test]
async fn a_file_that_is_imported_again_after_sales_brings_back_stock_only_on_demand() {
    let it = TestApp::new().with_state(|it| it.products.push(product("tea", yuan("10"), Some(2))));
    let by = operator();
    let import = async |input, stock| import_product(&it.app, Some(&by), tea(), input, stock).await.unwrap();
    let stock = || it.record.state().products[0].stock;
    let five = line("Green tea", StockUpdate::Set(Some(5)));
    assert!(
        matches!(import(five.clone(), ImportStock::Keep).await, ImportOutcome::Change(_)),
        "another name"
    );
    assert_eq!(stock(), Some(2));
    assert!(matches!(import(five.clone(), ImportStock::Keep).await, ImportOutcome::Same(_)));
    assert!(matches!(import(five.clone(), ImportStock::Set).await, ImportOutcome::Change(_)));
    assert_eq!(stock(), Some(5));
    // To end or begin the tracking invents nothing.
    import(line("Green tea", StockUpdate::Set(None)), ImportStock::Keep).await;
    assert_eq!(stock(), None);
    import(five, ImportStock::Keep).await;
    assert_eq!(stock(), Some(5));
}
