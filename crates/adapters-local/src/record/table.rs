//! One table: its rows by key, the unique keys beside it, and what undoes a commit that is refused.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// A row of a [`Table`].
pub(super) trait Row: Clone {
    /// What the SQL schema calls the table.
    const TABLE: &'static str;

    /// Names a row, and orders them.
    type Key: Ord + Clone;
    /// Whatever else no two rows may share: one variant for each unique index of the SQL schema.
    type Unique: Ord;

    /// The row's key. An update never changes it.
    fn key(&self) -> Self::Key;

    /// The unique keys that this row takes; none, unless a table says otherwise.
    fn unique_keys(&self) -> Vec<Self::Unique> {
        Vec::new()
    }

    /// The row as an [`UnreadableRow`](ports::UnreadableRow) of a SQL adapter names it.
    fn row_name(&self) -> String;

    /// The rows of other tables of the SQL schema that it takes to read this one: their table and name.
    fn part_names(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// The key, or a unique key, of a row belongs to another one. The table is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is given out twice")]
pub struct Duplicate;

/// Rows in the order of their keys. Everything that changes since the last [`keep_changes`](Table::keep_changes) can be undone.
pub(super) struct Table<R: Row> {
    rows: BTreeMap<R::Key, R>,
    owners: BTreeMap<R::Unique, R::Key>,
    /// What each changed row was before, oldest change first; `None` when it was not there.
    undo: Vec<(R::Key, Option<R>)>,
}

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), owners: BTreeMap::new(), undo: Vec::new() }
    }
}

impl<R: Row> fmt::Debug for Table<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

impl<R: Row> Table<R> {
    /// The row of that key.
    pub(super) fn get(&self, key: &R::Key) -> Option<&R> {
        self.rows.get(key)
    }

    /// The row that has taken that unique key.
    pub(super) fn find(&self, unique: &R::Unique) -> Option<&R> {
        self.owners.get(unique).and_then(|key| self.rows.get(key))
    }

    /// All rows, in the order of their keys.
    pub(super) fn rows(&self) -> impl DoubleEndedIterator<Item = &R> {
        self.rows.values()
    }

    /// Adds a row.
    pub(super) fn insert(&mut self, row: R) -> Result<(), Duplicate> {
        let key = row.key();
        if self.rows.contains_key(&key) {
            return Err(Duplicate);
        }
        self.take_unique_keys(&row)?;
        self.rows.insert(key.clone(), row);
        self.undo.push((key, None));
        Ok(())
    }

    /// Changes the row of that key, if it is there.
    pub(super) fn update(&mut self, key: &R::Key, change: impl FnOnce(&mut R)) -> Result<(), Duplicate> {
        let Some(before) = self.rows.get(key).cloned() else { return Ok(()) };
        let mut row = before.clone();
        change(&mut row);
        self.free_unique_keys(&before);
        if let Err(duplicate) = self.take_unique_keys(&row) {
            self.put_back(key.clone(), Some(before));
            return Err(duplicate);
        }
        self.rows.insert(key.clone(), row);
        self.undo.push((key.clone(), Some(before)));
        Ok(())
    }

    /// Removes the row of that key, if it is there.
    pub(super) fn remove(&mut self, key: &R::Key) {
        let Some(before) = self.rows.remove(key) else { return };
        self.free_unique_keys(&before);
        self.undo.push((key.clone(), Some(before)));
    }

    /// What was changed stays.
    pub(super) fn keep_changes(&mut self) {
        self.undo.clear();
    }

    /// What was changed since the last [`keep_changes`](Self::keep_changes) is as it was. The newest change is undone first, so that a
    /// unique key that went from row to row is free when its first owner comes back.
    pub(super) fn roll_back(&mut self) {
        while let Some((key, before)) = self.undo.pop() {
            if let Some(now) = self.rows.remove(&key) {
                self.free_unique_keys(&now);
            }
            self.put_back(key, before);
        }
    }

    fn put_back(&mut self, key: R::Key, row: Option<R>) {
        let Some(row) = row else { return };
        // It had these keys a moment ago, and whatever took one of them since is undone.
        let _taken = self.take_unique_keys(&row);
        self.rows.insert(key, row);
    }

    fn take_unique_keys(&mut self, row: &R) -> Result<(), Duplicate> {
        let (all, key) = (row.unique_keys(), row.key());
        let count = all.len();
        let all: BTreeSet<_> = all.into_iter().collect();
        if all.len() < count || all.iter().any(|it| self.owners.contains_key(it)) {
            return Err(Duplicate);
        }
        self.owners.extend(all.into_iter().map(|it| (it, key.clone())));
        Ok(())
    }

    fn free_unique_keys(&mut self, row: &R) {
        for unique in row.unique_keys() {
            self.owners.remove(&unique);
        }
    }
}

/// A limit as a length.
pub(super) fn row_count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
