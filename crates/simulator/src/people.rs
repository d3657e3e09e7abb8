//! The people and goods of every history: customers, an operator, and a catalogue.

use adapters_local::record::Snapshot;
use domain::{
    Email, Money, PasswordHash, Product, ProductId, ProductKey, Role, Text, Timestamp, User, UserId, UserKey,
    Username, Version,
};
use ports::Credentials;

use crate::world::World;

/// The customers are the first people.
pub(crate) const CUSTOMERS: usize = 3;
/// The position of the operator among the people.
pub(crate) const OPERATOR: usize = CUSTOMERS;

/// Name, price in minor units, and stock; `None` is not tracked. Scarce goods make clients compete.
const CATALOGUE: [(&str, i64, Option<i64>); 4] =
    [("tea", 1_000, Some(40)), ("cup", 750, Some(9)), ("pot", 9_900, Some(3)), ("tag", 5, None)];

/// How many products there are.
pub(crate) const PRODUCTS: usize = CATALOGUE.len();

fn key_of(number: usize) -> i64 {
    i64::try_from(number).unwrap_or_default().saturating_add(1)
}

/// A person by position.
pub(crate) fn person(number: usize) -> User {
    let (name, key) = (format!("person{number}"), key_of(number));
    User {
        key: UserKey::new(key),
        id: UserId::new(name.clone()),
        email: Email::new(format!("{name}@example.com")),
        username: Username::new(name),
        role: if number == OPERATOR { Role::Operator } else { Role::Customer },
        disabled: false,
        created_at: Timestamp::from_millis(0),
        changed_at: None,
        second_factor_at: None,
        email_verified_at: None,
        email_revision: 0,
    }
}

/// The id of a product by position in the catalogue.
pub(crate) fn product_id(number: usize) -> ProductId {
    ProductId::new(CATALOGUE.get(number).map_or("none", |it| it.0).to_owned())
}

/// The stock of a product at the beginning, by its id; `None` if it is not tracked.
pub(crate) fn initial_stock(id: &ProductId) -> Option<i64> {
    CATALOGUE.iter().find(|it| it.0 == id.as_str())?.2
}

/// Puts people and catalogue into the record.
pub(crate) fn fill_record(world: &World) {
    let account = |number| Credentials { user: person(number), hash: PasswordHash::new(String::new()) };
    let users = (0..=OPERATOR).map(account).collect();
    let products = (0_usize..).zip(CATALOGUE).filter_map(|(number, it)| build_product(number, it)).collect();
    let snapshot = Snapshot { users, products, ..Snapshot::default() };
    if let Err(error) = world.record.restore(snapshot) {
        world.report_violation(format!("the world does not begin: {error}"));
    }
}

fn build_product(number: usize, (name, minor, stock): (&str, i64, Option<i64>)) -> Option<Product> {
    let currency = domain::Currency::parse("CNY").ok()?;
    Some(Product {
        key: ProductKey::new(key_of(number)),
        id: ProductId::new(name.to_owned()),
        name: Text::new(name),
        price: Money::from_minor(minor, currency).ok()?,
        stock,
        active: true,
        version: Version::FIRST,
        stock_moves: 0,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
    })
}
