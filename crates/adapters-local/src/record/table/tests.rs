use super::*;

/// A row with up to two unique keys.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pair(u8, Vec<char>);

impl Row for Pair {
    const TABLE: &'static str = "pairs";
    type Key = u8;
    type Unique = char;

    fn key(&self) -> u8 {
        self.0
    }

    fn unique_keys(&self) -> Vec<char> {
        self.1.clone()
    }

    fn row_name(&self) -> String {
        self.0.to_string()
    }
}

fn pair(key: u8, unique: &str) -> Pair {
    Pair(key, unique.chars().collect())
}

fn table(rows: &[Pair]) -> Table<Pair> {
    let mut table = Table::default();
    for row in rows {
        table.insert(row.clone()).unwrap();
    }
    table.keep_changes();
    table
}

fn rows(table: &Table<Pair>) -> Vec<Pair> {
    table.rows().cloned().collect()
}

#[test]
fn a_key_or_unique_key_is_given_out_once() {
    let before = [pair(1, "ab"), pair(2, "c")];
    let mut it = table(&before);
    for twice in [pair(1, "x"), pair(3, "b"), pair(3, "xx")] {
        assert_eq!(it.insert(twice.clone()), Err(Duplicate), "{twice:?}");
    }
    assert_eq!(it.update(&2, |row| row.1 = vec!['a']), Err(Duplicate));
    assert_eq!(rows(&it), before);
    assert_eq!(it.find(&'c').map(|it| it.0), Some(2), "after a refused update the row has its keys");
    assert_eq!(it.find(&'x'), None, "a refused row takes no key");
}

#[test]
fn a_unique_key_that_is_free_again_can_be_taken() {
    let mut it = table(&[pair(1, "ab"), pair(2, "c")]);
    it.update(&1, |row| row.1 = vec!['a', 'd']).unwrap();
    it.insert(pair(3, "b")).unwrap();
    it.remove(&2);
    it.insert(pair(4, "c")).unwrap();
    let owners: Vec<_> = "abcd".chars().map(|unique| it.find(&unique).map(|row| row.0)).collect();
    assert_eq!(owners, [Some(1), Some(3), Some(4), Some(1)]);
}

#[test]
fn what_is_rolled_back_is_as_it_was_also_when_a_unique_key_went_from_row_to_row() {
    let before = [pair(1, "a"), pair(2, "b")];
    let mut it = table(&before);
    it.update(&1, |row| row.1.clear()).unwrap();
    it.update(&2, |row| row.1 = vec!['a']).unwrap();
    it.insert(pair(3, "b")).unwrap();
    it.remove(&1);
    it.remove(&3);
    it.insert(pair(1, "b")).unwrap();
    it.roll_back();
    assert_eq!(rows(&it), before);
    let owners = ['a', 'b'].map(|unique| it.find(&unique).map(|row| row.0));
    assert_eq!(owners, [Some(1), Some(2)]);
    it.roll_back();
    assert_eq!(rows(&it), before, "there is nothing more to undo");
}

#[test]
fn what_is_kept_is_not_rolled_back() {
    let mut it = table(&[]);
    it.insert(pair(1, "a")).unwrap();
    it.keep_changes();
    it.update(&1, |row| row.1 = vec!['b']).unwrap();
    it.roll_back();
    assert_eq!(rows(&it), [pair(1, "a")]);
}
