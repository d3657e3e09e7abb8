//! What is said of a database that was brought up to date.

use adapters_mysql::{Adopted, Migrated, Taken};

/// What was adopted, if anything was: a line a table, each with its end.
pub(super) fn report(migrated: Migrated) -> String {
    let Migrated::Adoption(Adopted { users, orders, items, entries, payments }) = migrated else {
        return String::new();
    };
    let lines = [
        line("users", users),
        line("orders", orders),
        line("items", items),
        line("history rows", entries),
        line("payments", payments),
    ];
    let left = [users, orders, items, entries, payments].iter().map(|it| it.left).sum::<u64>();
    let rest = match left {
        0 => "Every row was adopted.\n".to_owned(),
        left => {
            format!("Not adopted, and kept in the tables express_…: {left} rows. The findings say why.\n")
        }
    };
    format!("Adopted from the Express app's database:\n{}{rest}", lines.concat())
}

fn line(name: &str, Taken { rows, left }: Taken) -> String {
    let kept = if left > 0 { format!(" ({left} not adopted)") } else { String::new() };
    format!("  {name}: {rows}{kept}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_adopted_is_said_by_table_and_what_was_not() {
        let taken = |rows, left| Taken { rows, left };
        let adopted = Adopted {
            users: taken(3, 0),
            orders: taken(10, 1),
            items: taken(20, 2),
            entries: taken(30, 0),
            payments: taken(5, 0),
        };
        let said = report(Migrated::Adoption(adopted));
        assert!(said.contains("users: 3\n") && said.contains("orders: 10 (1 not adopted)\n"), "{said}");
        assert!(said.contains("express_…: 3 rows"), "{said}");
        assert!(report(Migrated::Schema).is_empty() && report(Migrated::Nothing).is_empty());
    }
}
