//! Copies of tables.

use std::cell::RefCell;

use redb::{Key, ReadTransaction, ReadableTable, TableDefinition, TableError, TableHandle, Value, WriteTransaction};

/// A copy of some tables from one database to another that is under way, as a backup and a restoration are.
pub(crate) struct Copying<'a> {
    from: &'a ReadTransaction,
    to: &'a WriteTransaction,
    /// The tables that were asked for, whether or not they are there.
    names: RefCell<Vec<String>>,
}

impl<'a> Copying<'a> {
    pub(crate) fn new(from: &'a ReadTransaction, to: &'a WriteTransaction) -> Self {
        Self { from, to, names: RefCell::default() }
    }

    /// A table of the source that nobody asked for.
    pub(crate) fn left_out(&self) -> Result<Option<String>, redb::StorageError> {
        let names = self.names.borrow();
        Ok(self.from.list_tables()?.map(|table| table.name().to_owned()).find(|name| !names.contains(name)))
    }

    /// Copies a table, and returns how many entries it has. One that is not there has none.
    pub(crate) fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<u64, redb::Error> {
        self.names.borrow_mut().push(definition.name().to_owned());
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
