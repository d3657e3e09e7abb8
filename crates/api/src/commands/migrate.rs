//! The report of a migration that adopted a database.

use adapters_mysql::{AdoptedRows, AdoptionReport, MigrationOutcome};

/// What was adopted, one line per table, each with a line end; empty when there was nothing to adopt.
pub(super) fn adoption_report(migrated: MigrationOutcome) -> String {
    let MigrationOutcome::Adoption(AdoptionReport { users, orders, items, entries, payments }) = migrated
    else {
        return String::new();
    };
    let lines = [
        table_line("users", users),
        table_line("orders", orders),
        table_line("items", items),
        table_line("history rows", entries),
        table_line("payments", payments),
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

fn table_line(name: &str, AdoptedRows { rows, left }: AdoptedRows) -> String {
    let kept = if left > 0 { format!(" ({left} not adopted)") } else { String::new() };
    format!("  {name}: {rows}{kept}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_adopted_is_said_by_table_and_what_was_not() {
        let taken = |rows, left| AdoptedRows { rows, left };
        let adopted = AdoptionReport {
            users: taken(3, 0),
            orders: taken(10, 1),
            items: taken(20, 2),
            entries: taken(30, 0),
            payments: taken(5, 0),
        };
        let said = adoption_report(MigrationOutcome::Adoption(adopted));
        assert!(said.contains("users: 3\n") && said.contains("orders: 10 (1 not adopted)\n"), "{said}");
        assert!(said.contains("express_…: 3 rows"), "{said}");
        assert!(
            adoption_report(MigrationOutcome::Schema).is_empty()
                && adoption_report(MigrationOutcome::Nothing).is_empty()
        );
    }
}
