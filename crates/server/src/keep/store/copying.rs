//! Copies of tables.

use redb::{Key, ReadTransaction, ReadableTable, TableDefinition, TableError, Value, WriteTransaction};

/// A copy of some tables from one database to another that is under way, as a backup and a restoration are.
pub(crate) struct Copying<'a> {
    pub(crate) from: &'a ReadTransaction,
    pub(crate) to: &'a WriteTransaction,
}

impl Copying<'_> {
    /// Copies a table, and returns how many entries it has. One that is not there has none.
    pub(crate) fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<u64, redb::Error> {
        let source = match self.from.open_table(definition) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(0),
            opened => opened?,
        };
        let mut target = self.to.open_table(definition)?;
        let mut count = 0;
        for entry in source.iter()? {
            let (key, value) = entry?;
            target.insert(key.value(), value.value())?;
            count += 1;
        }
        Ok(count)
    }
}
