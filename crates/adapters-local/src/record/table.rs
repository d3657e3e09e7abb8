//! A table: its rows by key, their unique keys, and the log that undoes a refused commit.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// A row of a [`Table`].
pub(super) trait Row: Clone {
    /// The name of the table in the SQL schema.
    const TABLE: &'static str;

    /// The primary key, which also gives the order of the rows.
    type Key: Ord + Clone;
    /// The unique keys: one variant for each unique index of the SQL schema.
    type Unique: Ord;

    /// The row's key. An update never changes it.
    fn key(&self) -> Self::Key;

    /// The unique keys that this row takes; none by default.
    fn unique_keys(&self) -> Vec<Self::Unique> {
        Vec::new()
    }

    /// The row's key in an [`UnreadableRow`](ports::UnreadableRow) of the SQL adapters.
    fn row_name(&self) -> String;

    /// The rows of other SQL tables that are read together with this one: table and row name of each.
    fn part_names(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// The key, or a unique key, of a row belongs to another row. The table is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("two rows have the same key")]
pub struct Duplicate;

/// Rows in the order of their keys. Everything that changes since the last
/// [`keep_changes`](Table::keep_changes) can be undone.
pub(super) struct Table<R: Row> {
    rows: BTreeMap<R::Key, R>,
    owners: BTreeMap<R::Unique, R::Key>,
    /// The previous state of each changed row, oldest change first; `None` if the row did not exist.
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
    /// Returns the row with this key.
    pub(super) fn get(&self, key: &R::Key) -> Option<&R> {
        self.rows.get(key)
    }

    /// Returns the row that has this unique key.
    pub(super) fn find(&self, unique: &R::Unique) -> Option<&R> {
        self.owners.get(unique).and_then(|key| self.rows.get(key))
    }

    /// Iterates over all rows in the order of their keys.
    pub(super) fn rows(&self) -> impl DoubleEndedIterator<Item = &R> {
        self.rows.values()
    }

    /// Inserts a row.
    ///
    /// # Errors
    /// [`Duplicate`] if its key or one of its unique keys is taken.
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

    /// Changes the row with this key; no effect if there is none.
    ///
    /// # Errors
    /// [`Duplicate`] if the changed row has a unique key that is taken; then it stays as it was.
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

    /// Removes the row with this key, if there is one.
    pub(super) fn remove(&mut self, key: &R::Key) {
        let Some(before) = self.rows.remove(key) else { return };
        self.free_unique_keys(&before);
        self.undo.push((key.clone(), Some(before)));
    }

    /// Keeps all changes: a later rollback does not undo them.
    pub(super) fn keep_changes(&mut self) {
        self.undo.clear();
    }

    /// Undoes all changes since the last [`keep_changes`](Self::keep_changes), the newest first. So a unique
    /// key that moved from row to row is free again when its first owner is restored.
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
        // This cannot fail: the row had these unique keys before, and all later changes are undone already.
        let _outcome = self.take_unique_keys(&row);
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

/// Converts a limit to a number of rows.
pub(super) fn row_count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
